//! What every answer says about itself, and which ids go through.

use chassis::testing::{Answer, eventually};
use e2e::Shop;

use crate::support::{Gate, KEY, send};

/// Headers that protect whoever looks at an answer in a browser.
const PROTECTION: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[track_caller]
fn expect_protected(answer: &Answer) {
    let all = |name: &str| answer.headers.get_all(name).iter().collect::<Vec<_>>();
    for (name, value) in PROTECTION {
        assert_eq!(all(name), [value], "{name} of {answer}");
    }
    assert_eq!(all("permissions-policy").len(), 1, "{answer}");
    assert_eq!(all("x-request-id").len(), 1, "{answer}");
    assert_eq!(all("server"), ["nginx"], "no version, {answer}");
    let policies = all("content-security-policy");
    assert_eq!(policies.len(), 1, "{answer}");
    let policy = policies[0].to_str().expect("it is text");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn every_kind_of_answer_protects_its_reader() {
    let mut shop = Shop::plan().nginx().set_nginx("LAB", 1).start().await;
    shop.payment.kill().await;

    for (path, status) in [
        ("/", 200),
        ("/js/main.js", 200),
        ("/images/mouse.svg", 200),
        ("/nothing", 404),
        ("/health", 200),
        ("/health/cart", 200),
        ("/health/payment", 503),
        ("/docs", 200),
        ("/docs/", 301),
        ("/docs/cart", 301),
        ("/docs/cart/", 200),
        ("/docs/cart/openapi.json", 200),
        ("/docs/cart/nothing.js", 404),
        ("/api/catalog", 200),
        ("/api/catalog/products/999", 404),
        ("/api/cart/user%201", 422),
        ("/api/nothing", 404),
        ("/api/payments", 503),
        ("/lab/nothing", 404),
    ] {
        let answer = shop.outside().get(path).await;
        assert_eq!(answer.status, status, "{answer}");
        expect_protected(&answer);
    }
    for (method, path, status) in [("POST", "/", 405), ("PATCH", "/api/catalog", 405)] {
        let answer = shop.outside().request(method, path).await;
        assert_eq!(answer.status, status, "{answer}");
        expect_protected(&answer);
    }
    let answer = shop.outside().get("/api/catalog").without_key().await;
    answer.expect_status(401);
    expect_protected(&answer);
    let answer = shop.outside().post("/api/pay").body(vec![0; 70_000]).await;
    answer.expect_status(413);
    expect_protected(&answer);
}

#[tokio::test]
async fn a_malformed_request_is_answered_with_protection_as_well() {
    let gate = Gate::open().await;

    let reply = gate.get_exactly("/%00").await;

    assert_eq!(reply.status, 400);
    assert_eq!(reply.headers("server"), ["nginx"]);
    assert_eq!(reply.headers("x-content-type-options"), ["nosniff"]);
    assert_eq!(reply.headers("content-security-policy").len(), 1);
}

#[tokio::test]
async fn a_sane_request_id_goes_all_the_way_and_back() {
    let shop = Shop::with_nginx().await;
    let longest = "x".repeat(128);

    for id in ["click-42", "a.b_c-D9", &longest] {
        for path in ["/api/catalog", "/api/nothing", "/", "/docs/cart/"] {
            let answer = shop.outside().get(path).header("x-request-id", id).await;
            assert_eq!(answer.expect_header("x-request-id"), id, "{answer}");
        }
    }
    let id = "click-42";
    eventually("nginx has logged it", async || {
        shop.nginx().log().contains(&format!("request_id={id} "))
    })
    .await;
    eventually("the catalog has logged it", async || {
        shop.catalog.has_logged(&format!("\"request_id\":\"{id}\""))
    })
    .await;
}

#[tokio::test]
async fn another_request_id_is_replaced_by_one_that_all_logs_share() {
    let gate = Gate::open().await;
    let too_long = "x".repeat(129);

    for id in ["", "a b", "a\tb", "a/b", "a\"b", "a=b", "\u{e4}", &too_long] {
        gate.forget();
        let headers = format!("X-API-Key: {KEY}\r\nX-Request-Id: {id}\r\n");
        let reply = send(gate.nginx.address(), "GET", b"/api/catalog", &headers).await;

        let new = reply.header("x-request-id").expect("an id comes back").to_owned();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
        assert!(new.len() >= 16 && new.bytes().all(is_plain), "{new:?} for {id:?}");
        assert_eq!(gate.catalog.requests()[0].header("x-request-id"), Some(&*new));
        let line = format!("request_id={new} ");
        eventually("nginx has logged it", async || gate.nginx.log().contains(&line)).await;
    }
}

#[tokio::test]
async fn the_context_of_a_trace_goes_through_untouched() {
    let gate = Gate::open().await;
    let context = [
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ("baggage", "lab=student7,userId=alice"),
        ("idempotency-key", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
        ("if-none-match", "\"abc\""),
    ];

    let mut request = gate.client().post("/api/orders?user_id=user1");
    for (name, value) in context {
        request = request.header(name, value);
    }
    request.await.expect_status(200);

    let heard = &gate.order.requests()[0];
    for (name, value) in context {
        assert_eq!(heard.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_service_learns_who_asked_from_nginx_and_not_from_the_client() {
    let gate = Gate::open().await;

    let request = gate.client().get("/api/catalog");
    let request =
        request.header("x-forwarded-for", "10.0.0.1").header("x-forwarded-proto", "https");
    request.await.expect_status(200);

    let heard = &gate.catalog.requests()[0];
    let all = |name: &str| heard.headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(all("x-forwarded-proto"), ["http"]);
    assert_eq!(heard.header("connection"), None, "the connection is kept");
}
