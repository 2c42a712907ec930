//! What shoppers do, and what they see.

use std::fmt::Display;

use chassis::testing::{Request, eventually};
use serde_json::{Value, json};

use crate::shop::{SERVICES, Service, Shop};

/// A line of an order: product, quantity, price of one unit.
pub type Line = (i64, i64, f64);

/// What is done to a shop. Each is a request that can still be changed: `.await` sends it.
impl Shop {
    /// Puts a product into a cart.
    #[track_caller]
    pub fn add(&self, user: &str, product_id: i64, quantity: i64) -> Request {
        let path = format!("/cart/{user}/add?product_id={product_id}&quantity={quantity}");
        self.request(Service::Cart, "POST", &path)
    }

    /// Places an order.
    #[track_caller]
    pub fn place_order(&self, user: &str, lines: &[Line]) -> Request {
        let line = |&(product_id, quantity, price): &Line| json!({ "product_id": product_id, "quantity": quantity, "price": price });
        let lines: Vec<Value> = lines.iter().map(line).collect();
        self.request(Service::Order, "POST", &format!("/orders?user_id={user}")).json(&lines)
    }

    /// Cancels an order.
    #[track_caller]
    pub fn cancel(&self, order_id: &str) -> Request {
        self.request(Service::Order, "POST", &format!("/orders/{order_id}/cancel"))
    }

    /// Pays an order.
    #[track_caller]
    pub fn pay(&self, order_id: &str, amount: impl Display) -> Request {
        let path = format!("/pay?order_id={order_id}&amount={amount}");
        self.request(Service::Payment, "POST", &path)
    }

    /// Changes a product.
    #[track_caller]
    pub fn replace_product(&self, product_id: i64, name: &str, price: f64, stock: i64) -> Request {
        self.note_stock(product_id, stock);
        let body = json!({ "name": name, "price": price, "stock": stock });
        self.request(Service::Catalog, "PUT", &format!("/products/{product_id}")).json(&body)
    }

    /// Takes a product out of the catalog.
    #[track_caller]
    pub fn delete_product(&self, product_id: i64) -> Request {
        self.request(Service::Catalog, "DELETE", &format!("/products/{product_id}"))
    }
}

/// What is seen of a shop.
impl Shop {
    /// The lines of a user's cart.
    pub async fn cart_of(&self, user: &str) -> Value {
        self.find(Service::Cart, &format!("/cart/{user}")).await["cart"].clone()
    }

    /// A product.
    pub async fn product(&self, product_id: i64) -> Value {
        self.find(Service::Catalog, &format!("/products/{product_id}")).await
    }

    /// An order.
    pub async fn order(&self, order_id: &str) -> Value {
        self.find(Service::Order, &format!("/orders/{order_id}")).await
    }

    /// The payment of an order.
    pub async fn payment_of(&self, order_id: &str) -> Value {
        self.find(Service::Payment, &format!("/payments/{order_id}")).await
    }

    /// A whole visit: one unit of a product into the cart, an order for it, its payment. Returns
    /// the order as it is then.
    pub async fn buy(&self, user: &str, product_id: i64) -> Value {
        self.add(user, product_id, 1).await.expect_status(200);
        let order = self.order_one(user, product_id).await;
        let id = id_of(&order);
        let paid = self.pay(id, &order["total_amount"]).await.expect_status(200);
        assert_eq!(paid["status"], "PAID");
        self.order(id).await
    }

    /// An order for one unit of a product at its present price.
    pub async fn order_one(&self, user: &str, product_id: i64) -> Value {
        let price = self.product(product_id).await["price"].clone();
        let lines = json!([{ "product_id": product_id, "quantity": 1, "price": price }]);
        let path = format!("/orders?user_id={user}");
        self.request(Service::Order, "POST", &path).json(&lines).await.expect_status(201)
    }

    /// Waits until an order has this status.
    pub async fn order_becomes(&self, order_id: &str, status: &str) {
        let what = format!("the order becomes {status}");
        eventually(&what, async || self.order(order_id).await["status"] == status).await;
    }

    /// Waits until an order's payment has this status.
    pub async fn payment_becomes(&self, order_id: &str, status: &str) {
        let what = format!("the payment becomes {status}");
        eventually(&what, async || self.payment_of(order_id).await["status"] == status).await;
    }

    /// Waits until no service has a message left that another one has not taken.
    pub async fn settles(&self) {
        for service in SERVICES {
            let what = format!("the outbox of {} is empty", service.name());
            eventually(&what, async || self.outbox(service).await["pending"] == 0).await;
        }
    }

    /// How many messages wait in a service's outbox, and how many were given up. The cart sends
    /// none.
    pub async fn outbox(&self, service: Service) -> Value {
        if service == Service::Cart {
            return json!({ "pending": 0, "dead": 0 });
        }
        let health = self.service(service).get("/internal/health").await;
        health.expect_status(200)["outbox"].clone()
    }

    async fn find(&self, service: Service, path: &str) -> Value {
        self.request(service, "GET", path).await.expect_status(200)
    }
}

/// The id of an order.
///
/// # Panics
///
/// If it has none.
pub fn id_of(order: &Value) -> &str {
    order["order_id"].as_str().expect("an order has an id")
}
