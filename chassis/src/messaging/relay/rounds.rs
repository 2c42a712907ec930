//! What the relay does in the background: it sends what is due, finds out whether a silent
//! receiver is back, and gives up what has waited for too long.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::Relay;
use crate::epoch::Epoch;
use crate::id::Id;
use crate::insight::recorder::{Span, SpanKind};
use crate::insight::telemetry::RequestContext;
use crate::lab::scope::Tag;
use crate::messaging::lane::Scout;
use crate::messaging::outbox::Message;
use crate::messaging::peer::Peer;
use crate::messaging::schedule;
use crate::storage::DbResult;
use crate::time::Timestamp;

/// How often a silent receiver is looked at. The pauses between scouts count these looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How often we look for messages whose time is over. Nobody waits for a dead letter.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(5);

/// Messages looked up at once; a few for every place.
const DUE_MAX: usize = 128;

/// The longest sleep: what nobody has told us of waits no longer.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// A look that finds nothing that may go is followed by a rest that is so many times as long. What waits for
/// a silent receiver stays due and is looked through each time; this leaves nine tenths to others. A look
/// may also have waited for its turn or for a connection, so no rest is longer than the longest sleep.
const REST: u32 = 9;

/// What a look for due messages has come to.
#[derive(Default)]
struct Round {
    /// Whether there was anything that may go, be it that all places are taken.
    has_found: bool,
    /// Whether there may be more that could be sent right away.
    has_more: bool,
    /// When the next message is due.
    next_due: Option<Timestamp>,
}

impl Relay {
    /// A receiver is not known to be there after a start, for no tag whose messages wait.
    pub(super) fn expect_silence(&self, peer: &Peer) {
        if !peer.client.knows_tags() {
            return;
        }
        let name = peer.client.name();
        match self.shared.db.read(|file| schedule::list_waiting_baggage(file, name)) {
            Ok(found) => {
                peer.expect_silence(found.iter().filter_map(|text| peer.tag_in(Some(text))));
            }
            Err(error) => tracing::warn!(%error, "could not look up whose messages wait"),
        }
    }

    /// Sends what is due to receivers that are not silent, for as long as the service runs.
    pub(super) async fn deliver_due(self) {
        loop {
            let (now, began) = (Timestamp::now(), Instant::now());
            let round = self.deliver_round(now).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "could not look up the messages to deliver");
                Round::default()
            });
            if round.has_more {
                continue;
            }
            if !round.has_found {
                sleep((began.elapsed() * REST).min(SLEEP_MAX)).await;
            }
            let pause = round.next_due.map_or(SLEEP_MAX, |due| {
                let ms = u64::try_from(due.ms_since(now)).unwrap_or(0).max(1);
                Duration::from_millis(ms).min(SLEEP_MAX)
            });
            tokio::select! {
                () = sleep(pause) => {}
                () = self.shared.wake.notified() => {}
            }
        }
    }

    async fn deliver_round(&self, now: Timestamp) -> DbResult<Round> {
        // Looked at before the rows are: what is being delivered then may be gone from the
        // table by the time its row is read, and must not be sent again.
        let (in_flight, epoch) = (self.ids_in_flight(), Epoch::current());
        let peers = self.shared.peers.iter().filter(|peer| peer.may_be_open(now));
        let peers: Vec<Arc<Peer>> = peers.cloned().collect();
        if peers.is_empty() {
            return Ok(Round::default());
        }
        let look = move |connection: &rusqlite::Connection| -> DbResult<Vec<_>> {
            let look = |peer: Arc<Peer>| -> DbResult<_> {
                let name = peer.client.name();
                let is_wanted = |id: &Id, baggage: Option<&str>| {
                    !in_flight.contains(id) && peer.is_open(&peer.tag_in(baggage), now)
                };
                let due = schedule::list_due(connection, name, now, DUE_MAX, is_wanted)?;
                let next_due = schedule::find_next_due(connection, name, now)?;
                Ok((peer, due, next_due))
            };
            peers.into_iter().map(look).collect()
        };
        let mut round = Round::default();
        for (peer, mut due, next_due) in self.shared.db.scan(look).await? {
            // When the breaker lets only one through, it should not be the one that always fails.
            due.messages.sort_by_key(|message| message.attempts);
            round.has_found |= !due.messages.is_empty();
            let messages = due.messages.into_iter();
            let sent = messages.map_while(|message| self.dispatch(&peer, message, epoch));
            round.has_more |= sent.count() > 0 && due.has_more;
            round.next_due = [round.next_due, next_due].into_iter().flatten().min();
        }
        Ok(round)
    }

    /// Sends a message in the background; `None` if there is no place for it now. The epoch is the
    /// one in which its row was read.
    fn dispatch(&self, peer: &Arc<Peer>, message: Message, epoch: Epoch) -> Option<()> {
        let place = peer.take_place()?;
        let Ok(mut attempt) = self.begin(peer, message.id) else { return Some(()) };
        attempt.place = Some(place);
        let request_id = message.id.to_string().into();
        let trace = message.trace.child();
        let span = Span::begin(SpanKind::Delivery, &trace, Some(message.trace.span_id()), || {
            format!("{} to {}", message.kind, message.peer)
        });
        let context = RequestContext { request_id, trace, span, epoch };
        self.spawn(Some(context), message, attempt);
        Some(())
    }

    /// Finds out whether a receiver that is silent is back, for as long as the service runs.
    pub(super) async fn watch(self, peer: Arc<Peer>) {
        let mut looks = steady(LOOK_INTERVAL);
        loop {
            looks.tick().await;
            if let Err(error) = self.look_at(&peer).await {
                tracing::warn!(%error, "could not look up a message to try");
            }
        }
    }

    async fn look_at(&self, peer: &Arc<Peer>) -> DbResult<()> {
        let now = Timestamp::now();
        let silent = peer.silent_lanes(now);
        let name = peer.client.name();
        if silent.is_empty() {
            return Ok(());
        }
        if !self.shared.db.read(|connection| schedule::has_waiting(connection, name))? {
            peer.end_silence();
            return Ok(());
        }
        let is_healthy = peer.client.is_healthy().await;
        for tag in silent {
            // A probe is under way, and what comes of it is known soon.
            if is_healthy && !peer.client.make_way(&tag) {
                continue;
            }
            let due_by = match peer.look(&tag, is_healthy) {
                Scout::Nobody => continue,
                Scout::Due => Some(now),
                Scout::Anybody => None,
            };
            let epoch = Epoch::current();
            if let Some(scout) = self.find_scout(peer, tag, due_by).await? {
                self.dispatch(peer, scout, epoch);
            }
        }
        Ok(())
    }

    async fn find_scout(
        &self,
        peer: &Arc<Peer>,
        tag: Option<Tag>,
        due_by: Option<Timestamp>,
    ) -> DbResult<Option<Message>> {
        let (in_flight, peer) = (self.ids_in_flight(), Arc::clone(peer));
        let find = move |connection: &rusqlite::Connection| {
            schedule::find_scout(connection, peer.client.name(), due_by, |id, baggage| {
                !in_flight.contains(id) && peer.tag_in(baggage) == tag
            })
        };
        self.shared.db.scan(find).await
    }

    /// Gives up what has waited for too long, for as long as the service runs. A message whose
    /// turn never comes has no attempt at the end of which it could die.
    pub(super) async fn give_up_expired(self) {
        let mut looks = steady(EXPIRY_INTERVAL);
        loop {
            looks.tick().await;
            let now = Timestamp::now();
            let due = self.shared.db.scan(move |file| schedule::has_expired(file, now)).await;
            if !due.unwrap_or(false) {
                continue;
            }
            match self.shared.db.write(move |tx| schedule::bury_expired(tx, now)).await {
                Ok(buried) => {
                    for (message_id, kind) in buried {
                        tracing::error!(%message_id, kind,
                            "a message got no answer for 72 hours and is given up");
                    }
                }
                Err(error) => tracing::warn!(%error, "could not give up what is too old"),
            }
        }
    }

    fn ids_in_flight(&self) -> HashSet<Id> {
        self.in_flight().keys().copied().collect()
    }
}

/// An interval that does not make up for what it has missed.
fn steady(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
