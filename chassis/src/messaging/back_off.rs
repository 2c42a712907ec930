//! How long a message waits after an attempt that got no answer.

use std::time::Duration;

/// The longest pause before each further attempt, in seconds; the last one repeats. Short at
/// first, because most trouble is over soon; long in the end, because a receiver that was away
/// for hours is not missed to the minute.
const LADDER_S: [i64; 6] = [1, 5, 30, 120, 600, 3_600];

/// What is added to a pause that was asked for, at random, so that not all come back at once.
const SPREAD_MS: i64 = 500;

/// The pause after an attempt, in milliseconds: the one that the receiver asked for, or else
/// random up to a bound that grows with the attempts before (full jitter).
pub(super) fn pause_ms(attempts_before: u32, retry_after: Option<Duration>) -> i64 {
    match retry_after {
        Some(asked) => whole_ms(asked) + fastrand::i64(0..=SPREAD_MS),
        None => fastrand::i64(0..=longest_ms(attempts_before)),
    }
}

fn longest_ms(attempts_before: u32) -> i64 {
    let rung = usize::try_from(attempts_before).unwrap_or(usize::MAX).min(LADDER_S.len() - 1);
    LADDER_S[rung] * 1_000
}

fn whole_ms(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(attempts_before: u32, retry_after: Option<Duration>) -> Vec<i64> {
        (0..1_000).map(|_| pause_ms(attempts_before, retry_after)).collect()
    }

    #[test]
    fn the_bound_grows_from_a_second_to_an_hour_and_stays_there() {
        let bounds_s: Vec<i64> = (0..8).map(|attempts| longest_ms(attempts) / 1_000).collect();
        assert_eq!(bounds_s, [1, 5, 30, 120, 600, 3_600, 3_600, 3_600]);
        assert_eq!(longest_ms(u32::MAX), 3_600_000);
    }

    #[test]
    fn a_pause_is_anything_between_nothing_and_its_bound() {
        for attempts in 0..8 {
            let (bound, pauses) = (longest_ms(attempts), draw(attempts, None));
            assert!(pauses.iter().all(|pause| (0..=bound).contains(pause)));
            // Of a thousand, some are short and some are long; anything else is no full jitter.
            assert!(pauses.iter().any(|pause| *pause < bound / 4), "after {attempts}");
            assert!(pauses.iter().any(|pause| *pause > bound / 4 * 3), "after {attempts}");
        }
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_and_hardly_lengthened() {
        for attempts in [0, 5] {
            let pauses = draw(attempts, Some(Duration::from_secs(60)));
            assert!(pauses.iter().all(|pause| (60_000..=60_500).contains(pause)));
        }
    }
}
