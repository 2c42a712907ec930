//! The lab is behind a door of its own, and only the listed rooms are.

use crate::support::Gate;

const ROOMS: [(&str, &str, &str); 15] = [
    ("GET", "/lab/cart/faults", "cart GET /internal/faults"),
    ("PUT", "/lab/cart/faults", "cart PUT /internal/faults"),
    ("DELETE", "/lab/catalog/faults", "catalog DELETE /internal/faults"),
    ("POST", "/lab/payment/crash", "payment POST /internal/crash"),
    ("DELETE", "/lab/payment/crash?only_for=ann", "payment DELETE /internal/crash?only_for=ann"),
    ("PUT", "/lab/order/policy", "order PUT /internal/policy"),
    ("DELETE", "/lab/order/policy?untagged=true", "order DELETE /internal/policy?untagged=true"),
    (
        "GET",
        "/lab/order/traces/0af7651916cd43dd8448eb211c80319c",
        "order GET /internal/traces/0af7651916cd43dd8448eb211c80319c",
    ),
    ("GET", "/lab/order/outbox", "order GET /internal/outbox"),
    ("GET", "/lab/order/outbox?state=dead", "order GET /internal/outbox?state=dead"),
    (
        "POST",
        "/lab/payment/outbox/01997f3e-7a51-7000-8000-000000000001/replay",
        "payment POST /internal/outbox/01997f3e-7a51-7000-8000-000000000001/replay",
    ),
    ("GET", "/lab/catalog/ledger", "catalog GET /internal/ledger"),
    ("POST", "/lab/cart/reset", "cart POST /internal/reset"),
    ("GET", "/lab/cart/health", "cart GET /internal/health"),
    ("GET", "/lab//payment/./health", "payment GET /internal/health"),
];

/// Rooms that are not open to anybody outside, lab or not.
const CLOSED: [&str; 22] = [
    "/lab",
    "/lab/",
    "/lab/cart",
    "/lab/cart/",
    "/lab/cart/events",
    "/lab/cart/Faults",
    "/lab/cart/faults/",
    "/lab/cart/faults/x",
    "/lab/cart/faultsx",
    "/lab/CART/faults",
    "/lab/nginx/faults",
    "/lab/catalog/reservations/42",
    "/lab/catalog/reservations/42/commit",
    "/lab/payment/refunds",
    "/lab/order/traces",
    "/lab/order/traces/",
    "/lab/order/traces/..%2Freservations",
    "/lab/order/traces/a.b",
    "/lab/order/outbox/1/2/replay",
    "/lab/order/outbox/1",
    "/lab/cart/internal/faults",
    "/lab/cart/health/internal/events",
];

#[tokio::test]
async fn the_open_lab_has_exactly_the_listed_rooms() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    for (method, path, expected) in ROOMS {
        gate.forget();
        gate.client().request(method, path).await.expect_status(200);
        assert_eq!(gate.last_heard(), expected);
    }
    gate.forget();

    for path in CLOSED {
        let reply = gate.get_exactly(path).await;
        reply.expect_problem(404, "Not found");
    }
    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn the_closed_lab_has_no_rooms() {
    let gate = Gate::open_with(&[("LAB", "0")]).await;

    for path in ROOMS.iter().map(|(_, path, _)| path).chain(&CLOSED) {
        gate.get_exactly(path).await.expect_problem(404, "Not found");
    }

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn the_lab_is_closed_unless_somebody_opens_it() {
    let gate = Gate::open().await;

    gate.client().get("/lab/cart/faults").await.expect_problem(404, "Not found");
}
