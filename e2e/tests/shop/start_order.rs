//! Any service starts alone and serves what it can alone; the others may come in any order.

use chassis::testing::{NOWHERE, Process, Program, eventually};
use e2e::shopping::id_of;
use e2e::{SERVICES, Service, Shop, audit};
use serde_json::json;

async fn alone(service: Service) -> Process {
    let mut program = Program::new(e2e::binaries::binary(service.name()));
    for other in SERVICES {
        let name = format!("{}_SERVICE_URL", other.name().to_uppercase());
        program = program.set(&name, NOWHERE);
    }
    program.start().await
}

#[tokio::test]
async fn a_cart_alone_keeps_what_shoppers_pick() {
    let cart = alone(Service::Cart).await;

    let answer = cart.post("/cart/user1/add?product_id=1").await;

    let line = json!({ "product_id": 1, "quantity": 1, "validated": false });
    assert_eq!(answer.expect_status(200)["cart"], json!([line]));
    cart.put("/cart/user1/items/1?quantity=3").await.expect_status(200);
    cart.delete("/cart/user1/clear").await.expect_status(200);
}

#[tokio::test]
async fn a_catalog_alone_shows_and_changes_products() {
    let catalog = alone(Service::Catalog).await;

    let mouse = json!({ "name": "Rat", "price": 19.99, "stock": 7 });
    catalog.put("/products/2").json(&mouse).await.expect_status(200);

    assert_eq!(catalog.get("/products/2").await.expect_status(200)["name"], "Rat");
    catalog.delete("/products/2").await.expect_status(204);
}

#[tokio::test]
async fn an_order_service_alone_takes_and_cancels_orders() {
    let order = alone(Service::Order).await;

    let lines = json!([{ "product_id": 1, "quantity": 1, "price": 999.99 }]);
    let placed = order.post("/orders?user_id=user1").json(&lines).await;

    let placed = placed.expect_status(201);
    assert_eq!(placed["reservation"], "PENDING");
    order.post(&format!("/orders/{}/cancel", id_of(&placed))).await.expect_status(200);
}

#[tokio::test]
async fn a_payment_service_alone_takes_money_for_later() {
    let payment = alone(Service::Payment).await;
    let order = "01997f3e-7a51-7000-8000-000000000001";

    let paid = payment.post(&format!("/pay?order_id={order}&amount=9.99")).await;

    assert_eq!(paid.expect_status(202)["status"], "PENDING");
    let seen = payment.get(&format!("/payments/{order}")).await.expect_status(200);
    assert_eq!(seen["status"], "PENDING");
}

#[tokio::test]
async fn services_that_come_one_by_one_catch_up_with_each_other() {
    let mut shop = Shop::start().await;
    for service in SERVICES {
        shop.service_mut(service).kill().await;
    }

    shop.order.restart().await;
    let order = shop.place_order("user1", &[(1, 1, 999.99)]).await.expect_status(201);
    let id = id_of(&order);
    shop.payment.restart().await;
    shop.pay(id, 999.99).await.expect_status(200);
    shop.cart.restart().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.restart().await;

    let is_sold = async || shop.order(id).await["reservation"] == "COMMITTED";
    eventually("the unit is sold", is_sold).await;
    let line = json!([{ "product_id": 1, "quantity": 1 }]);
    eventually("the line is checked", async || shop.cart_of("user1").await == line).await;
    audit(&shop).await;
}
