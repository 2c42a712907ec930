//! Messages with one fate: those to one receiver. When it is silent, who may still be sent?
//!
//! ```text
//!              a silence that is the receiver's own
//! answering ───────────────────────────────────────▶ silent
//! all that is due goes ◀──────────────────────────── one message at a time goes: the scout
//!                        any answer
//! ```
//!
//! While a receiver is silent, its health is looked at every second. Not healthy: a scout goes
//! when its own pause is over (see [`super::back_off`]). Healthy, and silent all the same (an
//! error, a key that does not fit): a scout goes at once, then after 1, 2, 3, 3, 3 s. More rarely
//! would be kinder and later than the five seconds in which a repaired receiver is to be told.
//!
//! A silence is the message's own if the receiver has answered another one since this message
//! was last tried. It then waits for its own pause and holds up nobody.
//!
//! There is no I/O and no clock in here: every method is told what time it is.

use std::time::Duration;

use super::call::NoAnswer;
use crate::time::Timestamp;

/// The longest pause between two scouts to a healthy receiver, in looks, which are a second
/// apart. With the look itself and the call, a repair is noticed within four seconds.
const SCOUT_PAUSE_MAX: u32 = 3;

/// How things stand between us and a receiver. By default it is not known to be silent.
#[derive(Debug, Default)]
pub(super) struct Lane {
    silent_since: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    rest: Option<Rest>,
    /// Scouts since it was last answering or not healthy.
    scouts: u32,
    /// Looks to let pass before the next scout.
    pause: u32,
}

/// A pause that the receiver asked for.
#[derive(Clone, Copy, Debug)]
struct Rest {
    from: Timestamp,
    length: Duration,
}

/// Which message may go as a scout now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scout {
    /// None.
    Nobody,
    /// One whose own pause is over.
    Due,
    /// Any.
    Anybody,
}

impl Lane {
    /// The lane of a receiver that is not known to be there, because the process has only just
    /// started: what waits in the file is tried as soon as it is.
    pub(super) fn unheard() -> Self {
        Self { silent_since: Some(Timestamp::EPOCH), ..Self::default() }
    }

    /// Since when nothing was answered, if that is so.
    pub(super) fn silent_since(&self) -> Option<Timestamp> {
        self.silent_since
    }

    /// Whether the receiver has asked to be left alone.
    pub(super) fn is_resting(&self, now: Timestamp) -> bool {
        // A clock that was set back does not make the pause longer: then it is over.
        self.rest.is_some_and(|rest| {
            let passed = u64::try_from(now.ms_since(rest.from)).map(Duration::from_millis);
            passed.is_ok_and(|passed| passed < rest.length)
        })
    }

    /// Whether all that is due may go.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.silent_since.is_none() && !self.is_resting(now)
    }

    /// A message was answered. `seen` is the silence that was known of when the answer came: one
    /// that began only afterwards is not ended by it.
    pub(super) fn note_answer(&mut self, seen: Option<Timestamp>, now: Timestamp) {
        self.answered_at = Some(now);
        if self.silent_since == seen {
            self.end_silence();
        }
    }

    /// A message was not answered; says whether the receiver is to blame. `tried_at` is when the
    /// same message was tried before.
    pub(super) fn note_silence(
        &mut self,
        cause: &NoAnswer,
        tried_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        if let Some(length) = cause.retry_after() {
            self.rest = Some(Rest { from: now, length });
        }
        let others_were_answered = tried_at.is_some_and(|tried| self.answered_at > Some(tried));
        if cause.may_be_about_the_message() && others_were_answered {
            return false;
        }
        self.silent_since.get_or_insert(now);
        true
    }

    /// A second has passed in silence; says who may be sent, and counts that as sent.
    pub(super) fn look(&mut self, is_healthy: bool) -> Scout {
        if !is_healthy {
            // What comes back may be another program: it gets its first scout at once.
            (self.scouts, self.pause) = (0, 0);
            return Scout::Due;
        }
        if self.pause > 0 {
            self.pause -= 1;
            return Scout::Nobody;
        }
        self.scouts = (self.scouts + 1).min(SCOUT_PAUSE_MAX);
        self.pause = self.scouts - 1;
        Scout::Anybody
    }

    /// It has answered, or nothing waits for it, so that there is nothing to find out.
    pub(super) fn end_silence(&mut self) {
        self.silent_since = None;
        (self.scouts, self.pause) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
