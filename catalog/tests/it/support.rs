//! What the tests talk about: a shelf of products, orders that want some, and a cart service
//! that the test plays.

use chassis::id::Id;
use chassis::testing::{Answer, NOWHERE, Neighbor, Process, Program, Request};
use serde_json::{Value, json};

/// A running catalog with a cart service that the test plays.
pub struct Shelf {
    pub catalog: Process,
    pub cart: Neighbor,
}

impl Shelf {
    /// The shelf of a new shop.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with some settings.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let cart = Neighbor::start();
        let mut program = program().set("CART_SERVICE_URL", cart.url());
        for (name, value) in settings {
            program = program.set(name, value);
        }
        Self { catalog: program.start().await, cart }
    }

    /// A request that adds a product.
    #[track_caller]
    pub fn create(&self, draft: &Value) -> Request {
        self.catalog.post("/products").json(draft)
    }

    /// Adds mugs at 9.99 and returns the id of the product.
    pub async fn mugs(&self, stock: i64) -> i64 {
        id_of(&self.create(&mug(stock)).await.expect_status(201))
    }

    /// A request that overwrites a product.
    #[track_caller]
    pub fn replace(&self, id: i64, draft: &Value) -> Request {
        self.catalog.put(&format!("/products/{id}")).json(draft)
    }

    /// Takes a product off the shelf.
    pub async fn delete(&self, id: i64) -> Answer {
        self.catalog.delete(&format!("/products/{id}")).await
    }

    /// A product as the API shows it.
    pub async fn find(&self, id: i64) -> Value {
        self.catalog.get(&format!("/products/{id}")).await.expect_status(200)
    }

    /// How many units can still be bought.
    pub async fn stock(&self, id: i64) -> i64 {
        self.find(id).await["stock"].as_i64().unwrap_or(-1)
    }

    /// Where the units of a product are: stock, held, sold, received.
    pub fn units(&self, id: i64) -> [i64; 4] {
        let query = format!("SELECT stock, held, sold, received FROM products WHERE id = {id}");
        let row = self.catalog.sql(&query).remove(0);
        [0, 1, 2, 3].map(|column: usize| row[column].parse().unwrap())
    }

    /// The list that everybody asks for.
    pub async fn list(&self) -> Vec<Value> {
        items(&self.catalog.get("/products").await)
    }

    /// A request of an order that wants units, each line with its price.
    #[track_caller]
    pub fn reserve(&self, order: Id, lines: &[(i64, i64, f64)]) -> Request {
        let line = |(product_id, quantity, price): &(i64, i64, f64)| json!({ "product_id": product_id, "quantity": quantity, "price": price });
        let items: Vec<Value> = lines.iter().map(line).collect();
        let request = self.catalog.put(&format!("/internal/reservations/{order}"));
        request.json(&json!({ "items": items }))
    }

    /// A new order that holds so many mugs.
    pub async fn held(&self, mug: i64, quantity: i64) -> Id {
        let order = Id::new();
        self.reserve(order, &[(mug, quantity, 9.99)]).await.expect_status(200);
        order
    }

    /// The order was paid.
    #[track_caller]
    pub fn commit(&self, order: Id) -> Request {
        self.catalog.post(&format!("/internal/reservations/{order}/commit"))
    }

    /// The order is over.
    #[track_caller]
    pub fn release(&self, order: Id) -> Request {
        self.catalog.post(&format!("/internal/reservations/{order}/release"))
    }

    /// The events that the cart was sent, attempts that it did not answer included.
    pub fn events(&self) -> Vec<Value> {
        let requests = self.cart.requests_to("POST", "/internal/events");
        requests.iter().map(chassis::testing::Recorded::json).collect()
    }

    /// How many messages wait, and how many were given up.
    pub async fn outbox(&self) -> Value {
        self.catalog.get("/internal/health").await.expect_status(200)["outbox"].clone()
    }
}

/// The catalog's program with a cart that is not there.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_catalog")).set("CART_SERVICE_URL", NOWHERE)
}

/// A product that no seed has.
pub fn mug(stock: i64) -> Value {
    json!({ "name": "Mug", "price": 9.99, "stock": stock })
}

/// The id in a product or a category as the API shows it.
#[track_caller]
pub fn id_of(thing: &Value) -> i64 {
    thing["id"].as_i64().unwrap_or_else(|| panic!("it has no id: {thing}"))
}

/// The elements of a list.
#[track_caller]
pub fn items(answer: &Answer) -> Vec<Value> {
    serde_json::from_value(answer.expect_status(200)).unwrap()
}

/// The names in a list.
#[track_caller]
pub fn names(answer: &Answer) -> Vec<String> {
    items(answer).iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Fails the test unless the answer is 422 and names this.
#[track_caller]
pub fn refused(answer: &Answer, name: &str) {
    answer.expect_status(422);
    assert!(answer.detail().contains(name), "expected {name} to be named:\n{answer}");
}
