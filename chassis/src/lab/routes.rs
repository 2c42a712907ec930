//! The lab over HTTP. All of it needs the key; with `LAB=0` none of it exists.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as JsonAnswer, Router};
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Lab;
use super::crash::CrashDraft;
use super::faults::{Fault, FaultDraft};
use super::policy::{PolicyDraft, Switch};
use super::reset;
use super::scope::{Tag, Whose};
use crate::http::extract::{Json, NoQuery, Path, Query};
use crate::http::reply::IdempotencyKey;
use crate::http::{Problem, Reply};
use crate::id::Id;
use crate::insight::recorder;
use crate::messaging::outbox;
use crate::messaging::relay::Relay;
use crate::storage::{Db, DbResult, Migration};
use crate::time::Timestamp;

/// Messages in a listing.
const LISTED: u32 = 200;

/// What the lab of a service works with.
#[derive(Clone)]
pub struct LabRoom {
    /// The service's name.
    pub service: &'static str,
    /// Faults and crash points.
    pub lab: Lab,
    /// The service's file.
    pub db: Db,
    /// The service's choices.
    pub switches: Arc<[Switch]>,
    /// Delivers what is replayed; `None` in a service that sends nothing.
    pub relay: Option<Relay>,
    /// The service's part of the shop's books.
    pub ledger: fn(&Connection) -> DbResult<Value>,
    /// What makes a file.
    pub migrations: &'static [Migration],
    /// Tells others of a reset.
    pub announce_reset: Option<fn(&Transaction<'_>) -> DbResult<()>>,
    /// Forgets what is remembered outside the file.
    pub forget: Arc<dyn Fn() + Send + Sync>,
}

/// The routes, all below `/internal`.
pub fn routes(room: LabRoom) -> Router {
    let mut routes = Router::new()
        .route("/internal/faults", get(list_faults).put(set_fault).delete(clear_faults))
        .route(
            "/internal/crash",
            get(list_crash_points).post(arm_crash_point).delete(disarm_crash_points),
        )
        .route("/internal/policy", get(list_policies).put(set_policy).delete(clear_policies))
        .route("/internal/traces/{trace_id}", get(show_trace))
        .route("/internal/ledger", get(show_ledger))
        .route("/internal/reset", post(reset::reset));
    if room.relay.is_some() {
        routes = routes
            .route("/internal/outbox", get(list_outbox))
            .route("/internal/outbox/{id}/replay", post(replay));
    }
    routes.with_state(room)
}

#[derive(Serialize)]
struct FaultView {
    #[serde(flatten)]
    fault: Fault,
    only_for: Option<Tag>,
    remaining_s: u64,
}

#[derive(Serialize)]
struct MessageView {
    id: Id,
    peer: String,
    kind: String,
    subject: String,
    trace_id: String,
    attempts: u32,
    last_error: Option<String>,
    created_at: Timestamp,
    next_attempt_at: Timestamp,
    dead_at: Option<Timestamp>,
}

fn fault_views(lab: &Lab) -> JsonAnswer<Value> {
    let faults = lab.faults.list().into_iter().map(|(only_for, entry)| FaultView {
        fault: entry.thing,
        only_for,
        remaining_s: entry.remaining_s(),
    });
    JsonAnswer(json!({ "faults": faults.collect::<Vec<_>>() }))
}

/// `GET /internal/faults`.
async fn list_faults(State(room): State<LabRoom>, _: NoQuery) -> JsonAnswer<Value> {
    fault_views(&room.lab)
}

/// `PUT /internal/faults`: one fault for everybody and one for each tag.
async fn set_fault(
    State(room): State<LabRoom>,
    _: NoQuery,
    Json(draft): Json<FaultDraft>,
) -> JsonAnswer<Value> {
    draft.apply(&room.lab.faults);
    fault_views(&room.lab)
}

/// `DELETE /internal/faults`.
async fn clear_faults(
    State(room): State<LabRoom>,
    Query(whose): Query<Whose>,
) -> JsonAnswer<Value> {
    room.lab.faults.end(&whose);
    fault_views(&room.lab)
}

fn crash_views(lab: &Lab) -> JsonAnswer<Value> {
    let armed = lab.crash.armed().into_iter().map(|(only_for, at, remaining_s)| {
        json!({ "at": at, "only_for": only_for, "remaining_s": remaining_s })
    });
    JsonAnswer(json!({ "points": lab.crash.names(), "armed": armed.collect::<Vec<_>>() }))
}

/// `GET /internal/crash`.
async fn list_crash_points(State(room): State<LabRoom>, _: NoQuery) -> JsonAnswer<Value> {
    crash_views(&room.lab)
}

/// `POST /internal/crash`: the process dies the next time it passes there.
async fn arm_crash_point(
    State(room): State<LabRoom>,
    _: NoQuery,
    key: IdempotencyKey,
    Json(draft): Json<CrashDraft>,
) -> Result<Reply, Problem> {
    // The job may run twice; arming a point twice is arming it.
    let arm = move |_: &Transaction<'_>| {
        room.lab.crash.arm(draft.clone()).map_err(Problem::invalid)?;
        Ok::<_, Problem>(Reply::no_content())
    };
    key.once(&room.db, Timestamp::now(), arm).await
}

/// `DELETE /internal/crash`: whoever has second thoughts.
async fn disarm_crash_points(
    State(room): State<LabRoom>,
    Query(whose): Query<Whose>,
) -> JsonAnswer<Value> {
    room.lab.crash.disarm(&whose);
    crash_views(&room.lab)
}

fn policy_views(room: &LabRoom) -> JsonAnswer<Value> {
    let views = room.switches.iter().map(|switch| {
        let passing = switch.passing().into_iter().map(|(only_for, choice, remaining_s)| {
            json!({ "choice": choice, "only_for": only_for, "remaining_s": remaining_s })
        });
        let view = json!({
            "choice": switch.standing(),
            "choices": switch.choices(),
            "overrides": passing.collect::<Vec<_>>(),
        });
        (switch.name().to_owned(), view)
    });
    JsonAnswer(Value::Object(views.collect::<Map<_, _>>()))
}

/// `GET /internal/policy`.
async fn list_policies(State(room): State<LabRoom>, _: NoQuery) -> JsonAnswer<Value> {
    policy_views(&room)
}

/// `PUT /internal/policy`: another choice for a while.
async fn set_policy(
    State(room): State<LabRoom>,
    _: NoQuery,
    Json(draft): Json<PolicyDraft>,
) -> Result<JsonAnswer<Value>, Problem> {
    if draft.policies.is_empty() {
        return Err(Problem::invalid(format!("name a policy; {}", known_policies(&room))));
    }
    // All are looked at before one is set, so that a refused request has changed nothing.
    let mut changes = Vec::new();
    for (name, choice) in &draft.policies {
        let switch = room.switches.iter().find(|switch| switch.name() == name);
        let switch = switch.ok_or_else(|| {
            Problem::invalid(format!("{name}: no such policy; {}", known_policies(&room)))
        })?;
        changes.push((switch, switch.known(choice).map_err(Problem::invalid)?));
    }
    for (switch, choice) in changes {
        switch.set(choice, draft.only_for.clone(), draft.ttl_s);
    }
    Ok(policy_views(&room))
}

fn known_policies(room: &LabRoom) -> String {
    match room.switches.iter().map(Switch::name).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "this service has none".to_owned(),
        names => format!("this service has {names}"),
    }
}

/// `DELETE /internal/policy`: back to the standing choices.
async fn clear_policies(
    State(room): State<LabRoom>,
    Query(whose): Query<Whose>,
) -> JsonAnswer<Value> {
    room.switches.iter().for_each(|switch| switch.end(&whose));
    policy_views(&room)
}

/// `GET /internal/ledger`: this service's part of the shop's books.
async fn show_ledger(
    State(room): State<LabRoom>,
    _: NoQuery,
) -> Result<JsonAnswer<Value>, Problem> {
    Ok(JsonAnswer(room.db.scan(room.ledger).await?))
}

/// `GET /internal/traces/{trace_id}`: what this service has recorded of a trace, oldest first.
async fn show_trace(
    State(room): State<LabRoom>,
    Path(trace_id): Path<String>,
    _: NoQuery,
) -> JsonAnswer<Value> {
    JsonAnswer(json!({ "service": room.service, "spans": recorder::list(&trace_id) }))
}

/// `GET /internal/outbox`: what waits and what was given up, newest first.
async fn list_outbox(
    State(room): State<LabRoom>,
    _: NoQuery,
) -> Result<JsonAnswer<Vec<MessageView>>, Problem> {
    let messages = room.db.scan(|connection| outbox::list(connection, LISTED)).await?;
    let views = messages.into_iter().map(|message| MessageView {
        trace_id: message.trace.trace_id_hex(),
        id: message.id,
        peer: message.peer,
        kind: message.kind,
        subject: message.subject,
        attempts: message.attempts,
        last_error: message.last_error,
        created_at: message.created_at,
        next_attempt_at: message.next_attempt_at,
        dead_at: message.dead_at,
    });
    Ok(JsonAnswer(views.collect()))
}

/// `POST /internal/outbox/{id}/replay`: tries a message again now, also a dead letter.
async fn replay(
    State(room): State<LabRoom>,
    Path(id): Path<String>,
    _: NoQuery,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let not_found = || Problem::not_found("Message not found");
    let id: Id = id.parse().map_err(|_| not_found())?;
    let now = Timestamp::now();
    let replay = move |tx: &Transaction<'_>| {
        outbox::replay(tx, id, now)?.then(Reply::no_content).ok_or_else(not_found)
    };
    let reply = key.once(&room.db, now, replay).await?;
    if let Some(relay) = &room.relay {
        relay.wake();
    }
    Ok(reply)
}
