//! What the order learns about the request that a payment belongs to.

use chassis::id::Id;
use chassis::testing::Recorded;

use crate::support::Till;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn the_order_hears_of_the_same_trace_from_a_new_span() {
    let till = Till::open().await;
    let order = Id::new();

    traced(&till, order).await;

    let [webhook] = &till.webhooks(order)[..] else { panic!("one webhook") };
    is_traced(webhook);
    assert_eq!(webhook.header("x-request-id"), Some("click-42"));
}

#[tokio::test]
async fn a_webhook_that_is_sent_later_still_belongs_to_its_trace() {
    let mut till = Till::open().await;
    till.order.refuse();
    let order = Id::new();
    traced(&till, order).await;

    till.payment.kill().await;
    till.order.accept();
    till.payment.restart().await;
    till.reaches(order, "COMPLETED").await;

    is_traced(&till.webhooks(order)[0]);
}

#[tokio::test]
async fn the_order_is_told_with_the_first_of_our_keys() {
    let keys = "first-key-0123456789,second-key-0123456789";
    let till = Till::open_with(&[("API_KEY", keys)]).await;

    let (order, _) = till.completed_payment().await;

    assert_eq!(till.webhooks(order)[0].header("x-api-key"), Some("first-key-0123456789"));
}

#[tokio::test]
async fn the_log_ties_a_delayed_webhook_to_its_request() {
    let till = Till::open().await;
    till.order.refuse();
    let pay = till.pay(Id::new(), "1.00").header("x-request-id", "click-43");

    pay.await.expect_status(202);

    let logged = async || {
        let lines = till.payment.log_lines();
        lines.iter().any(|line| line.contains("no answer") && line.contains("click-43"))
    };
    chassis::testing::eventually("the warning is in the log", logged).await;
}

async fn traced(till: &Till, order: Id) {
    let pay = till.pay(order, "999.99").header("x-request-id", "click-42");
    let pay = pay.header("traceparent", format!("00-{TRACE_ID}-{SPAN_ID}-01"));
    let pay = pay.header("tracestate", "vendor=opaque").header("baggage", "lab=alice");
    pay.await;
}

#[track_caller]
fn is_traced(webhook: &Recorded) {
    let traceparent = webhook.header("traceparent").unwrap_or_default();
    let fields: Vec<&str> = traceparent.split('-').collect();
    let [version, trace_id, span_id, flags] = fields[..] else { panic!("{traceparent}") };
    assert_eq!((version, trace_id, flags), ("00", TRACE_ID, "01"));
    assert_ne!(span_id, SPAN_ID);
    assert_eq!(webhook.header("tracestate"), Some("vendor=opaque"));
    assert_eq!(webhook.header("baggage"), Some("lab=alice"));
}
