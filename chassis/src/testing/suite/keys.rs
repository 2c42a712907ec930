//! Who may ask.

use super::Subject;
use crate::http::auth::API_KEY_HEADER;
use crate::testing::{Answer, RawConnection};

/// A key with capital letters, so that a test can get only their case wrong.
const RIGHT: &str = "Right-Key-0123456789";

/// Whoever guesses learns nothing from the answer.
pub async fn a_missing_and_a_wrong_key_get_the_same_answer(subject: &Subject) {
    let service = subject.program.clone().set("API_KEY", RIGHT).start().await;
    let near = [&RIGHT[1..], &RIGHT[..19], "right-key-0123456789", "Right-Key-0123456789,"];

    refused(&service.get(subject.get).without_key().await);
    refused(&service.get(subject.get).header(API_KEY_HEADER, RIGHT).await);
    refused(&service.get(subject.get).key("").await);
    refused(&service.get(subject.get).key("secret-key-123").await);
    for key in near {
        refused(&service.get(subject.get).key(key).await);
    }

    service.get(subject.get).await.expect_status(200);
}

/// A stranger cannot make a service read or judge anything.
pub async fn the_key_is_checked_before_anything_else(subject: &Subject) {
    let service = subject.program.clone().start().await;

    refused(&service.request("PATCH", subject.get).without_key().await);
    refused(&service.post(subject.post).without_key().body("{ broken").await);

    // The body is announced and never sent; the answer comes all the same.
    let head = format!("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", subject.post);
    let mut connection = RawConnection::open(service.address()).await;
    connection.send(head).await;
    let heard = connection.read_until("Invalid API Key").await;
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard}");
}

/// What a supervisor, a scraper or a newcomer must see.
pub async fn health_documents_and_metrics_need_no_key(subject: &Subject) {
    let service = subject.program.clone().start().await;

    let health = service.get("/health").without_key().await.expect_status(200);
    service.get("/openapi.json").without_key().await.expect_status(200);
    service.get("/docs").without_key().await.expect_status(308);
    service.get("/docs/").without_key().await.expect_status(200);
    service.get("/metrics").without_key().await.expect_status(200);

    assert_eq!(health["database"], "connected");
    refused(&service.get("/internal/health").without_key().await);
    service.get("/internal/health").await.expect_status(200);
}

/// While a key is rotated, the old and the new one work.
pub async fn every_listed_key_is_accepted(subject: &Subject) {
    let keys = format!("{RIGHT}, old-key-0123456789");
    let service = subject.program.clone().set("API_KEY", keys).start().await;

    service.get(subject.get).key(RIGHT).await.expect_status(200);
    service.get(subject.get).key("old-key-0123456789").await.expect_status(200);

    refused(&service.get(subject.get).key("old-key-0123456789, old-key-0123456789").await);
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!(answer.expect_text(401), r#"{"detail":"Invalid API Key"}"#);
    assert_eq!(answer.expect_header("content-type"), "application/json");
    assert_eq!(answer.expect_header("www-authenticate"), "ApiKey");
}
