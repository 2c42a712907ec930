//! What nginx refuses by itself, it refuses in the words and the form of the services.

use chassis::testing::{RawConnection, raw_request};
use e2e::Shop;
use serde_json::json;

use crate::support::{Gate, KEY, Reply, send};

#[tokio::test]
async fn a_malformed_request_is_400() {
    let gate = Gate::open().await;

    for bytes in [
        "GET /api/catalog HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /api/catalog HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "GET /api/catalog HTTP/1.1\r\nHost: a/b c\r\nConnection: close\r\n\r\n",
        "POST /api/pay HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /api/pay HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /api/pay HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "G\u{fc}T / HTTP/1.1\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let reply = Reply::parse(&raw_request(gate.nginx.address(), bytes).await);
        reply.expect_problem(400, "The request is malformed");
    }
    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn a_chunked_body_that_breaks_off_is_400() {
    let gate = Gate::open().await;
    let head = format!("POST /api/pay HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n");
    let bytes = format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\nnonsense\r\n\r\n");

    let reply = Reply::parse(&raw_request(gate.nginx.address(), bytes).await);

    reply.expect_problem(400, "The request is malformed");
}

/// nginx has 501 and 505 for these, which would say that the server is to blame.
#[tokio::test]
async fn what_nginx_does_not_understand_is_the_clients_mistake() {
    let gate = Gate::open().await;
    let with = |header: &str| {
        format!("POST /api/pay HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n{header}\r\n\r\n")
    };

    for bytes in [
        with("Transfer-Encoding: xchunked"),
        with("Transfer-Encoding: identity"),
        with("Transfer-Encoding: gzip, chunked"),
        "GET /api/catalog HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(),
        "GET /api/catalog HTTP/3.0\r\nHost: a\r\n\r\n".to_owned(),
    ] {
        let reply = Reply::parse(&raw_request(gate.nginx.address(), bytes).await);
        reply.expect_problem(400, "The request is malformed");
    }
    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn whatever_byte_an_address_holds_the_answer_has_words() {
    // More requests than a client has in a burst.
    let shop = Shop::plan().nginx().set_nginx("RATE_LIMIT", "off").start().await;

    for byte in b'!'..=0xff {
        for (start, end) in [("/api/cart/user", ""), ("/api/catalog?q=", ""), ("/api/", "/x?y")] {
            let target = [start.as_bytes(), &[byte], end.as_bytes()].concat();
            let headers = format!("X-API-Key: {KEY}\r\n");
            let reply = send(shop.nginx().address(), "GET", &target, &headers).await;

            let place = format!("{byte:#x} after {start}: {reply:#?}");
            assert!([200, 400, 404, 422].contains(&reply.status), "{place}");
            assert_eq!(reply.header("content-type"), Some("application/json"), "{place}");
            assert!(!reply.body.is_empty(), "{place}");
        }
    }
}

#[tokio::test]
async fn an_address_that_no_service_takes_is_400_and_reaches_nobody() {
    let gate = Gate::open().await;

    for target in [
        &b"/api/catalog?q=\"mouse\""[..],
        b"/api/catalog?q=<b>",
        b"/api/cart/<user>",
        b"/api/cart/`user`",
        b"/?q=\"",
        b"/api/catalog?q=\xff",
        b"/api/catalog?q=\xc0\xaf",
        b"/api/catalog?q=\xed\xa0\x80",
        b"/api/catalog?q=\xf4\x90\x80\x80",
        b"/api/catalog?q=\xc3",
    ] {
        let headers = format!("X-API-Key: {KEY}\r\n");
        let reply = send(gate.nginx.address(), "GET", target, &headers).await;
        let detail = "The address holds a character that must be percent-encoded";
        reply.expect_problem(400, detail);
    }
    assert!(gate.heard().is_empty(), "{:?}", gate.heard());

    // What a shell sends when somebody types an umlaut, a currency sign or a face.
    for target in ["/api/catalog?q=\u{c4}pfel", "/api/cart/\u{20ac}", "/api/cart/\u{1f600}`"] {
        let status = if target.ends_with('`') { 400 } else { 200 };
        assert_eq!(gate.get_exactly(target).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn methods_that_nginx_ends_are_405_for_those_with_a_key() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for method in ["TRACE", "CONNECT"] {
        for (path, allow) in [
            ("/api/pay", "GET, HEAD, POST, PUT, DELETE"),
            ("/lab/cart/faults", "GET, HEAD, POST, PUT, DELETE"),
            ("/", "GET, HEAD"),
        ] {
            let headers = format!("X-API-Key: {KEY}\r\n");
            let reply = send(gate.nginx.address(), method, path.as_bytes(), &headers).await;
            reply.expect_problem(405, "Method not allowed");
            assert_eq!(reply.headers("allow"), [allow], "{method} {path}");
        }
        let stranger = send(gate.nginx.address(), method, b"/api/pay", "").await;
        stranger.expect_problem(401, "Invalid API Key");
        assert_eq!(stranger.headers("www-authenticate"), ["ApiKey"]);
    }
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for path in ["/nothing", "/api/nothing", "/lab/nothing", "/docs/nothing", "/health/nothing"] {
        gate.client().get(path).await.expect_problem(404, "Not found");
    }
}

#[tokio::test]
async fn a_page_can_only_be_read() {
    let gate = Gate::open().await;

    for path in ["/", "/js/main.js", "/images/mouse.svg", "/health", "/docs", "/docs/style.css"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = gate.client().request(method, path).await;
            answer.expect_problem(405, "Method not allowed");
            assert_eq!(answer.expect_header("allow"), "GET, HEAD", "{answer}");
        }
    }
}

#[tokio::test]
async fn a_body_above_64_kib_is_413_with_and_without_a_length() {
    let gate = Gate::open().await;
    let too_large = "The body is larger than 65536 bytes";
    let ten_megabytes = vec![b'x'; 10_000_000];

    let answer = gate.client().post("/api/orders").body(vec![b'x'; 65_537]).await;
    answer.expect_problem(413, too_large);

    let head = format!("POST /api/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n");
    let mut with_length = RawConnection::open(gate.nginx.address()).await;
    with_length.send(format!("{head}Content-Length: 10000000\r\n\r\n")).await;
    with_length.send(&ten_megabytes).await;
    Reply::parse(&with_length.read_to_end().await).expect_problem(413, too_large);

    let mut without = RawConnection::open(gate.nginx.address()).await;
    without.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await;
    let chunk = [b"2710\r\n", &ten_megabytes[..10_000], b"\r\n"].concat();
    without.send(chunk.repeat(1_000)).await;
    Reply::parse(&without.read_to_end().await).expect_problem(413, too_large);

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn whoever_has_no_key_hears_that_before_anything_about_the_body() {
    let gate = Gate::open().await;

    let headers = "Content-Length: 10000000\r\n";
    let reply = send(gate.nginx.address(), "POST", b"/api/orders", headers).await;

    reply.expect_problem(401, "Invalid API Key");
}

#[tokio::test]
async fn an_address_that_is_too_long_is_414() {
    let gate = Gate::open().await;

    let reply = gate.get_exactly(&format!("/api/catalog?q={}", "x".repeat(10_000))).await;

    reply.expect_problem(414, "The address is too long");
}

#[tokio::test]
async fn headers_that_are_too_large_are_431() {
    let gate = Gate::open().await;
    let one = format!("X-API-Key: {KEY}\r\nX-Large: {}\r\n", "x".repeat(10_000));
    let many = format!("X-API-Key: {KEY}\r\n{}", "X-Many: of them\r\n".repeat(3_000));

    for headers in [one, many] {
        let reply = send(gate.nginx.address(), "GET", b"/api/catalog", &headers).await;
        reply.expect_problem(431, "The request headers are too large");
    }
}

#[tokio::test]
async fn a_client_that_asks_gets_the_full_form_of_an_error() {
    let gate = Gate::open().await;
    gate.cart.refuse();

    for (method, path, status, title, detail) in [
        ("GET", "/api/nothing", 404, "Not Found", "Not found"),
        ("POST", "/", 405, "Method Not Allowed", "Method not allowed"),
        ("GET", "/api/cart/user1", 503, "Service Unavailable", "cart service is unavailable"),
    ] {
        let accept = "application/json;q=0.5, Application/Problem+JSON";
        let answer = gate.client().request(method, path).header("accept", accept).await;

        let expected =
            json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
        assert_eq!(answer.expect_status(status), expected);
        assert_eq!(answer.expect_header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn only_a_client_that_asks_gets_the_full_form() {
    let gate = Gate::open().await;

    for (accept, is_full) in [
        ("application/problem+json", true),
        ("text/html , application/problem+json;charset=utf-8;q=0.1", true),
        ("application/problem+json;q=0.001, */*", true),
        ("application/problem+json;q=0", false),
        ("application/json, application/problem+json; q=0.000", false),
        ("application/problem+jsonx", false),
        ("x-application/problem+json", false),
    ] {
        let answer = gate.client().get("/api/nothing").header("accept", accept).await;
        let said = answer.expect_header("content-type") == "application/problem+json";
        assert_eq!(said, is_full, "{accept}: {answer}");
    }
}

#[tokio::test]
async fn no_error_is_ever_a_page_of_html() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;
    gate.cart.refuse();
    gate.order.refuse();

    for path in ["/api/cart/user1", "/api/orders", "/api/x", "/lab/cart/faults", "/lab/x", "/x"] {
        for method in ["GET", "POST", "TRACE", "CONNECT", "PROPFIND", "get", "LOCK"] {
            let headers = format!("X-API-Key: {KEY}\r\nAccept: text/html\r\n");
            let reply = send(gate.nginx.address(), method, path.as_bytes(), &headers).await;
            assert!(reply.status >= 400, "{method} {path}: {reply:#?}");
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{method} {path}: {reply:#?}"
            );
        }
    }
}
