//! A service that messages are for: how it is reached, and how things stand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call::{Answer, Call, NoAnswer};
use super::client::ServiceClient;
use super::lane::{Lane, Scout};
use super::message::Message;
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;
use crate::lab::scope::Tag;
use crate::time::Timestamp;

/// Deliveries to one service at the same time. Each service has its own places, so that one
/// that hangs does not use up those of another.
const DELIVERIES_MAX: usize = 32;

/// Tags with a lane of their own; a class has thirty.
const TAGS_MAX: usize = 256;

/// A receiver, as far as a relay knows.
///
/// Its messages share one lane. In an open lab every tag has its own, as it has a breaker of its
/// own: one student's broken order service is not everybody's.
pub(super) struct Peer {
    pub(super) client: ServiceClient,
    lanes: Mutex<HashMap<Option<Tag>, Lane>>,
    places: Arc<Semaphore>,
    /// Whether a message had to wait for a place.
    is_crowded: AtomicBool,
}

impl Peer {
    /// One that is not known to be there.
    pub(super) fn unheard(client: ServiceClient) -> Self {
        Self {
            client,
            lanes: Mutex::new([(None, Lane::unheard())].into()),
            places: Arc::new(Semaphore::new(DELIVERIES_MAX)),
            is_crowded: AtomicBool::new(false),
        }
    }

    /// It is not known to be there for these tags either: messages of theirs wait from before the
    /// start.
    pub(super) fn expect_silence(&self, tags: impl Iterator<Item = Tag>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.extend(tags.take(TAGS_MAX).map(|tag| (Some(tag), Lane::unheard())));
    }

    /// Sends it a call. `None` if a reset ends the wait: then there is no such message any more, nor
    /// what it is about.
    pub(super) async fn send(&self, call: Call) -> Option<Result<Answer, NoAnswer>> {
        tokio::select! {
            biased;
            () = RequestContext::epoch_over() => None,
            heard = self.client.send(call) => Some(heard),
        }
    }

    /// Forgets how earlier deliveries went.
    pub(super) fn forget(&self) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The tag by whose lane a message goes.
    pub(super) fn tag_of(&self, message: &Message) -> Option<Tag> {
        if self.client.knows_tags() { Tag::of(&message.trace) } else { None }
    }

    /// The same of a message of which only the baggage is known.
    pub(super) fn tag_in(&self, baggage: Option<&str>) -> Option<Tag> {
        let known = baggage.filter(|_| self.client.knows_tags());
        known.and_then(|text| Tag::of(&TraceContext::from_parts(None, None, Some(text))))
    }

    /// Whether anything that is due might go.
    pub(super) fn may_be_open(&self, now: Timestamp) -> bool {
        self.client.knows_tags() || self.with(&None, |lane| lane.is_open(now))
    }

    /// Whether the messages of a tag go as they are due.
    pub(super) fn is_open(&self, tag: &Option<Tag>, now: Timestamp) -> bool {
        self.with(tag, |lane| lane.is_open(now))
    }

    /// Whether it has asked to be left alone.
    pub(super) fn is_resting(&self, tag: &Option<Tag>, now: Timestamp) -> bool {
        self.with(tag, |lane| lane.is_resting(now))
    }

    /// Since when nothing was answered, if that is so.
    pub(super) fn silent_since(&self, tag: &Option<Tag>) -> Option<Timestamp> {
        self.with(tag, |lane| lane.silent_since())
    }

    /// The lanes that are silent and not at rest.
    pub(super) fn silent_lanes(&self, now: Timestamp) -> Vec<Option<Tag>> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_missed = |lane: &Lane| lane.silent_since().is_some() && !lane.is_resting(now);
        lanes.iter().filter(|(_, lane)| is_missed(lane)).map(|(tag, _)| tag.clone()).collect()
    }

    /// See [`Lane::note_answer`].
    pub(super) fn note_answer(&self, tag: &Option<Tag>, seen: Option<Timestamp>, now: Timestamp) {
        self.with(tag, |lane| lane.note_answer(seen, now));
    }

    /// See [`Lane::note_silence`].
    pub(super) fn note_silence(
        &self,
        tag: &Option<Tag>,
        cause: &NoAnswer,
        tried_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        self.with(tag, |lane| lane.note_silence(cause, tried_at, now))
    }

    /// See [`Lane::look`].
    pub(super) fn look(&self, tag: &Option<Tag>, is_healthy: bool) -> Scout {
        self.with(tag, |lane| lane.look(is_healthy))
    }

    /// Nothing waits for it, so there is nothing to find out.
    pub(super) fn end_silence(&self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.values_mut().for_each(Lane::end_silence);
    }

    /// A place for a delivery, if one is free.
    pub(super) fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        if place.is_none() {
            self.is_crowded.store(true, Ordering::Relaxed);
        }
        place
    }

    /// Gives a place back; `true` if somebody has missed it.
    pub(super) fn leave_place(&self, place: OwnedSemaphorePermit) -> bool {
        drop(place);
        self.is_crowded.swap(false, Ordering::Relaxed)
    }

    fn with<T>(&self, tag: &Option<Tag>, act: impl FnOnce(&mut Lane) -> T) -> T {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() > TAGS_MAX && !lanes.contains_key(tag) {
            lanes.retain(|tag, _| tag.is_none());
        }
        act(lanes.entry(tag.clone()).or_default())
    }
}
