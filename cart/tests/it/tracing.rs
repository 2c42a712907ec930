//! What the cart tells the catalog about the request it works for.

use crate::support::Shop;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn the_catalog_hears_of_the_same_trace_from_a_new_span() {
    let shop = Shop::open().await;

    let add = shop.add("user1", 1, 1);
    let add = add.header("traceparent", format!("00-{TRACE_ID}-{SPAN_ID}-01"));
    add.header("tracestate", "vendor=opaque").await.expect_status(200);

    let question = &shop.catalog.requests()[0];
    let fields: Vec<&str> = question.header("traceparent").unwrap_or_default().split('-').collect();
    assert_eq!((fields[0], fields[1], fields[3]), ("00", TRACE_ID, "01"));
    assert_ne!(fields[2], SPAN_ID);
    assert_eq!(question.header("tracestate"), Some("vendor=opaque"));
}

#[tokio::test]
async fn baggage_and_request_id_are_passed_on() {
    let shop = Shop::open().await;

    let add = shop.add("user1", 1, 1).header("baggage", "lab=alice;ttl=60,theme=dark");
    add.header("x-request-id", "click-42").await.expect_status(200);

    let question = &shop.catalog.requests()[0];
    assert_eq!(question.header("baggage"), Some("lab=alice;ttl=60,theme=dark"));
    assert_eq!(question.header("x-request-id"), Some("click-42"));
}

#[tokio::test]
async fn the_catalog_is_asked_with_the_first_of_our_keys() {
    let keys = "first-key-0123456789,second-key-0123456789";
    let shop = Shop::open_with(&[("API_KEY", keys)]).await;

    shop.add("user1", 1, 1).await.expect_status(200);

    let question = &shop.catalog.requests()[0];
    assert_eq!(question.header("x-api-key"), Some("first-key-0123456789"));
}

#[tokio::test]
async fn the_log_ties_an_unchecked_add_to_its_request() {
    let shop = Shop::open().await;
    shop.catalog.refuse();

    shop.add("user1", 1, 1).header("x-request-id", "click-43").await.expect_status(200);

    let is_warning = |line: &&String| line.contains("unchecked") && line.contains("click-43");
    assert_eq!(shop.cart.log_lines().iter().filter(is_warning).count(), 1);
}
