//! What services tell each other stays among them, however the path is spelled.

use e2e::{Shop, shopping::id_of};

use crate::support::{Gate, KEY, send};

/// Spellings of the webhook of order 42. Some are the webhook in disguise, the others nonsense.
const WEBHOOKS: [&str; 27] = [
    "/api/orders/42/payment",
    "/api/orders/42/payment/",
    "/api/orders/42/payment?x=1",
    "/api/orders/42/payment/x",
    "/api/orders/42/%70ayment",
    "/api/orders/42/%70%61%79%6d%65%6e%74",
    "/api/orders/42/Payment",
    "/api/orders/42/PAYMENT",
    "/api/orders/42%2Fpayment",
    "/api/orders/42%2fpayment",
    "/api/orders/42//payment",
    "/api//orders//42//payment",
    "//api/orders/42/payment",
    "/api/orders/42/./payment",
    "/api/orders/./42/payment",
    "/api/orders/42/x/../payment",
    "/api/orders/x/../42/payment",
    "/api/cart/../orders/42/payment",
    "/api/cart/%2e%2e/orders/42/payment",
    "/api/orders/42/%2e/payment",
    "/api/orders/42/payment%2F",
    "/api/orders/42/payment%0A",
    "/docs/../api/orders/42/payment",
    "/lab/../api/orders/42/payment",
    "/%61pi/orders/42/payment",
    "http://shop/api/orders/42/payment",
    "/api/orders/42/payment/../payment",
];

/// Spellings that nginx need not know as the webhook, as long as the order does not either.
const NEARLY_WEBHOOKS: [&str; 11] = [
    "/api/orders/42%252Fpayment",
    "/api/orders/42/%2570ayment",
    "/api/orders/42/payment;a=b",
    "/api/orders/42/payment%3Ba=b",
    "/api/orders/42;a/payment",
    "/api/orders/42/payment%20",
    "/api/orders/42/%20payment",
    "/api/orders/42/payment%09",
    "/api/orders/42/payment%2500",
    "/api/orders/42/payment%5C",
    "/api/orders/42\\payment",
];

#[tokio::test]
async fn the_webhook_is_unreachable_in_every_spelling() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for target in WEBHOOKS {
        for method in ["POST", "GET", "PUT"] {
            let headers = format!("X-API-Key: {KEY}\r\nContent-Length: 0\r\n");
            let reply = send(gate.nginx.address(), method, target.as_bytes(), &headers).await;
            assert_eq!(reply.status, 404, "{method} {target}: {reply:#?}");
        }
    }

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn no_spelling_at_all_pays_a_real_order() {
    // Without a secret the order would take any webhook that reaches it.
    let shop = Shop::plan().nginx().set_all("WEBHOOK_SECRET", "").start().await;
    let order = shop.order_one("user1", 2).await;
    let id = id_of(&order);

    for target in WEBHOOKS.into_iter().chain(NEARLY_WEBHOOKS) {
        let target = target.replace("42", id);
        let headers = format!("X-API-Key: {KEY}\r\nContent-Length: 0\r\n");
        let reply = send(shop.nginx().address(), "POST", target.as_bytes(), &headers).await;
        assert!((400..500).contains(&reply.status), "{target}: {reply:#?}");
    }

    assert_eq!(shop.order(id).await["status"], "CREATED");
}

#[tokio::test]
async fn bytes_that_no_path_may_hold_reach_nobody() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for target in [
        &b"/api/orders/42/payment%00"[..],
        b"/api/orders/42/\0payment",
        b"/api/orders/42/%70%61yment%0",
        b"/api/orders/42/payment\x7f/../../../..",
        b"/api/../../orders",
        b"/api/orders/%2e%2e/%2e%2e/%2e%2e/etc",
        b"/docs/cart/..%2f..%2f..%2finternal",
        b"/api/%zz",
    ] {
        let headers = format!("X-API-Key: {KEY}\r\n");
        let reply = send(gate.nginx.address(), "GET", target, &headers).await;
        reply.expect_problem(400, "The request is malformed");
    }

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn nothing_internal_is_reachable_in_any_spelling() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;
    let inside =
        ["internal/health", "internal/reservations/42", "internal/events", "internal", "metrics"];
    let prefixes = [
        "/",
        "/api/catalog/",
        "/api/catalog//",
        "/api/catalog/./",
        "/api/catalog/x/../",
        "/api/catalog/%2e/",
        "/api/cart/../catalog/",
        "/docs/catalog/../",
        "/docs/catalog/..%2f",
        "/health/catalog/",
        "/health/catalog/../",
        "/lab/catalog/",
        "/lab/catalog/../",
        "/lab/catalog/faults/../",
        "/lab/catalog/traces/..%2f..%2f",
        "/lab/",
        "/api/",
        "/images/",
        "//",
    ];

    for prefix in prefixes {
        for name in inside {
            let shouted = name.to_uppercase();
            let encoded = name.replacen('i', "%69", 1).replacen('m', "%6D", 1);
            let slashed = name.replace('/', "%2F");
            for name in [name, &shouted, &encoded, &slashed, &format!("{name}/")] {
                let target = format!("{prefix}{name}");
                let reply = gate.get_exactly(&target).await;
                assert_eq!(reply.status, 404, "{target}: {reply:#?}");
            }
        }
    }

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn behind_the_documents_there_are_only_documents() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for name in ["internal", "metrics", "health", "..", "%2e%2e", "...", "%2E%2E%2Fmetrics"] {
        gate.get_exactly(&format!("/docs/catalog/{name}")).await;
    }

    let heard: Vec<_> = gate.heard().into_iter().map(|(_, request)| request.path).collect();
    assert_eq!(heard, ["/docs/internal", "/docs/metrics", "/docs/health", "/docs/..."]);
}

#[tokio::test]
async fn what_looks_internal_to_the_other_services_is_not_routed_to_them() {
    let shop = Shop::with_nginx().await;

    for path in [
        "/api/cart/../internal/health",
        "/api/cart/internal/events",
        "/api/orders/../internal/health",
        "/api/orders/internal/health",
        "/api/payments/internal/refunds",
        "/api/payments/../internal/refunds",
        "/api/catalog/internal;x/health",
        "/api/catalog/internal%3B/health",
        "/api/catalog/%2569nternal/health",
        "/api/catalog/internal%252Fhealth",
    ] {
        let headers = format!("X-API-Key: {KEY}\r\n");
        let reply = send(shop.nginx().address(), "GET", path.as_bytes(), &headers).await;
        assert!([404, 405, 422].contains(&reply.status), "{path}: {reply:#?}");
        assert!(!reply.body.contains("resident_bytes"), "{reply:#?}");
    }
}

#[tokio::test]
async fn signatures_do_not_come_through_the_door() {
    let gate = Gate::open().await;

    for path in ["/api/orders/42", "/api/pay", "/api/cart/user1", "/api/catalog"] {
        let request = gate.client().post(path);
        let request = request.header("webhook-id", "msg_1").header("Webhook-Timestamp", "1");
        let request =
            request.header("WEBHOOK-SIGNATURE", "v1,x").header("webhook-signature", "v1,y");
        request.await.expect_status(200);
    }

    for (_, request) in gate.heard() {
        let names: Vec<_> = request.headers.keys().map(|name| name.as_str()).collect();
        assert!(!names.iter().any(|name| name.starts_with("webhook")), "{names:?}");
    }
    assert_eq!(gate.heard().len(), 4);
}
