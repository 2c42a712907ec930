//! Delivering the messages of the outbox until somebody answers.
//!
//! A message is sent, the answer is handed to the service in the transaction that removes the
//! message, and that is the end of it. Silence puts it off. While a receiver is silent, it gets
//! one message at a time (`lane.rs`); as soon as one is answered, all of them go.
//!
//! What happens in the background is in `relay/rounds.rs`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::call::{Answer, NoAnswer};
use super::client::ServiceClient;
use super::outbox::{self, Message};
use super::peer::Peer;
use super::schedule::{self, Failure};
use super::signature::Secrets;
use crate::http::Reply;
use crate::id::Id;
use crate::insight::telemetry::RequestContext;
use crate::storage::{Db, DbError, DbResult};
use crate::time::Timestamp;

mod rounds;

/// A pause when the database does not take the outcome, so that a full disk does not make
/// the same message go out in a tight loop.
const STORAGE_PAUSE: Duration = Duration::from_secs(1);

/// What an answer means for the message.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It has arrived, or it has been refused and the refusal was dealt with. With the reply to
    /// whoever waits for that, if somebody may.
    Done(Option<Reply>),
    /// It will never be accepted, and that was not foreseen.
    Dead(String),
}

/// What a service does with an answer. Runs in the transaction that removes the message. The
/// messages that it causes are about the same subject.
pub type OnAnswer = fn(&Transaction<'_>, &Message, &Answer, Timestamp) -> DbResult<Verdict>;

/// The relay of one service. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    peers: Vec<Arc<Peer>>,
    secrets: Option<Secrets>,
    on_answer: OnAnswer,
    /// Messages that are being delivered, each with the end of a line to those who wait.
    in_flight: Mutex<HashMap<Id, watch::Sender<()>>>,
    wake: Notify,
}

/// An attempt to deliver a message. Over when it is dropped, whatever happened; that also ends
/// the wait of those who wait for it.
struct Attempt {
    relay: Relay,
    peer: Arc<Peer>,
    id: Id,
    /// Whether somebody wants to know now, and did not wait for the message's time to come.
    is_out_of_turn: bool,
    /// The place that it takes up, if it is made in the background.
    place: Option<OwnedSemaphorePermit>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.relay.in_flight().remove(&self.id);
        if let Some(place) = self.place.take()
            && self.peer.leave_place(place)
        {
            self.relay.wake();
        }
    }
}

impl Relay {
    /// A relay to `clients`. With `secrets`, messages are signed.
    pub fn new(
        db: Db,
        clients: Vec<ServiceClient>,
        secrets: Option<Secrets>,
        on_answer: OnAnswer,
    ) -> Self {
        let peers = clients.into_iter().map(|client| Arc::new(Peer::unheard(client))).collect();
        let (in_flight, wake) = (Mutex::default(), Notify::new());
        let shared = Shared { db, peers, secrets, on_answer, in_flight, wake };
        Self { shared: Arc::new(shared) }
    }

    /// Starts delivering in the background.
    pub fn start(&self) {
        for peer in &self.shared.peers {
            self.expect_silence(peer);
            tokio::spawn(self.clone().watch(Arc::clone(peer)));
        }
        tokio::spawn(self.clone().deliver_due());
        tokio::spawn(self.clone().give_up_expired());
    }

    /// Says that a message was written which the relay is to deliver.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Forgets how earlier deliveries went.
    pub fn forget(&self) {
        self.shared.peers.iter().for_each(|peer| peer.forget());
    }

    /// Delivers a message that is written already, and returns when the attempt is over, with the
    /// reply of the [`Verdict`] if there was an answer; what came of it stands in the database. If
    /// somebody else is delivering it right now, waits for that. Returns at once if the receiver
    /// has asked to be left alone. Goes on to the end even if the caller's client hangs up.
    ///
    /// # Errors
    ///
    /// [`DbError::Reset`]: the message is gone, and with it what the caller wanted.
    pub async fn deliver_now(&self, message: Message) -> DbResult<Option<Reply>> {
        let peers = &self.shared.peers;
        let peer = peers.iter().find(|peer| peer.client.name() == message.peer);
        let Some(peer) =
            peer.filter(|peer| !peer.is_resting(&peer.tag_of(&message), Timestamp::now()))
        else {
            return Ok(None);
        };
        let reply = match self.begin(peer, message.id) {
            Ok(mut attempt) => {
                attempt.is_out_of_turn = message.attempts > 0;
                self.spawn(RequestContext::current(), message, attempt).await.ok().flatten()
            }
            // The sender is dropped when the attempt is over, and that is a change, too.
            Err(mut other) => {
                let _ = other.changed().await;
                None
            }
        };
        let is_late = RequestContext::with_current(|context| context.epoch.is_over());
        if is_late == Some(true) { Err(DbError::Reset) } else { Ok(reply) }
    }

    /// Claims a message for an attempt, or returns the end of the one that is under way.
    fn begin(&self, peer: &Arc<Peer>, id: Id) -> Result<Attempt, watch::Receiver<()>> {
        match self.in_flight().entry(id) {
            Entry::Occupied(other) => Err(other.get().subscribe()),
            Entry::Vacant(entry) => {
                entry.insert(watch::Sender::new(()));
                let (relay, peer) = (self.clone(), Arc::clone(peer));
                Ok(Attempt { relay, peer, id, is_out_of_turn: false, place: None })
            }
        }
    }

    /// Delivers on a task of its own, as a part of the request that `context` is of.
    fn spawn(
        &self,
        context: Option<RequestContext>,
        message: Message,
        attempt: Attempt,
    ) -> JoinHandle<Option<Reply>> {
        tokio::spawn(RequestContext::scope(context, self.clone().deliver(message, attempt)))
    }

    async fn deliver(self, message: Message, attempt: Attempt) -> Option<Reply> {
        let Attempt { peer, is_out_of_turn, .. } = &attempt;
        let noted = match peer.send(message.call(self.shared.secrets.as_ref())).await {
            Some(Ok(answer)) => self.note_answer(peer, message, answer).await,
            Some(Err(silence)) => {
                self.note_silence(peer, message, silence, *is_out_of_turn).await.map(|()| None)
            }
            None => Ok(None),
        };
        match noted {
            Ok(reply) => reply,
            Err(error) => {
                tracing::warn!(message_id = %attempt.id, %error,
                    "could not note what came of a message");
                sleep(STORAGE_PAUSE).await;
                None
            }
        }
    }

    async fn note_answer(
        &self,
        peer: &Peer,
        message: Message,
        answer: Answer,
    ) -> DbResult<Option<Reply>> {
        let (on_answer, name) = (self.shared.on_answer, peer.client.name());
        let now = Timestamp::now();
        let tag = peer.tag_of(&message);
        let silence = peer.silent_since(&tag);
        let (message_id, kind) = (message.id, message.kind.clone());
        let note = move |tx: &Transaction<'_>| -> DbResult<_> {
            let verdict = on_answer(tx, &message, &answer, now)?;
            match &verdict {
                Verdict::Done(_) => outbox::delete(tx, message.id)?,
                Verdict::Dead(reason) => outbox::bury(tx, message.id, reason, now)?,
            }
            if let Some(since) = silence {
                schedule::wake(tx, name, since, now)?;
            }
            Ok((verdict, schedule::has_due_about(tx, &message.subject, now)?))
        };
        let (verdict, has_consequences) = self.shared.db.write(note).await?;
        let reply = match verdict {
            Verdict::Done(reply) => reply,
            Verdict::Dead(reason) => {
                tracing::error!(%message_id, kind, reason, "a message was refused for good");
                None
            }
        };
        peer.note_answer(&tag, silence, now);
        // Mostly there is nothing to do now, and then nobody has to look for it.
        if silence.is_some() || has_consequences {
            self.wake();
        }
        Ok(reply)
    }

    async fn note_silence(
        &self,
        peer: &Peer,
        message: Message,
        cause: NoAnswer,
        is_out_of_turn: bool,
    ) -> DbResult<()> {
        let (now, tag) = (Timestamp::now(), peer.tag_of(&message));
        let is_receivers = peer.note_silence(&tag, &cause, message.tried_at, now);
        if message.dead_at.is_some() {
            // It was to be sent once, see `Message::sent_once`.
            let reason = format!("sent once, and then: {cause}");
            let bury = move |tx: &Transaction<'_>| outbox::bury(tx, message.id, &reason, now);
            return self.shared.db.write(bury).await;
        }
        // Nothing was tried, so there is nothing to write down.
        if matches!(cause, NoAnswer::BreakerOpen(_)) {
            return Ok(());
        }
        self.postpone(message, &cause, is_out_of_turn, now).await?;
        if peer.silent_since(&tag).is_none() {
            if is_receivers {
                // Another message was answered while this outcome was being written.
                let name = peer.client.name();
                let wake = move |tx: &Transaction<'_>| schedule::wake(tx, name, now, now);
                self.shared.db.write(wake).await?;
            }
            self.wake();
        }
        Ok(())
    }

    async fn postpone(
        &self,
        message: Message,
        cause: &NoAnswer,
        is_out_of_turn: bool,
        now: Timestamp,
    ) -> DbResult<()> {
        let (id, kind, to) = (message.id, message.kind.clone(), message.peer.clone());
        let (reason, retry_after) = (cause.to_string(), cause.retry_after());
        let failure = Failure { reason, retry_after, is_out_of_turn, now };
        let postpone = move |tx: &Transaction<'_>| schedule::postpone(tx, &message, &failure);
        if self.shared.db.write(postpone).await? {
            tracing::error!(message_id = %id, kind, peer = to, %cause,
                "a message got no answer for 72 hours and is given up");
        } else {
            tracing::warn!(message_id = %id, kind, peer = to, %cause,
                "a message got no answer and will be sent again");
        }
        Ok(())
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<Id, watch::Sender<()>>> {
        self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
