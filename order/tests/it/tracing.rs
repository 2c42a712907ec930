//! What the other services learn about the request that a message belongs to.

use chassis::testing::{Recorded, Request};

use crate::support::{Shop, id_of};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn the_catalog_hears_of_the_same_trace_from_a_new_span() {
    let shop = Shop::open().await;

    traced(shop.place("user1")).await.expect_status(201);

    let question = &shop.catalog.requests()[0];
    is_traced(question);
    assert_eq!(question.header("x-request-id"), Some("click-42"));
}

#[tokio::test]
async fn a_message_that_is_sent_later_still_belongs_to_its_trace() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    let order = id_of(&traced(shop.place("user1")).await.expect_status(201));

    shop.catalog.accept();
    shop.reaches(order, "CREATED HELD").await;

    is_traced(&shop.catalog.requests()[0]);
}

#[tokio::test]
async fn a_release_belongs_to_the_trace_of_the_cancellation() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.catalog.forget();

    traced(shop.order.post(&format!("/orders/{order}/cancel"))).await.expect_status(200);
    shop.reaches(order, "CANCELLED RELEASED").await;

    is_traced(&shop.catalog.requests()[0]);
}

#[tokio::test]
async fn the_catalog_is_asked_with_the_first_of_our_keys() {
    let keys = "first-key-0123456789,second-key-0123456789";
    let shop = Shop::open_with(&[("API_KEY", keys)]).await;

    shop.placed().await;

    let question = &shop.catalog.requests()[0];
    assert_eq!(question.header("x-api-key"), Some("first-key-0123456789"));
}

fn traced(request: Request) -> Request {
    request
        .header("x-request-id", "click-42")
        .header("traceparent", format!("00-{TRACE_ID}-{SPAN_ID}-01"))
        .header("tracestate", "vendor=opaque")
        .header("baggage", "lab=alice")
}

#[track_caller]
fn is_traced(message: &Recorded) {
    let traceparent = message.header("traceparent").unwrap_or_default();
    let fields: Vec<&str> = traceparent.split('-').collect();
    let [version, trace_id, span_id, flags] = fields[..] else { panic!("{traceparent}") };
    assert_eq!((version, trace_id, flags), ("00", TRACE_ID, "01"));
    assert_ne!(span_id, SPAN_ID);
    assert_eq!(message.header("tracestate"), Some("vendor=opaque"));
    assert_eq!(message.header("baggage"), Some("lab=alice"));
}
