//! Query strings survive the door byte for byte.

use crate::support::Gate;

/// Quotes and angle brackets are not among them: no service takes them as they are.
const QUERIES: [&str; 12] = [
    "q=a%2Fb",
    "q=a%2fb",
    "q=a/b",
    "q=a+b%20c",
    "q=100%25",
    "q=%",
    "q=%zz&q=%C3%A4%FF",
    "q=a%00b",
    "a=1&a=2&&=&b",
    "q=..%2F..%2Fpayment/../payment",
    "q=;drop?x#y",
    "?q=''{}|\\^`",
];

#[tokio::test]
async fn a_query_string_survives_byte_for_byte() {
    let gate = Gate::open().await;

    for (path, inside) in [
        ("/api/catalog", "catalog GET /products"),
        ("/api/catalog/products", "catalog GET /products"),
        ("/api/cart/user1", "cart GET /cart/user1"),
        ("/api/orders", "order GET /orders"),
        ("/api/orders/42", "order GET /orders/42"),
        ("/api/payments", "payment GET /payments"),
    ] {
        for query in QUERIES {
            // A fragment never leaves a browser; nginx cuts it off, too.
            let query = query.split('#').next().unwrap_or_default();
            gate.forget();
            let reply = gate.get_exactly(&format!("{path}?{query}")).await;

            assert_eq!(reply.status, 200, "{path}?{query}: {reply:?}");
            assert_eq!(gate.last_heard(), format!("{inside}?{query}"));
        }
    }
}

#[tokio::test]
async fn a_query_string_of_the_lab_survives_byte_for_byte() {
    let gate = Gate::open_with(&[("LAB", "1")]).await;

    gate.get_exactly("/lab/cart/outbox?limit=%2F+%25").await;

    assert_eq!(gate.last_heard(), "cart GET /internal/outbox?limit=%2F+%25");
}

#[tokio::test]
async fn a_name_beyond_ascii_reaches_its_service() {
    let gate = Gate::open().await;

    gate.get_exactly("/api/catalog?q=%C3%84pfel%20%26%20Birnen").await;

    assert_eq!(gate.last_heard(), "catalog GET /products?q=%C3%84pfel%20%26%20Birnen");
}
