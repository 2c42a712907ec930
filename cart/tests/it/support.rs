//! What the tests talk about: a shop with a cart service and a catalog, shoppers, lines.

use chassis::testing::{Answer, Behavior, Neighbor, Process, Program, Request};
use serde_json::{Value, json};

/// The products that the catalog of a test knows.
const PRODUCTS: std::ops::RangeInclusive<i64> = 1..=200;

/// A running cart service with a catalog that the test plays.
pub struct Shop {
    pub cart: Process,
    pub catalog: Neighbor,
}

impl Shop {
    /// A shop in which all is well.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with some settings.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let catalog = Neighbor::start();
        let mut program = program().set("CATALOG_SERVICE_URL", catalog.url());
        for (name, value) in settings {
            program = program.set(name, value);
        }
        let shop = Self { cart: program.start().await, catalog };
        shop.catalog_works();
        shop
    }

    /// The catalog knows its products again.
    pub fn catalog_works(&self) {
        self.catalog.play(|request| product_page(&request.path));
    }

    /// The catalog behaves like this, whatever it is asked.
    pub fn catalog_answers(&self, behavior: Behavior) {
        self.catalog.set(behavior);
    }

    /// How often the catalog was asked about a product.
    pub fn questions(&self, product_id: i64) -> usize {
        self.catalog.requests_to("GET", &format!("/products/{product_id}")).len()
    }

    /// A request that adds a product.
    #[track_caller]
    pub fn add(&self, user: &str, product_id: i64, quantity: i64) -> Request {
        self.cart.post(&add_path(user, product_id, quantity))
    }

    /// What is in a shopper's cart.
    pub async fn lines(&self, user: &str) -> Value {
        self.cart.get(&format!("/cart/{user}")).await.expect_status(200)["cart"].clone()
    }

    /// Delivers an event with a new id.
    pub async fn announce(&self, event_type: &str, payload: Value) -> Answer {
        self.deliver(&event(event_type, payload)).await
    }

    /// Delivers an event.
    pub async fn deliver(&self, event: &Value) -> Answer {
        self.cart.post("/internal/events").json(event).await
    }

    /// What the service tells of itself.
    pub async fn vitals(&self) -> Value {
        self.cart.get("/internal/health").await.expect_status(200)
    }

    /// The state of the circuit breaker.
    pub async fn breaker(&self) -> Value {
        self.vitals().await["breakers"]["catalog"].clone()
    }
}

/// The cart's program with a catalog that is not there.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_cart")).set("CATALOG_SERVICE_URL", chassis::testing::NOWHERE)
}

/// Where to post to add a product.
pub fn add_path(user: &str, product_id: i64, quantity: i64) -> String {
    format!("/cart/{user}/add?product_id={product_id}&quantity={quantity}")
}

/// An event with an id that no other has.
pub fn event(event_type: &str, payload: Value) -> Value {
    json!({
        "event_id": chassis::id::Id::new(),
        "event_type": event_type,
        "payload": payload,
        "timestamp": "2026-11-20T18:30:00.125Z",
    })
}

/// What the catalog says of a product, or of an id that it does not know.
pub fn product_page(path: &str) -> Behavior {
    let id = path.strip_prefix("/products/").and_then(|id| id.parse::<i64>().ok());
    match id.filter(|id| PRODUCTS.contains(id)) {
        Some(id) => {
            Behavior::answer(200, json!({ "id": id, "name": "Mug", "price": 9.99, "stock": 5 }))
        }
        None => Behavior::problem(404, "Product not found"),
    }
}

/// A line that the catalog vouches for.
pub fn line(product_id: i64, quantity: i64) -> Value {
    json!({ "product_id": product_id, "quantity": quantity })
}

/// A line whose product could not be checked yet.
pub fn unchecked_line(product_id: i64, quantity: i64) -> Value {
    json!({ "product_id": product_id, "quantity": quantity, "validated": false })
}

/// A line whose product does not exist.
pub fn missing_line(product_id: i64, quantity: i64) -> Value {
    json!({
        "product_id": product_id, "quantity": quantity, "validated": false, "available": false,
    })
}

/// Checks that a product was added without the catalog, and that everything says so.
#[track_caller]
pub fn expect_unchecked(answer: &Answer, lines: &Value) {
    let body = answer.expect_status(200);
    assert_eq!(body["message"], "Item added", "{answer}");
    assert_eq!(&body["cart"], lines, "{answer}");
    assert_eq!(answer.header("x-degraded"), Some("catalog-unavailable"), "{answer}");
}
