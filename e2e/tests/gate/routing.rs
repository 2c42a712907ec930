//! Which service answers which path.

use std::collections::BTreeSet;

use chassis::testing::Behavior;
use e2e::{Shop, shopping::id_of};
use serde_json::json;

use crate::support::Gate;

/// What is asked, and what comes out on the other side.
const ROUTES: [(&str, &str, &str); 28] = [
    ("GET", "/api/cart/user1", "cart GET /cart/user1"),
    ("POST", "/api/cart/user1/add?product_id=1", "cart POST /cart/user1/add?product_id=1"),
    ("PUT", "/api/cart/user1/items/1?quantity=3", "cart PUT /cart/user1/items/1?quantity=3"),
    ("DELETE", "/api/cart/user1/items/1", "cart DELETE /cart/user1/items/1"),
    ("DELETE", "/api/cart/user1/clear", "cart DELETE /cart/user1/clear"),
    ("GET", "/api/cart/a.b_c-d@e", "cart GET /cart/a.b_c-d@e"),
    ("GET", "/api/catalog", "catalog GET /products"),
    ("GET", "/api/catalog/", "catalog GET /products"),
    ("GET", "/api/catalog?q=mouse", "catalog GET /products?q=mouse"),
    ("GET", "/api/catalog/products", "catalog GET /products"),
    ("POST", "/api/catalog/products", "catalog POST /products"),
    ("GET", "/api/catalog/products/1", "catalog GET /products/1"),
    ("PUT", "/api/catalog/products/1", "catalog PUT /products/1"),
    ("DELETE", "/api/catalog/products/1", "catalog DELETE /products/1"),
    ("GET", "/api/catalog/categories", "catalog GET /categories"),
    ("PUT", "/api/catalog/categories/4", "catalog PUT /categories/4"),
    ("POST", "/api/orders?user_id=user1", "order POST /orders?user_id=user1"),
    ("GET", "/api/orders", "order GET /orders"),
    ("GET", "/api/orders/", "order GET /orders"),
    ("GET", "/api/orders?status=PAID&limit=5", "order GET /orders?status=PAID&limit=5"),
    ("GET", "/api/orders/42", "order GET /orders/42"),
    ("POST", "/api/orders/42/cancel", "order POST /orders/42/cancel"),
    ("POST", "/api/pay?order_id=42&amount=9.99", "payment POST /pay?order_id=42&amount=9.99"),
    ("GET", "/api/payments", "payment GET /payments"),
    ("GET", "/api/payments/", "payment GET /payments"),
    ("GET", "/api/payments?status=PENDING", "payment GET /payments?status=PENDING"),
    ("GET", "/api/payments/42", "payment GET /payments/42"),
    ("PATCH", "/api/payments/42", "payment PATCH /payments/42"),
];

#[tokio::test]
async fn every_path_of_the_api_comes_to_its_service() {
    let gate = Gate::open().await;

    for (method, path, expected) in ROUTES {
        gate.forget();
        gate.client().request(method, path).await.expect_status(200);

        assert_eq!(gate.heard().len(), 1, "{method} {path}");
        assert_eq!(gate.last_heard(), expected);
    }
}

#[tokio::test]
async fn paths_that_nobody_owns_come_to_no_service() {
    let gate = Gate::open().await;

    for path in [
        "/api",
        "/api/",
        "/api/cart",
        "/api/carts/user1",
        "/api/catalogs",
        "/api/catalogx/products",
        "/api/order",
        "/api/orders2",
        "/api/pay/",
        "/api/pay/42",
        "/api/payment",
        "/api/products",
        "/api/health",
        "/API/orders",
        "/orders",
        "/products/1",
        "/cart/user1",
    ] {
        gate.client().get(path).await.expect_problem(404, "Not found");
    }

    assert!(gate.heard().is_empty(), "{:?}", gate.heard());
}

#[tokio::test]
async fn a_body_comes_through_as_it_is() {
    let gate = Gate::open().await;
    let body: Vec<u8> = (0..=255).cycle().take(65_536).collect();

    let request = gate.client().post("/api/orders?user_id=user1").body(body.clone());
    request.header("content-type", "application/json").await.expect_status(200);

    let requests = gate.order.requests();
    assert_eq!(requests[0].body, body);
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_location_of_a_new_thing_is_reachable_from_outside() {
    let shop = Shop::with_nginx().await;

    let product = json!({ "name": "Mug", "price": 9.99, "stock": 5 });
    let created = shop.outside().post("/api/catalog/products").json(&product).await;
    let location = created.expect_header("location");
    assert_eq!(location, "/api/catalog/products/13");
    assert_eq!(shop.outside().get(location).await.expect_status(200)["name"], "Mug");

    let category = json!({ "name": "Kitchen" });
    let created = shop.outside().post("/api/catalog/categories").json(&category).await;
    let location = created.expect_header("location");
    assert_eq!(shop.outside().get(location).await.expect_status(200)["name"], "Kitchen");

    let placed = shop.place_order("user1", &[(13, 1, 9.99)]).await;
    let order = placed.expect_status(201);
    let location = placed.expect_header("location");
    assert_eq!(location, format!("/api/orders/{}", id_of(&order)));
    assert_eq!(shop.outside().get(location).await.expect_status(200)["total_amount"], 9.99);
}

#[tokio::test]
async fn the_link_to_the_next_page_is_followed_from_outside() {
    let shop = Shop::with_nginx().await;
    for user in ["user1", "user2", "user3"] {
        shop.buy(user, 2).await;
    }

    for (path, pages, id, total) in [
        ("/api/catalog?limit=5", 3, "id", 12),
        ("/api/catalog/products?limit=5", 3, "id", 12),
        ("/api/orders?limit=1", 3, "order_id", 3),
        ("/api/payments?limit=2", 2, "payment_id", 3),
    ] {
        let mut next = Some(path.to_owned());
        let mut seen = Vec::new();
        for page in 1..=pages {
            let target = next.unwrap_or_else(|| panic!("{path} has page {page}"));
            let answer = shop.outside().get(&target).await;
            let rows = answer.expect_status(200);
            seen.extend(rows.as_array().expect("a list").iter().map(|row| row[id].to_string()));
            next = answer.header("link").map(|link| following(path, link));
        }
        assert_eq!(next, None, "{path} has {pages} pages");
        assert_eq!(seen.len(), total, "{path}: {seen:?}");
        assert_eq!(BTreeSet::from_iter(&seen).len(), total, "{path}: {seen:?}");
    }
}

/// Resolves `<?after=5>; rel="next"` as a browser would.
fn following(path: &str, link: &str) -> String {
    let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let target = target.unwrap_or_else(|| panic!("{link} names a next page"));
    assert!(target.starts_with('?'), "{target} holds behind any prefix");
    format!("{}{target}", path.split('?').next().unwrap_or_default())
}

#[tokio::test]
async fn a_refusal_of_a_service_comes_through_word_for_word() {
    let gate = Gate::open().await;
    let headers = [("Allow", "GET"), ("Retry-After", "7"), ("X-Degraded", "catalog-unavailable")];

    for status in [400, 401, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504] {
        let detail = json!({ "detail": "In the words of the service" });
        gate.cart.set(Behavior::answer_with(status, &headers, detail));

        let answer = gate.client().get("/api/cart/user1").await;

        answer.expect_problem(status, "In the words of the service");
        for (name, value) in headers {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {answer}");
        }
    }
}
