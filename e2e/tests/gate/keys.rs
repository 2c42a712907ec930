//! Nobody gets through without a key, and everybody hears the same.

use e2e::{Plan, Service, Shop};

use crate::support::{Gate, KEY, Reply, send};

/// Headers that hold no key.
const STRANGERS: [&str; 14] = [
    "",
    "X-API-Key:\r\n",
    "X-API-Key: \r\n",
    "X-API-Key: secret-key-12\r\n",
    "X-API-Key: secret-key-1234\r\n",
    "X-API-Key: SECRET-KEY-123\r\n",
    "X-API-Key: secret-key-123 secret-key-123\r\n",
    "X-API-Key: \"secret-key-123\"\r\n",
    "X-API-Key: secret-key-123,\r\n",
    "X-API-Key: secret.key.123\r\n",
    "X-API-Key: .*\r\n",
    "X_API_Key: secret-key-123\r\n",
    "Authorization: Bearer secret-key-123\r\n",
    "Cookie: X-API-Key=secret-key-123\r\n",
];

#[track_caller]
fn expect_stranger(reply: &Reply) {
    assert_eq!(reply.status, 401, "{reply:#?}");
    assert_eq!(reply.body, r#"{"detail":"Invalid API Key"}"#);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.headers("www-authenticate"), ["ApiKey"]);
}

#[tokio::test]
async fn every_spelling_of_no_key_gets_the_same_401() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for path in
        ["/api/catalog", "/api/cart/user1", "/api/nothing", "/lab/cart/faults", "/api", "/lab"]
    {
        for headers in STRANGERS {
            let reply = send(gate.nginx.address(), "GET", path.as_bytes(), headers).await;
            expect_stranger(&reply);
        }
    }

    assert!(gate.heard().is_empty(), "no stranger got through");
}

#[tokio::test]
async fn a_key_in_the_query_is_no_key() {
    let gate = Gate::open().await;

    let target = format!("/api/catalog?X-API-Key={KEY}&api_key={KEY}").into_bytes();
    let reply = send(gate.nginx.address(), "GET", &target, "").await;

    expect_stranger(&reply);
}

#[tokio::test]
async fn two_keys_at_once_are_nobodys_key() {
    let shop = Shop::with_nginx().await;

    for (first, second) in [(KEY, KEY), (KEY, "wrong"), ("wrong", KEY)] {
        let headers = format!("X-API-Key: {first}\r\nX-API-Key: {second}\r\n");
        let reply = send(shop.nginx().address(), "GET", b"/api/catalog", &headers).await;
        expect_stranger(&reply);
    }
}

#[tokio::test]
async fn the_key_is_checked_for_every_method_and_path_before_anything_else() {
    let gate = Gate::open().await;

    for method in
        ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "TRACE", "CONNECT"]
    {
        for path in ["/api/catalog", "/api/nothing", "/api/orders/42/payment"] {
            let reply = send(gate.nginx.address(), method, path.as_bytes(), "").await;
            assert_eq!(reply.status, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn blanks_around_a_key_belong_to_the_header() {
    let gate = Gate::open().await;

    let headers = format!("x-api-KEY:   {KEY}  \r\n");
    let reply = send(gate.nginx.address(), "GET", b"/api/catalog", &headers).await;

    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn during_a_rotation_the_old_and_the_new_key_open_the_door() {
    let plan: Plan = Shop::plan().nginx().set_all("API_KEY", "new-key-0123456789, old.key+(1)|$x");
    let shop = plan.start().await;

    for (key, status) in [
        ("new-key-0123456789", 200),
        ("old.key+(1)|$x", 200),
        ("oldxkey+(1)|$x", 401),
        ("old.key+1", 401),
        ("old.key+(1)", 401),
        ("new-key-0123456789, old.key+(1)|$x", 401),
        (KEY, 401),
    ] {
        let answer = shop.outside().get("/api/catalog").key(key).await;
        assert_eq!(answer.status, status, "{key}: {answer}");
    }
    assert_eq!(shop.buy("user1", 2).await["status"], "PAID");
}

#[tokio::test]
async fn every_printable_character_may_stand_in_a_key() {
    let key: String = ('!'..='~').filter(|character| *character != ',').collect();
    let gate = Gate::open_with(&[("API_KEY", &key)]).await;

    gate.client().get("/api/catalog").await.expect_status(200);

    for position in 0..key.len() {
        let mut wrong = key.clone().into_bytes();
        wrong[position] = if wrong[position] == b'~' { b'!' } else { wrong[position] + 1 };
        let wrong = String::from_utf8(wrong).expect("it is ASCII");
        let answer = gate.client().get("/api/catalog").key(&wrong).await;
        assert_eq!(answer.status, 401, "{wrong}");
    }
}

#[tokio::test]
async fn a_service_that_knows_other_keys_refuses_by_itself() {
    let shop = Shop::plan().nginx().set(Service::Cart, "API_KEY", "another-key-0123").start().await;

    let answer = shop.outside().get("/api/cart/user1").await;

    answer.expect_problem(401, "Invalid API Key");
    assert_eq!(answer.expect_header("www-authenticate"), "ApiKey");
}

#[tokio::test]
async fn what_everybody_may_see_needs_no_key() {
    let shop = Shop::with_nginx().await;

    for path in ["/", "/js/main.js", "/health", "/health/cart", "/docs", "/docs/cart/"] {
        let answer = shop.outside().get(path).without_key().await;
        assert_eq!(answer.status, 200, "{answer}");
    }
}
