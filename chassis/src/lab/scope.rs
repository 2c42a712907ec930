//! Whom a thing in the lab is for: everybody, or the requests that carry a tag.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;

/// The member of `baggage` that carries the tag.
const MEMBER: &str = "lab";

/// How long a thing in the lab lasts if nobody says otherwise: a demonstration, and not the
/// rest of the term.
const DEFAULT_TTL_S: u32 = 120;

/// The longest that one lasts.
const TTL_MAX_S: u32 = 3_600;

/// Tags remembered at once; a class has thirty.
const SCOPES_MAX: usize = 256;

/// A tag: 1 to 64 characters that need no escaping in `baggage`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct Tag(String);

impl TryFrom<String> for Tag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !(1..=64).contains(&text.len()) || !is_plain {
            return Err("must be 1 to 64 characters of A-Z a-z 0-9 . _ -");
        }
        Ok(Self(text))
    }
}

impl Tag {
    /// The tag of the request that is being served, or of the message that is being sent.
    pub fn current() -> Option<Self> {
        Self::of(&RequestContext::current()?.trace)
    }

    /// The tag of whatever belongs to this trace.
    pub fn of(trace: &TraceContext) -> Option<Self> {
        trace.baggage_member(MEMBER)?.to_owned().try_into().ok()
    }
}

/// Whose things are ended: one tag's, the one that is for everybody, or, if nothing is said,
/// all of them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    only_for: Option<Tag>,
    #[serde(default)]
    untagged: bool,
}

/// How long something lasts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub struct Ttl(u32);

impl TryFrom<i64> for Ttl {
    type Error = &'static str;

    fn try_from(seconds: i64) -> Result<Self, Self::Error> {
        let seconds = u32::try_from(seconds).ok().filter(|it| (1..=TTL_MAX_S).contains(it));
        seconds.map(Self).ok_or("must be a whole number from 1 to 3600")
    }
}

impl Default for Ttl {
    fn default() -> Self {
        Self(DEFAULT_TTL_S)
    }
}

/// A thing for everybody and things for single tags, each until its time is over. A tag's own
/// thing goes before everybody's. Clones share their content.
#[derive(Debug)]
pub struct Scoped<T> {
    things: Arc<RwLock<HashMap<Option<Tag>, Entry<T>>>>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// The thing.
    pub thing: T,
    until: Instant,
}

impl<T> Entry<T> {
    /// Whole seconds until its time is over.
    pub fn remaining_s(&self) -> u64 {
        self.until.saturating_duration_since(Instant::now()).as_secs()
    }
}

impl<T> Clone for Scoped<T> {
    fn clone(&self) -> Self {
        Self { things: Arc::clone(&self.things) }
    }
}

impl<T> Default for Scoped<T> {
    fn default() -> Self {
        Self { things: Arc::default() }
    }
}

impl<T: Clone> Scoped<T> {
    /// Sets the thing for everybody or for a tag. If there are too many, the one that would end
    /// first makes room: whoever sets something sees it happen.
    pub fn set(&self, tag: Option<Tag>, thing: T, ttl: Ttl) {
        let now = Instant::now();
        let entry = Entry { thing, until: now + Duration::from_secs(ttl.0.into()) };
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        things.retain(|_, entry| entry.until > now);
        if things.len() >= SCOPES_MAX && !things.contains_key(&tag) {
            let first = things.iter().min_by_key(|(_, entry)| entry.until);
            if let Some(first) = first.map(|(tag, _)| tag.clone()) {
                things.remove(&first);
            }
        }
        things.insert(tag, entry);
    }

    /// Removes things before their time is over.
    pub fn end(&self, whose: &Whose) {
        let Whose { only_for, untagged } = whose;
        let is_meant = |tag: &Option<Tag>| match tag {
            _ if only_for.is_none() && !untagged => true,
            Some(_) => tag == only_for,
            None => *untagged,
        };
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        things.retain(|tag, _| !is_meant(tag));
    }

    /// The thing that is meant for the request that is being served.
    pub fn current(&self) -> Option<T> {
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        if things.is_empty() {
            return None; // the usual case costs one look
        }
        let alive = |entry: &&Entry<T>| entry.until > Instant::now();
        let own = Tag::current().and_then(|tag| things.get(&Some(tag)).filter(alive));
        own.or_else(|| things.get(&None).filter(alive)).map(|entry| entry.thing.clone())
    }

    /// All things whose time is not over, with their tags: everybody's first, then by tag.
    pub fn list(&self) -> Vec<(Option<Tag>, Entry<T>)> {
        let now = Instant::now();
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        let alive = things.iter().filter(|(_, entry)| entry.until > now);
        let mut list: Vec<_> = alive.map(|(tag, entry)| (tag.clone(), entry.clone())).collect();
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        list
    }

    /// The same, with the whole seconds until their time is over.
    pub fn list_with_seconds(&self) -> Vec<(Option<Tag>, T, u64)> {
        let list = self.list().into_iter();
        list.map(|(tag, entry)| (tag, entry.thing.clone(), entry.remaining_s())).collect()
    }
}

#[cfg(test)]
mod tests;
