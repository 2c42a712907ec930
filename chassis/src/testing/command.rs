//! Running a program to its end, or ending it: a program that hangs fails its test and does not
//! hang the suite.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a program may run. The slowest, a script that closes a shop which does not want to
/// stop, takes a third of it.
pub const RUN_LIMIT: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(5);

/// Runs a program to its end.
///
/// # Panics
///
/// If it is still running after a minute.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    run_within(RUN_LIMIT, command).unwrap_or_else(|complaint| panic!("{complaint}"))
}

/// Runs a program to its end, and kills it with all that it has started if that takes too long.
///
/// # Errors
///
/// If it was killed: what it was, and what it had printed.
///
/// # Panics
///
/// If it cannot be started.
pub fn run_within(limit: Duration, command: &mut Command) -> Result<Output, String> {
    // Files and not pipes, because whoever reads a pipe waits for everybody who may write to it,
    // and a program may leave others behind.
    let [mut printed, mut complained] =
        [(); 2].map(|()| tempfile::tempfile().expect("a file can be made"));
    let share = |file: &File| file.try_clone().expect("a file can be shared");
    command.stdin(Stdio::null()).stdout(share(&printed)).stderr(share(&complained));
    let mut child = command.process_group(0).spawn().expect("the program can be started");
    let deadline = Instant::now() + limit;
    loop {
        let ended = child.try_wait().expect("a child can be waited for");
        if let Some(status) = ended {
            let (stdout, stderr) = (text_of(&mut printed), text_of(&mut complained));
            return Ok(Output { status, stdout, stderr });
        }
        if Instant::now() > deadline {
            kill_group(&mut child);
            let [printed, complained] = [printed, complained].map(|mut file| text_of(&mut file));
            return Err(format!(
                "after {limit:?} this still runs: {command:?}\nIt has printed:\n{}\n{}",
                String::from_utf8_lossy(&printed),
                String::from_utf8_lossy(&complained)
            ));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Kills a child that leads a group of processes, and the whole group.
pub fn kill_group(child: &mut Child) {
    // The shell has `kill` built in. Rust has it for groups only behind `unsafe`.
    let script = format!("kill -s KILL -- -{}", child.id());
    let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
    let _ = child.kill();
    let _ = child.wait();
}

fn text_of(file: &mut File) -> Vec<u8> {
    let mut text = Vec::new();
    file.rewind().expect("a file can be read from its start");
    file.read_to_end(&mut text).expect("a file can be read");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_that_ends_is_heard() {
        let output = run(&mut shell("echo good; echo bad >&2; exit 3"));

        assert_eq!(output.status.code(), Some(3));
        assert_eq!((output.stdout, output.stderr), (b"good\n".to_vec(), b"bad\n".to_vec()));
    }

    #[test]
    fn a_program_that_leaves_somebody_behind_is_not_waited_for() {
        let started = Instant::now();

        run(&mut shell("sleep 5 & echo gone"));

        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_that_it_has_started() {
        let limit = Duration::from_millis(500);

        let complaint = run_within(limit, &mut shell("sleep 61 & echo $!; wait")).unwrap_err();

        assert!(complaint.contains("after 500ms this still runs"), "{complaint}");
        let mut numbers = complaint.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
        let child = numbers.next_back().expect("the process id was printed");
        // It is killed, and dies as soon as it gets a core.
        let deadline = Instant::now() + RUN_LIMIT;
        loop {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                break;
            }
            assert!(Instant::now() < deadline, "{state}");
            std::thread::sleep(PAUSE);
        }
    }
}
