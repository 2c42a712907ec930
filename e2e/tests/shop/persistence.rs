//! What was acknowledged is there after everything was stopped and started again.

use chassis::testing::eventually;
use e2e::shopping::id_of;
use e2e::{SERVICES, Shop, audit};
use serde_json::{Value, json};

/// Everything that a shopper can see.
async fn view(shop: &Shop) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/api/cart/user1",
        "/api/catalog",
        "/api/catalog/categories",
        "/api/orders",
        "/api/payments",
    ] {
        seen.push(shop.outside().get(path).await.expect_status(200));
    }
    seen
}

async fn busy_shop() -> Shop {
    let shop = Shop::with_nginx().await;
    shop.buy("user1", 1).await;
    shop.order_one("user1", 2).await;
    shop.add("user1", 3, 4).await.expect_status(200);
    let mug = json!({ "name": "Mug", "price": 9.99, "stock": 5, "category_id": 4 });
    shop.outside().post("/api/catalog/products").json(&mug).await.expect_status(201);
    shop.settles().await;
    shop
}

#[tokio::test]
async fn a_shop_that_is_closed_and_opened_again_is_the_same_shop() {
    let mut shop = busy_shop().await;
    let before = view(&shop).await;

    for service in SERVICES {
        assert!(shop.service_mut(service).terminate().await.success());
    }
    for service in SERVICES {
        shop.service_mut(service).restart().await;
    }

    assert_eq!(view(&shop).await, before);
    assert_eq!(shop.buy("user2", 2).await["status"], "PAID");
    audit(&shop).await;
}

#[tokio::test]
async fn a_shop_that_loses_its_power_is_the_same_shop() {
    let mut shop = busy_shop().await;
    let before = view(&shop).await;

    for service in SERVICES {
        shop.service_mut(service).kill().await;
    }
    for service in SERVICES {
        shop.service_mut(service).restart().await;
    }

    assert_eq!(view(&shop).await, before);
    audit(&shop).await;
}

#[tokio::test]
async fn messages_that_waited_when_the_shop_closed_arrive_when_it_opens() {
    let mut shop = Shop::with_nginx().await;
    let paid_later = shop.order_one("user1", 1).await;
    shop.catalog.kill().await;
    let held_later = shop.place_order("user1", &[(2, 1, 29.99)]).await.expect_status(201);
    shop.order.terminate().await;
    shop.pay(id_of(&paid_later), 999.99).await.expect_status(202);
    shop.payment.terminate().await;
    shop.cart.terminate().await;

    for service in SERVICES {
        shop.service_mut(service).restart().await;
    }

    shop.order_becomes(id_of(&paid_later), "PAID").await;
    let is_held = async || shop.order(id_of(&held_later)).await["reservation"] == "HELD";
    eventually("the units are held", is_held).await;
    audit(&shop).await;
}

#[tokio::test]
async fn an_idempotency_key_is_remembered_after_a_restart() {
    let mut shop = Shop::with_nginx().await;
    let click = |shop: &Shop| shop.place_order("user1", &[(2, 1, 29.99)]).idempotency_key("click");
    let first = click(&shop).await;
    first.expect_status(201);

    shop.order.restart().await;

    let second = click(&shop).await;
    assert_eq!(second.expect_text(201), first.expect_text(201));
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(second.expect_header("location"), first.expect_header("location"));
}
