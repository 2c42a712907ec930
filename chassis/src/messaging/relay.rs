//! Delivering the messages of the outbox until somebody answers.
//!
//! A message is sent, the answer is handed to the service in the transaction that removes the
//! message, and that is the end of it. Silence puts it off. When a service is away, its health
//! is asked every second, and as soon as it answers, the messages for it are due.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{interval, sleep};

use super::call::{Answer, NoAnswer};
use super::client::ServiceClient;
use super::outbox::{self, Message};
use super::peer::Peer;
use super::signature::Secrets;
use crate::id::Id;
use crate::insight::recorder::{Span, SpanKind};
use crate::insight::telemetry::{self, RequestContext};
use crate::lab::policy::{FIRE_ONCE, Switch};
use crate::storage::{Db, DbResult};
use crate::time::Timestamp;

/// How often a service that is away is asked whether it is back.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Deliveries at the same time.
const DELIVERIES_MAX: usize = 32;

/// Messages looked up at once; a few for every place.
const DUE_MAX: u32 = 128;

/// The longest sleep: what nobody has told us of, and a changed clock, wait no longer.
const SLEEP_MAX_MS: i64 = 1_000;
/// A pause when the database does not take the outcome, so that a full disk does not make
/// the same message go out in a tight loop.
const STORAGE_PAUSE: Duration = Duration::from_secs(1);

/// What an answer means for the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived, or it has been refused and the refusal was dealt with.
    Done,
    /// It will never be accepted, and that was not foreseen.
    Dead(String),
}

/// What a service does with an answer. Runs in the transaction that removes the message.
pub type OnAnswer = fn(&Transaction<'_>, &Message, &Answer, Timestamp) -> DbResult<Verdict>;

/// The relay of one service. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    peers: Vec<Peer>,
    secrets: Option<Secrets>,
    patience: Option<Switch>,
    on_answer: OnAnswer,
    /// Messages that are being delivered, each with the end of a line to those who wait.
    in_flight: Mutex<HashMap<Id, watch::Sender<()>>>,
    places: Arc<Semaphore>,
    wake: Notify,
}

/// An attempt to deliver a message. Over when it is dropped, whatever happened; that also ends
/// the wait of those who wait for it.
struct Attempt {
    relay: Relay,
    id: Id,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.relay.in_flight().remove(&self.id);
        self.relay.wake();
    }
}

impl Relay {
    /// A relay to `clients`. With `secrets`, messages are signed; with `patience`, the lab can
    /// make it give up at the first silence, to show what that costs.
    pub fn new(
        db: Db,
        clients: Vec<ServiceClient>,
        secrets: Option<Secrets>,
        patience: Option<Switch>,
        on_answer: OnAnswer,
    ) -> Self {
        // Whatever waited when the process ended is tried as soon as its receiver is there.
        let peers = clients.into_iter().map(Peer::away);
        let shared = Shared {
            db,
            peers: peers.collect(),
            secrets,
            patience,
            on_answer,
            in_flight: Mutex::default(),
            places: Arc::new(Semaphore::new(DELIVERIES_MAX)),
            wake: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts delivering in the background.
    pub fn start(&self) {
        tokio::spawn(self.clone().deliver_due());
        for position in 0..self.shared.peers.len() {
            tokio::spawn(self.clone().watch_for_return(position));
        }
    }

    /// Says that a message was written which the relay is to deliver.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Delivers a message that is written already, and returns when the attempt is over; what
    /// came of it stands in the database. If somebody else is delivering it right now, waits
    /// for that. Goes on to the end even if the caller's client hangs up.
    pub async fn deliver_now(&self, message: Message) {
        match self.begin(message.id) {
            Ok(attempt) => {
                let _ = telemetry::spawn(self.clone().deliver(message, attempt)).await;
            }
            // The sender is dropped when the attempt is over, and that is a change, too.
            Err(mut other) => {
                let _ = other.changed().await;
            }
        }
    }

    /// Claims a message for an attempt, or returns the end of the one that is under way.
    fn begin(&self, id: Id) -> Result<Attempt, watch::Receiver<()>> {
        match self.in_flight().entry(id) {
            Entry::Occupied(other) => Err(other.get().subscribe()),
            Entry::Vacant(place) => {
                place.insert(watch::Sender::new(()));
                Ok(Attempt { relay: self.clone(), id })
            }
        }
    }

    async fn deliver_due(self) {
        loop {
            let now = Timestamp::now();
            let found = self.deliver_batch(now).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "could not look up the messages to deliver");
                0
            });
            if found == DUE_MAX {
                continue;
            }
            let next = self.shared.db.read(|connection| outbox::find_next_due(connection, now));
            let pause_ms = next.ok().flatten().map_or(SLEEP_MAX_MS, |due| due.ms_since(now));
            let pause_ms = u64::try_from(pause_ms.clamp(1, SLEEP_MAX_MS)).unwrap_or(1);
            tokio::select! {
                () = sleep(Duration::from_millis(pause_ms)) => {}
                () = self.shared.wake.notified() => {}
            }
        }
    }

    /// Starts delivering what is due and returns how many were.
    async fn deliver_batch(&self, now: Timestamp) -> DbResult<u32> {
        // Looked at before the rows are: what is being delivered then may be gone from the
        // table by the time its row is read, and must not be sent again.
        let in_flight: HashSet<Id> = self.in_flight().keys().copied().collect();
        let due = self
            .shared
            .db
            .scan(move |connection| outbox::list_due(connection, now, DUE_MAX))
            .await?;
        let found = u32::try_from(due.len()).unwrap_or(DUE_MAX);
        for message in due.into_iter().filter(|message| !in_flight.contains(&message.id)) {
            let Ok(place) = Arc::clone(&self.shared.places).acquire_owned().await else { break };
            if let Ok(attempt) = self.begin(message.id) {
                tokio::spawn(self.clone().deliver_in_background(message, attempt, place));
            }
        }
        Ok(found)
    }

    async fn deliver_in_background(
        self,
        message: Message,
        attempt: Attempt,
        place: OwnedSemaphorePermit,
    ) {
        let request_id = message.id.to_string().into();
        let trace = message.trace.child();
        let span = Span::begin(SpanKind::Delivery, &trace, Some(message.trace.span_id()), || {
            format!("{} to {}", message.kind, message.peer)
        });
        let context = RequestContext { request_id, trace, span };
        context.scope(self.deliver(message, attempt)).await;
        drop(place);
    }

    async fn deliver(self, message: Message, attempt: Attempt) {
        let id = message.id;
        let noted = match self.shared.peers.iter().find(|it| it.client.name() == message.peer) {
            Some(peer) => {
                match peer.client.send(message.call(self.shared.secrets.as_ref())).await {
                    Ok(answer) => self.note_answer(peer, message, answer).await,
                    Err(silence) => self.note_silence(peer, message, silence).await,
                }
            }
            None => self.note_nobody(message).await,
        };
        if let Err(error) = noted {
            tracing::warn!(message_id = %id, %error, "could not note what came of a message");
            sleep(STORAGE_PAUSE).await;
        }
        drop(attempt);
    }

    async fn note_nobody(&self, message: Message) -> DbResult<()> {
        let reason = format!("no service is called {}", message.peer);
        let now = Timestamp::now();
        self.shared.db.write(move |tx| outbox::bury(tx, message.id, &reason, now)).await
    }

    async fn note_answer(&self, peer: &Peer, message: Message, answer: Answer) -> DbResult<()> {
        let on_answer = self.shared.on_answer;
        let now = Timestamp::now();
        self.shared
            .db
            .write(move |tx| match on_answer(tx, &message, &answer, now)? {
                Verdict::Done => outbox::delete(tx, message.id),
                Verdict::Dead(reason) => {
                    tracing::error!(message_id = %message.id, kind = message.kind, reason,
                        "a message was refused for good");
                    outbox::bury(tx, message.id, &reason, now)
                }
            })
            .await?;
        if peer.note_return() {
            let name = peer.client.name();
            self.shared.db.write(move |tx| outbox::wake_all(tx, name, now)).await?;
        }
        Ok(())
    }

    async fn note_silence(&self, peer: &Peer, message: Message, cause: NoAnswer) -> DbResult<()> {
        let now = Timestamp::now();
        peer.note_silence(&cause);
        if self.shared.patience.as_ref().is_some_and(|patience| patience.is(FIRE_ONCE)) {
            let reason = format!("sent once, and then: {cause}");
            let bury = move |tx: &Transaction<'_>| outbox::bury(tx, message.id, &reason, now);
            return self.shared.db.write(bury).await;
        }
        if let NoAnswer::BreakerOpen(pause) = cause {
            let until = now.plus_ms(outbox::whole_ms(pause));
            return self.shared.db.write(move |tx| outbox::hold(tx, message.id, until)).await;
        }
        tracing::warn!(message_id = %message.id, kind = message.kind, peer = message.peer, %cause,
            "a message got no answer and will be sent again");
        let retry_after = cause.retry_after();
        let reason = cause.to_string();
        let postpone =
            move |tx: &Transaction<'_>| outbox::postpone(tx, &message, &reason, retry_after, now);
        self.shared.db.write(postpone).await
    }

    /// While a service is away, asks for its health; when that is good again, lets one message
    /// go first. Its answer wakes the others, see [`Self::note_answer`].
    async fn watch_for_return(self, position: usize) {
        let Some(peer) = self.shared.peers.get(position) else { return };
        let mut interval = interval(PROBE_INTERVAL);
        let name = peer.client.name();
        loop {
            interval.tick().await;
            let waiting = self.shared.db.read(|connection| outbox::has_waiting(connection, name));
            if !peer.is_missed() || !waiting.is_ok_and(|waiting| waiting) {
                continue;
            }
            if peer.client.is_healthy().await {
                let now = Timestamp::now();
                let woken =
                    self.shared.db.write(move |tx| outbox::wake_oldest(tx, name, now)).await;
                if woken.is_ok_and(|woken: bool| woken) {
                    self.wake();
                }
            }
        }
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<Id, watch::Sender<()>>> {
        self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
