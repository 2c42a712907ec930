//! `Idempotency-Key` on `POST /products` and `POST /categories`.

use std::collections::BTreeSet;

use chassis::http::auth::DEMO_KEY;
use chassis::testing::{all_at_once, raw_request};
use serde_json::json;

use crate::support::{Shelf, id_of, mug};

#[tokio::test]
async fn the_same_key_twice_makes_one_product_and_replays_the_answer() {
    let shelf = Shelf::open().await;

    let first = shelf.create(&mug(5)).idempotency_key("k").await;
    let second = shelf.create(&mug(5)).idempotency_key("k").await;

    assert_eq!(first.expect_text(201), second.expect_text(201));
    assert_eq!(first.expect_header("location"), second.expect_header("location"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(shelf.list().await.len(), 13);
}

#[tokio::test]
async fn a_replay_shows_the_product_as_it_was() {
    let shelf = Shelf::open().await;
    let first = shelf.create(&mug(5)).idempotency_key("k").await;
    shelf.replace(13, &mug(99)).await.expect_status(200);

    let repeat = shelf.create(&mug(5)).idempotency_key("k").await;

    assert_eq!(repeat.expect_text(201), first.expect_text(201));
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let shelf = Shelf::open().await;
    shelf.create(&mug(5)).idempotency_key("k").await.expect_status(201);

    let other = shelf.create(&mug(6)).idempotency_key("k").await;
    let elsewhere = shelf.catalog.post("/categories").json(&json!({ "name": "Mug" }));
    let elsewhere = elsewhere.idempotency_key("k").await;

    let sentence = "Idempotency-Key: was used for a different request";
    other.expect_problem(422, sentence);
    elsewhere.expect_problem(422, sentence);
    assert_eq!(shelf.list().await.len(), 13);
}

#[tokio::test]
async fn another_key_makes_another_product() {
    let shelf = Shelf::open().await;

    let one = shelf.create(&mug(5)).idempotency_key("a").await.expect_status(201);
    let other = shelf.create(&mug(5)).idempotency_key("A").await.expect_status(201);

    assert_ne!(id_of(&one), id_of(&other));
}

#[tokio::test]
async fn a_key_means_the_same_with_and_without_quotes() {
    let shelf = Shelf::open().await;

    shelf.create(&mug(5)).idempotency_key("k").await.expect_status(201);
    let quoted = shelf.create(&mug(5)).idempotency_key("\"k\"").await;

    assert_eq!(quoted.expect_header("idempotency-replayed"), "true");
    assert_eq!(shelf.list().await.len(), 13);
}

#[tokio::test]
async fn a_key_has_1_to_255_characters() {
    let shelf = Shelf::open().await;
    let sentence = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters";

    for wrong in [
        "",
        " ",
        "\"\"",
        "k\u{e9}",
        "a b",
        "a\tb",
        "\"",
        "\"abc",
        "abc\"",
        "\"a\", \"b\"",
        "\"a\",\"b\"",
        &"k".repeat(256),
    ] {
        let answer = shelf.create(&mug(5)).idempotency_key(wrong).await;
        answer.expect_problem(400, sentence);
    }
    let two = shelf.create(&mug(5)).idempotency_key("a").idempotency_key("b").await;
    two.expect_problem(400, sentence);
    assert_eq!(shelf.list().await.len(), 12);

    for right in ["k", &"k".repeat(255), &format!("\"{}\"", "q".repeat(255))] {
        shelf.create(&mug(5)).idempotency_key(right).await.expect_status(201);
    }
}

/// A client may write the host into the first line or leave it out; the request is the same.
#[tokio::test]
async fn a_repeat_may_spell_out_the_host() {
    let shelf = Shelf::open().await;
    let address = shelf.catalog.address();
    shelf.create(&mug(5)).idempotency_key("k").await.expect_status(201);
    let body = mug(5).to_string();

    let request = format!(
        "POST http://{address}/products HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {DEMO_KEY}\r\n\
         Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let heard = raw_request(address, request).await;

    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.starts_with("HTTP/1.1 201 "), "{heard}");
    assert!(heard.contains("idempotency-replayed: true"), "{heard}");
}

#[tokio::test]
async fn twenty_parallel_requests_with_one_key_make_one_product() {
    let shelf = Shelf::open().await;

    let answers = all_at_once((0..20).map(|_| shelf.create(&mug(5)).idempotency_key("k"))).await;

    let ids: BTreeSet<i64> = answers.iter().map(|it| id_of(&it.expect_status(201))).collect();
    let fresh = answers.iter().filter(|it| it.header("idempotency-replayed").is_none()).count();
    assert_eq!((ids.len(), fresh), (1, 1));
    assert_eq!(shelf.list().await.len(), 13);
}

#[tokio::test]
async fn a_refusal_that_rests_on_the_shelf_is_replayed() {
    let shelf = Shelf::open().await;
    let mut draft = mug(5);
    draft["category_id"] = json!(5);
    let first = shelf.create(&draft).idempotency_key("k").await;
    first.expect_problem(422, "category_id: there is no category 5");
    let garden = json!({ "name": "Garden" });
    shelf.catalog.post("/categories").json(&garden).await.expect_status(201);

    let repeat = shelf.create(&draft).idempotency_key("k").await;

    assert_eq!(repeat.expect_text(422), first.expect_text(422));
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    shelf.create(&draft).idempotency_key("another").await.expect_status(201);
}

#[tokio::test]
async fn the_same_key_twice_makes_one_category() {
    let shelf = Shelf::open().await;
    let add = || {
        let request = shelf.catalog.post("/categories").json(&json!({ "name": "Garden" }));
        request.idempotency_key("k")
    };

    let first = add().await;
    let second = add().await;

    assert_eq!(first.expect_text(201), second.expect_text(201));
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_category_that_was_refused_is_refused_again() {
    let shelf = Shelf::open().await;
    let add = || {
        let request = shelf.catalog.post("/categories").json(&json!({ "name": "Audio" }));
        request.idempotency_key("k")
    };
    add().await.expect_status(409);
    let sound = json!({ "name": "Sound" });
    shelf.catalog.put("/categories/3").json(&sound).await.expect_status(200);

    let repeat = add().await;

    repeat.expect_problem(409, "A category named Audio exists already");
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_key_outlives_a_crash() {
    let mut shelf = Shelf::open().await;
    let first = shelf.create(&mug(5)).idempotency_key("k").await.expect_text(201);

    shelf.catalog.restart().await;
    let repeat = shelf.create(&mug(5)).idempotency_key("k").await;

    assert_eq!(repeat.expect_text(201), first);
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}
