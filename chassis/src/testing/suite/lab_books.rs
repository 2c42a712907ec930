//! The books, the outbox, and the way back to the first day.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::lab::{LabSubject, set_fault, tagged};
use crate::testing::{Neighbor, Process, eventually};

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

/// In one transaction, however much there was.
pub async fn a_reset_brings_the_first_day_back(subject: &LabSubject) {
    let service = subject.open().await;
    let first_day = ledger(&service).await;
    for number in 1..=5 {
        let write = subject.write(&service, number).idempotency_key(&format!("k{number}"));
        let answer = write.await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }
    let (_, act) = subject.crash;
    act(&service, 9).idempotency_key("k9").await;
    assert_ne!(ledger(&service).await, first_day);
    let old_messages = ids_of_messages(&service);

    service.post("/internal/reset").await.expect_status(204);

    assert_eq!(ledger(&service).await, first_day);
    assert_eq!(service.sql_value("SELECT count(*) FROM idempotency_keys"), "0");
    let health = service.get("/internal/health").await.expect_status(200);
    if subject.has_outbox {
        // A service may tell others of its reset; nothing older is left.
        assert_eq!(health["outbox"]["dead"], 0);
        let left = ids_of_messages(&service);
        assert!(left.iter().all(|id| !old_messages.contains(id)), "{left:?}");
    }
    // The same key is a new request again.
    let again = subject.write(&service, 1).idempotency_key("k1").await;
    assert!((200..300).contains(&again.status), "{again}");
    assert_eq!(again.header("idempotency-replayed"), None);
}

/// The next lesson begins with a shop in which nothing is broken.
pub async fn a_reset_ends_everything_that_the_lab_has_set(subject: &LabSubject) {
    let service = subject.open().await;
    let (point, act) = subject.crash;
    service.post("/internal/crash").json(&json!({ "at": point })).await.expect_status(204);
    set_fault(&service, &json!({ "kind": "hang" })).await.expect_status(200);
    let own = json!({ "kind": "error", "only_for": "ann" });
    set_fault(&service, &own).await.expect_status(200);
    if let Some([name, _, other]) = subject.policy {
        let draft = json!({ name: other });
        service.put("/internal/policy").json(&draft).await.expect_status(200);
    }

    service.post("/internal/reset").await.expect_status(204);

    let faults = service.get("/internal/faults").await.expect_status(200);
    assert_eq!(faults, json!({ "faults": [] }));
    if let Some([name, _, _]) = subject.policy {
        let policies = service.get("/internal/policy").await.expect_status(200);
        assert_eq!(policies[name]["overrides"], json!([]));
    }
    tagged(service.get(subject.get), "ann").await.expect_status(200);
    let alive = act(&service, 1).await;
    assert!((200..300).contains(&alive.status), "{alive}");
}

/// For whom, about what, and which request wanted it.
pub async fn a_message_that_waits_is_listed_with_its_cause(subject: &LabSubject) {
    let Some((service, _neighbor)) = with_a_message_that_waits(subject).await else { return };

    let message = &messages(&service).await[0];
    assert_eq!(message["peer"], subject.neighbor.1);
    assert_eq!(message["trace_id"], TRACE_ID);
    assert_eq!(message["dead_at"], Value::Null);
    assert!(message["last_error"].as_str().is_some_and(|text| text.contains("no connection")));
}

/// Somebody has looked at it, repaired what was wrong, and sends it once more.
pub async fn a_dead_letter_can_be_replayed(subject: &LabSubject) {
    let Some((service, neighbor)) = with_a_message_that_waits(subject).await else { return };
    bury_all(&service);
    let letter = &messages(&service).await[0];
    assert_ne!(letter["dead_at"], Value::Null);
    neighbor.accept();

    let replay = format!("/internal/outbox/{}/replay", letter["id"].as_str().unwrap_or_default());
    service.post(&replay).await.expect_status(204);

    eventually("it arrives", async || messages(&service).await == json!([])).await;
    assert_eq!(neighbor.requests().len(), 1);
    service.post(&replay).await.expect_problem(404, "Message not found");
    let other = "/internal/outbox/none/replay";
    service.post(other).await.expect_problem(404, "Message not found");
}

/// A repeat is told the same, and what was done in between stays done.
pub async fn what_the_lab_is_asked_under_a_key_happens_once(subject: &LabSubject) {
    let service = subject.open().await;
    let first_day = ledger(&service).await;
    let reset = || service.post("/internal/reset").idempotency_key("reset");
    reset().await.expect_status(204);
    let answer = subject.write(&service, 1).await;
    assert!((200..300).contains(&answer.status), "{answer}");
    let written = ledger(&service).await;

    let again = reset().await;

    again.expect_status(204);
    assert_eq!(again.expect_header("idempotency-replayed"), "true");
    assert_eq!(ledger(&service).await, written);
    assert_ne!(written, first_day);
    let (point, act) = subject.crash;
    let arm =
        |key| service.post("/internal/crash").json(&json!({ "at": point })).idempotency_key(key);
    arm("reset").await.expect_status(422);
    arm("crash").await.expect_status(204);
    service.post("/internal/reset").idempotency_key("another").await.expect_status(204);
    let alive = act(&service, 2).await;
    assert!((200..300).contains(&alive.status), "{alive}");
}

/// The second click on a letter that has arrived is no mistake.
pub async fn a_dead_letter_is_replayed_once_per_key(subject: &LabSubject) {
    let Some((service, neighbor)) = with_a_message_that_waits(subject).await else { return };
    let id = messages(&service).await[0]["id"].as_str().unwrap_or_default().to_owned();
    neighbor.accept();
    let path = format!("/internal/outbox/{id}/replay");
    service.post(&path).idempotency_key("k").await.expect_status(204);
    eventually("it arrives", async || messages(&service).await == json!([])).await;

    let again = service.post(&path).idempotency_key("k").await;

    again.expect_status(204);
    assert_eq!(again.expect_header("idempotency-replayed"), "true");
}

fn ids_of_messages(service: &Process) -> Vec<Vec<String>> {
    let has_outbox = "SELECT name FROM sqlite_schema WHERE name = 'outbox'";
    if service.sql(has_outbox).is_empty() {
        Vec::new()
    } else {
        service.sql("SELECT id FROM outbox")
    }
}

async fn ledger(service: &Process) -> Value {
    service.get("/internal/ledger").await.expect_status(200)
}

async fn messages(service: &Process) -> Value {
    service.get("/internal/outbox").await.expect_status(200)
}

/// As if three days had passed in vain.
fn bury_all(service: &Process) {
    let file = Connection::open(service.database()).expect("the file can be opened");
    let buried = file.execute("UPDATE outbox SET dead_at = created_at", []);
    assert_eq!(buried.expect("the file can be written"), 1);
}

/// A service whose first message was tried once, in vain, because its neighbor is away. `None` if
/// it sends no messages.
async fn with_a_message_that_waits(subject: &LabSubject) -> Option<(Process, Neighbor)> {
    if !subject.has_outbox {
        return None;
    }
    let (service, neighbor) = subject.open_with_neighbor().await;
    neighbor.refuse();
    let write = subject.write(&service, 1);
    write.header("traceparent", format!("00-{TRACE_ID}-b7ad6b7169203331-00")).await;
    let was_tried = async || messages(&service).await[0]["attempts"] == 1;
    eventually("it was tried", was_tried).await;
    Some((service, neighbor))
}
