//! Dying at a chosen place between two commits.

use serde::Deserialize;

use super::scope::{Scoped, Tag, Ttl, Whose};

/// The places of a service where it can be made to die.
#[derive(Clone, Debug)]
pub(super) struct CrashPoints {
    names: &'static [&'static str],
    armed: Scoped<&'static str>,
}

/// What `POST /internal/crash` asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashDraft {
    at: String,
    #[serde(default)]
    ttl_s: Ttl,
    only_for: Option<Tag>,
}

impl CrashPoints {
    pub(super) fn new(names: &'static [&'static str]) -> Self {
        Self { names, armed: Scoped::default() }
    }

    /// Arms a point.
    ///
    /// # Errors
    ///
    /// A sentence that lists the points there are.
    pub(super) fn arm(&self, draft: CrashDraft) -> Result<(), String> {
        let name = self.names.iter().find(|name| **name == draft.at);
        let name = *name.ok_or_else(|| format!("at: must be one of {}", self.names.join(", ")))?;
        self.armed.set(draft.only_for, name, draft.ttl_s);
        Ok(())
    }

    /// Nobody dies there any more.
    pub(super) fn disarm(&self, whose: &Whose) {
        self.armed.end(whose);
    }

    pub(super) fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The points that are armed, with their tags and remaining seconds.
    pub(super) fn armed(&self) -> Vec<(Option<Tag>, &'static str, u64)> {
        self.armed.list_with_seconds()
    }

    pub(super) fn pass(&self, name: &str) {
        if self.armed.current() == Some(name) {
            tracing::error!(at = name, "the process dies here on purpose");
            std::process::abort();
        }
    }
}
