//! The memory of processes, as a share: pages that several processes use count for each of them by
//! their part (PSS), so sums are honest.

use crate::load::Failure;

/// The memory of these processes together, in bytes.
///
/// # Errors
///
/// If one of them is not there.
pub fn pss_bytes(pids: &[u32]) -> Result<u64, Failure> {
    let mut sum = 0;
    for pid in pids {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        sum += kibibytes.unwrap_or_default().parse::<u64>()? * 1024;
    }
    Ok(sum)
}

/// A process and its children.
///
/// # Errors
///
/// If it is not there.
pub fn family(pid: u32) -> Result<Vec<u32>, Failure> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let mut family = vec![pid];
    for child in children.split_whitespace() {
        family.push(child.parse()?);
    }
    Ok(family)
}
