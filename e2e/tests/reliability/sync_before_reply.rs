//! No 2xx leaves before the commit it reports is on disk.
//!
//! kill -9 cannot show this: what a process has written survives it in the page cache, synced
//! or not. So a service runs under `strace` here, and the trace tells the order of things.
//! Each request carries a mark that ends up both in its rows and in its reply. In the trace,
//! the reply with the mark must come after the end of a sync that began after the mark was
//! written to the log. A commit writes all its pages before its one sync, so the first sync
//! after the mark is the one that covers it.

mod trace;

use chassis::id::Id;
use chassis::testing::{Answer, Request, all_at_once};
use e2e::Service;
use serde_json::json;
use tokio::task::JoinSet;

use self::trace::{Event, Traced};

/// Writes one after the other, and at the same time.
const IN_TURN: usize = 10;
const AT_ONCE: usize = 64;

/// The sync that fails: one that the start does not reach, with its migrations.
const BAD_SYNC: u32 = 60;

/// Exit code of a service whose file or disk is broken.
const BROKEN_STORAGE: i32 = 74;

#[tokio::test]
async fn a_cart_replies_after_the_sync() {
    replies_after_the_sync(Service::Cart, |cart, mark| {
        cart.post(&format!("/cart/{mark}/add?product_id=1"))
    })
    .await;
}

#[tokio::test]
async fn a_catalog_replies_after_the_sync() {
    replies_after_the_sync(Service::Catalog, |catalog, mark| {
        let body = json!({ "name": mark, "price": 1.5, "stock": 3 });
        catalog.post("/products").json(&body)
    })
    .await;
}

#[tokio::test]
async fn an_order_replies_after_the_sync() {
    replies_after_the_sync(Service::Order, |order, mark| {
        let lines = json!([{ "product_id": 1, "quantity": 1, "price": 999.99 }]);
        order.post(&format!("/orders?user_id={mark}")).json(&lines)
    })
    .await;
}

#[tokio::test]
async fn a_payment_replies_after_the_sync() {
    replies_after_the_sync(Service::Payment, |payment, mark| {
        payment.post(&format!("/pay?order_id={mark}&amount=9.99"))
    })
    .await;
}

/// Linux tells of a failed sync once, and what was to be written may be lost. The next sync succeeds,
/// and proves nothing.
#[tokio::test]
async fn after_a_sync_that_failed_nothing_is_committed_any_more() {
    let mut traced = Traced::start_with_a_bad_sync(Service::Cart, BAD_SYNC).await;
    let mut all_well = true;
    while all_well {
        let mut adds = JoinSet::new();
        for user in 0..AT_ONCE {
            let path = format!("/cart/user{user}/add?product_id=1");
            adds.spawn(traced.process.post(&path).unchecked().try_send());
        }
        let outcomes = adds.join_all().await;
        all_well = outcomes.iter().flatten().filter(|it| it.status == 200).count() == AT_ONCE;
    }

    let code = traced.process.wait().await.code();

    assert_eq!(code, Some(BROKEN_STORAGE), "it stops by itself");
    let events = traced.seen().await;
    let failed = events.iter().position(|event| matches!(event, Event::NotSynced));
    let failed = failed.expect("a sync has failed");
    let is_later = |event: &Event| matches!(event, Event::Synced { began } if *began > failed);
    assert!(!events.iter().any(is_later), "it went on with a file that it cannot trust");
}

/// Sends writes in turn and at once, each with a mark of its own, and reads the trace. The
/// neighbors are away, so every write is one commit of this service or more.
async fn replies_after_the_sync(
    service: Service,
    write: impl Fn(&chassis::testing::Client, &str) -> Request,
) {
    let mut traced = Traced::start(service).await;
    let marks: Vec<String> = (0..IN_TURN + AT_ONCE).map(|_| Id::new().to_string()).collect();
    let request = |mark: &String| {
        let request = write(&traced.process, mark).unchecked();
        request.header("x-request-id", mark).idempotency_key(&format!("key-{mark}"))
    };
    let mut answers: Vec<Answer> = Vec::new();
    for mark in &marks[..IN_TURN] {
        answers.push(request(mark).await);
    }
    answers.extend(all_at_once(marks[IN_TURN..].iter().map(request)).await);
    for answer in &answers {
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    let events = traced.end().await;

    for mark in &marks {
        let [written, synced, replied] = order_of(&events, mark);
        assert!(written < synced && synced < replied, "{mark}: {written} {synced} {replied}");
    }
}

/// Where in the trace a mark was first written to the log, where the first sync that began
/// after that ended, and where the reply began.
fn order_of(events: &[Event], mark: &str) -> [usize; 3] {
    let find = |what: &str, wanted: &dyn Fn(usize, &Event) -> bool| {
        let found = events.iter().enumerate().position(|(place, event)| wanted(place, event));
        found.unwrap_or_else(|| panic!("the trace shows no {what} of {mark}"))
    };
    let has = |text: &str| text.contains(mark);
    let written = find("write", &|_, event| matches!(event, Event::Logged(text) if has(text)));
    let synced =
        find("sync", &|_, event| matches!(event, Event::Synced { began } if *began > written));
    let replied = find(
        "reply",
        &|_, event| matches!(event, Event::Replied(text) if has(text) && text.contains("HTTP/1.1 2")),
    );
    [written, synced, replied]
}
