//! Choices of the business that can be changed while the service runs.
//!
//! The naive choice is there to show what breaks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::scope::{Scoped, Tag, Ttl, Whose};

/// Go on without the answer of a neighbor, and make up for it later.
pub const FAIL_OPEN: &str = "fail-open";

/// Refuse what cannot be checked now.
pub const FAIL_CLOSED: &str = "fail-closed";

/// Send a message once, and take silence for the end of it.
pub const FIRE_ONCE: &str = "fire-once";

/// One choice. Clones share it.
#[derive(Clone, Debug)]
pub struct Switch {
    name: &'static str,
    choices: &'static [&'static str],
    standing: Arc<AtomicUsize>,
    passing: Scoped<&'static str>,
}

impl Switch {
    /// A switch whose first choice stands.
    pub fn new(name: &'static str, choices: &'static [&'static str]) -> Self {
        Self { name, choices, standing: Arc::default(), passing: Scoped::default() }
    }

    /// Makes another choice the standing one, as a setting does at start-up.
    #[must_use]
    pub fn standing_at(self, choice: &str) -> Self {
        if let Some(position) = self.choices.iter().position(|it| *it == choice) {
            self.standing.store(position, Ordering::Relaxed);
        }
        self
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it can be.
    pub fn choices(&self) -> &'static [&'static str] {
        self.choices
    }

    /// The choice for the request that is being served.
    pub fn choice(&self) -> &'static str {
        self.passing.current().unwrap_or_else(|| self.standing())
    }

    /// Whether that is `choice`.
    pub fn is(&self, choice: &str) -> bool {
        self.choice() == choice
    }

    /// The choice when nothing in the lab says otherwise.
    pub fn standing(&self) -> &'static str {
        self.choices[self.standing.load(Ordering::Relaxed).min(self.choices.len() - 1)]
    }

    /// The choice of this name.
    ///
    /// # Errors
    ///
    /// A sentence that lists the choices there are.
    pub(super) fn known(&self, choice: &str) -> Result<&'static str, String> {
        let known = self.choices.iter().find(|it| **it == choice).copied();
        known.ok_or_else(|| format!("{}: must be one of {}", self.name, self.choices.join(", ")))
    }

    /// Sets a choice for everybody or for a tag, for a while.
    pub(super) fn set(&self, choice: &'static str, only_for: Option<Tag>, ttl: Ttl) {
        self.passing.set(only_for, choice, ttl);
    }

    /// Goes back to the standing choice.
    pub(super) fn end(&self, whose: &Whose) {
        self.passing.end(whose);
    }

    /// The choices that differ from the standing one, with their tags and remaining seconds.
    pub(super) fn passing(&self) -> Vec<(Option<Tag>, &'static str, u64)> {
        self.passing.list_with_seconds()
    }
}

/// What `PUT /internal/policy` asks for: the policies by name, for whom, and for how long.
#[derive(Debug, Default)]
pub(super) struct PolicyDraft {
    pub(super) ttl_s: Ttl,
    pub(super) only_for: Option<Tag>,
    pub(super) policies: BTreeMap<String, String>,
}

/// By hand, because `#[serde(flatten)]` reads everything before it looks at anything, and then
/// no longer knows which field was wrong.
impl<'de> Deserialize<'de> for PolicyDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = PolicyDraft;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PolicyDraft, A::Error> {
                let mut draft = PolicyDraft::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "ttl_s" => draft.ttl_s = map.next_value()?,
                        "only_for" => draft.only_for = map.next_value()?,
                        _ => {
                            let choice = map.next_value()?;
                            if draft.policies.insert(name, choice).is_some() {
                                return Err(A::Error::custom("A policy is given twice"));
                            }
                        }
                    }
                }
                Ok(draft)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_choice_stands_until_another_is_set() {
        let switch = Switch::new("validation", &[FAIL_OPEN, FAIL_CLOSED]);
        assert!(switch.is(FAIL_OPEN));

        switch.set(FAIL_CLOSED, None, Ttl::default());
        assert!(switch.is(FAIL_CLOSED));
        assert_eq!((switch.standing(), switch.passing().len()), (FAIL_OPEN, 1));

        switch.end(&Whose::default());
        assert!(switch.is(FAIL_OPEN));
    }

    #[test]
    fn a_setting_can_make_another_choice_the_standing_one() {
        let switch = Switch::new("validation", &[FAIL_OPEN, FAIL_CLOSED]);
        assert_eq!(switch.clone().standing_at(FAIL_CLOSED).choice(), FAIL_CLOSED);
        assert_eq!(switch.standing_at("perhaps").choice(), FAIL_CLOSED);
    }

    #[test]
    fn an_unknown_choice_is_refused_with_the_known_ones() {
        let switch = Switch::new("validation", &[FAIL_OPEN, FAIL_CLOSED]);
        assert_eq!(switch.known(FAIL_CLOSED), Ok(FAIL_CLOSED));
        let refusal = switch.known("perhaps").unwrap_err();
        assert_eq!(refusal, "validation: must be one of fail-open, fail-closed");
    }
}
