//! A service that is away: the answer is 503, names the service, and comes in time.

use std::time::{Duration, Instant};

use chassis::testing::{Answer, Behavior, all_at_once};
use e2e::{SERVICES, Shop};

use crate::support::Gate;

/// A request for each service, and the name in the answer when it is away.
const QUESTIONS: [(&str, &str); 9] = [
    ("/api/cart/user1", "cart"),
    ("/api/catalog", "catalog"),
    ("/api/catalog/products/1", "catalog"),
    ("/api/orders", "order"),
    ("/api/orders/42", "order"),
    ("/api/pay?order_id=42&amount=1", "payment"),
    ("/api/payments/42", "payment"),
    ("/health/cart", "cart"),
    ("/docs/order/", "order"),
];

#[track_caller]
fn expect_away(answer: &Answer, service: &str) {
    answer.expect_problem(503, &format!("{service} service is unavailable"));
    assert_eq!(answer.expect_header("retry-after"), "1");
}

#[tokio::test]
async fn a_service_that_is_down_is_named() {
    let mut shop = Shop::with_nginx().await;
    for service in SERVICES {
        shop.service_mut(service).kill().await;
    }

    for (path, service) in QUESTIONS {
        let started = Instant::now();
        expect_away(&shop.outside().get(path).await, service);
        assert!(started.elapsed() < Duration::from_secs(2), "{path}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn one_service_that_is_down_takes_no_other_with_it() {
    let mut shop = Shop::with_nginx().await;

    shop.payment.kill().await;

    expect_away(&shop.outside().get("/api/payments").await, "payment");
    for path in ["/", "/health", "/health/cart", "/api/cart/user1", "/api/catalog", "/api/orders"] {
        assert_eq!(shop.outside().get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_named_in_time() {
    let shop = Shop::with_nginx().await;
    for service in SERVICES {
        shop.service(service).freeze();
    }

    let started = Instant::now();
    let requests = QUESTIONS.map(|(path, _)| shop.outside().get(path));
    let answers = all_at_once(requests).await;

    // 15 s, so that a service which is only slow says so itself after its own 10 s.
    let waited = started.elapsed();
    assert!((14..19).contains(&waited.as_secs()), "answered after {waited:?}");
    for (answer, (_, service)) in answers.iter().zip(QUESTIONS) {
        expect_away(answer, service);
    }

    SERVICES.into_iter().for_each(|service| shop.service(service).thaw());
    for path in ["/api/cart/user1", "/api/catalog", "/api/orders", "/api/payments"] {
        shop.outside().get(path).await.expect_status(200);
    }
}

/// Whoever looks after a shop asks this, and wants to hear the bad news soon.
#[tokio::test]
async fn the_health_of_a_service_that_hangs_is_known_after_two_seconds() {
    let shop = Shop::with_nginx().await;
    shop.catalog.freeze();

    let started = Instant::now();
    expect_away(&shop.outside().get("/health/catalog").await, "catalog");

    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    shop.catalog.thaw();
}

#[tokio::test]
async fn a_service_that_comes_back_is_reached_at_once() {
    let mut shop = Shop::with_nginx().await;

    for service in SERVICES {
        let path = match service.name() {
            "cart" => "/api/cart/user1",
            "catalog" => "/api/catalog",
            "order" => "/api/orders",
            _ => "/api/payments",
        };
        shop.service_mut(service).kill().await;
        for _ in 0..20 {
            expect_away(&shop.outside().get(path).await, service.name());
        }
        shop.service_mut(service).restart().await;
        // Over connections that nginx may have kept.
        for answer in all_at_once((0..20).map(|_| shop.outside().get(path))).await {
            answer.expect_status(200);
        }
    }
}

#[tokio::test]
async fn whatever_a_broken_service_sends_becomes_the_same_503() {
    let gate = Gate::open().await;

    for behavior in [
        Behavior::Reset,
        Behavior::Close,
        Behavior::SendAndClose(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
        Behavior::SendAndClose(b"HTTP/1.1 200 OK\r\nContent Length\0: 2\r\n\r\n{}".to_vec()),
    ] {
        gate.cart.set(behavior.clone());
        let answer = gate.client().post("/api/cart/user1/add?product_id=1").await;
        expect_away(&answer, "cart");
    }
}

#[tokio::test]
async fn nginx_asks_a_service_once_and_never_again() {
    let gate = Gate::open().await;
    let fine = Behavior::answer(200, serde_json::json!([]));

    for _ in 0..10 {
        // A connection that was fine so far is the one that would be given another try.
        gate.payment.set(fine.clone());
        all_at_once((0..8).map(|_| gate.client().get("/api/payments"))).await;
        gate.forget();
        gate.payment.set(Behavior::Reset);
        expect_away(&gate.client().get("/api/payments").await, "payment");
        expect_away(&gate.client().post("/api/pay?order_id=42&amount=1").await, "payment");
        assert_eq!(gate.heard().len(), 2);
    }
}
