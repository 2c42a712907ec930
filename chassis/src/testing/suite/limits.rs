//! What a service does not put up with, and who must not suffer for it.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Subject;
use crate::http::auth::DEMO_KEY;
use crate::testing::{Process, RawConnection, raw_request};

/// What an undisturbed request takes at most, with a lot to spare: these machines are small.
const SOON: Duration = Duration::from_secs(2);

/// Five hundred clients that send half a request head are gone after 5 s.
pub async fn half_a_head_is_cut_off_and_holds_nobody_up(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..500 {
        let mut client = RawConnection::open(service.address()).await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Half").await;
        clients.spawn(async move { client.read_to_end().await });
    }

    is_served(&service, subject).await;
    clients.join_all().await;

    let took = started.elapsed();
    assert!((4..9).contains(&took.as_secs()), "they were cut off after {took:?}");
    is_served(&service, subject).await;
}

/// A time-out between two bytes would not stop this client; one for the whole body does.
pub async fn a_trickled_body_is_cut_off_and_holds_nobody_up(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let started = Instant::now();
    let mut client = RawConnection::open(service.address()).await;
    client.send(head(subject, "Content-Length: 1000")).await;

    let (heard, ()) = tokio::join!(
        client.trickle_until(b' ', Duration::from_millis(200), "HTTP/1.1"),
        is_served(&service, subject),
    );

    assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
    let took = started.elapsed();
    assert!((9..14).contains(&took.as_secs()), "it was cut off after {took:?}");
}

/// It asks for more than the kernel keeps for it, and takes none of it.
pub async fn a_client_that_never_reads_is_cut_off(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let client = {
        let mut client = RawConnection::open(service.address()).await;
        let page = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n";
        client.send(page.repeat(100)).await;
        client
    };

    is_served(&service, subject).await;
    assert!(!client.is_broken(), "it has hardly begun");

    let deadline = Instant::now() + Duration::from_secs(30);
    while !client.is_broken() {
        assert!(Instant::now() < deadline, "it is still connected");
        sleep(Duration::from_millis(100)).await;
    }
}

/// The limit is where the document says it is.
pub async fn a_body_of_64_kib_is_read_and_one_byte_more_is_not(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let spaces = vec![b' '; 64 * 1024 + 1];

    let within = service.post(subject.post).unchecked().body(&spaces[1..]).await;
    let beyond = service.post(subject.post).body(spaces).await;

    assert!(within.status < 500 && within.status != 413, "{within}");
    beyond.expect_problem(413, "The body is larger than 65536 bytes");
}

/// A length that is announced saves the reading; one that is not does not help.
pub async fn ten_megabytes_are_refused_with_and_without_a_length(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let megabytes = vec![b' '; 10_000_000];

    let mut announced = head(subject, "Content-Length: 10000000").into_bytes();
    announced.extend_from_slice(&megabytes);
    let mut chunked = head(subject, "Transfer-Encoding: chunked").into_bytes();
    for chunk in megabytes.chunks(10_000) {
        chunked.extend_from_slice(b"2710\r\n"); // 10,000 in hexadecimal
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");

    for request in [announced, chunked] {
        let heard = raw_request(service.address(), request).await;
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
        is_served(&service, subject).await;
    }
}

fn head(subject: &Subject, header: &str) -> String {
    let path = subject.post;
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nX-API-Key: {DEMO_KEY}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n{header}\r\n\r\n"
    )
}

async fn is_served(service: &Process, subject: &Subject) {
    let started = Instant::now();
    service.get(subject.get).await.expect_status(200);
    let took = started.elapsed();
    assert!(took < SOON, "an honest client waited {took:?}");
}
