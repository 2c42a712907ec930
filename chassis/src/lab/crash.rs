//! Dying at a chosen place between two commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use super::scope::{Scoped, Tag, Ttl};

/// The places of a service where it can be made to die.
#[derive(Clone, Debug)]
pub(super) struct CrashPoints {
    names: &'static [&'static str],
    armed: Scoped<&'static str>,
    is_armed: Arc<AtomicBool>,
}

/// What `POST /internal/crash` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashDraft {
    at: String,
    #[serde(default)]
    ttl_s: Ttl,
    only_for: Option<Tag>,
}

impl CrashPoints {
    pub(super) fn new(names: &'static [&'static str]) -> Self {
        Self { names, armed: Scoped::default(), is_armed: Arc::default() }
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
        self.is_armed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets all that is armed.
    pub(super) fn disarm(&self) {
        self.is_armed.store(false, Ordering::Relaxed);
        self.armed.clear();
    }

    pub(super) fn names(&self) -> &'static [&'static str] {
        self.names
    }

    pub(super) fn pass(&self, name: &str) {
        if self.is_armed.load(Ordering::Relaxed) && self.armed.current() == Some(name) {
            tracing::error!(at = name, "the process dies here on purpose");
            std::process::abort();
        }
    }
}
