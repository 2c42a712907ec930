//! What the tests talk about: a shop with an order service, and a catalog and a payment service
//! that the test plays.

use chassis::id::Id;
use chassis::testing::{
    Answer, Behavior, NOWHERE, Neighbor, Process, Program, Recorded, Request, eventually,
};
use serde_json::{Value, json};

/// What one laptop and two mice cost.
pub const TOTAL: &str = "1059.97";

/// A running order service with its neighbors.
pub struct Shop {
    pub order: Process,
    pub catalog: Neighbor,
    pub payment: Neighbor,
}

impl Shop {
    /// A shop in which all is well.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with some settings.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let (catalog, payment) = (Neighbor::start(), Neighbor::start());
        let mut program = program()
            .set("CATALOG_SERVICE_URL", catalog.url())
            .set("PAYMENT_SERVICE_URL", payment.url());
        for (name, value) in settings {
            program = program.set(name, value);
        }
        let shop = Self { order: program.start().await, catalog, payment };
        shop.catalog_holds();
        shop
    }

    /// The catalog holds what it is asked for.
    pub fn catalog_holds(&self) {
        self.catalog.play(well);
    }

    /// The catalog behaves like this when it is asked for units, and well otherwise.
    pub fn catalog_answers(&self, behavior: Behavior) {
        self.catalog.play(move |request| match request.method.as_str() {
            "PUT" => behavior.clone(),
            _ => well(request),
        });
    }

    /// A request that places an order of one laptop and two mice.
    #[track_caller]
    pub fn place(&self, user: &str) -> Request {
        self.order.post(&format!("/orders?user_id={user}")).json(&laptop_and_mice())
    }

    /// A request that places an order of these lines.
    #[track_caller]
    pub fn place_lines(&self, lines: &Value) -> Request {
        self.order.post("/orders?user_id=user1").json(lines)
    }

    /// A new order whose units are held.
    pub async fn placed(&self) -> Id {
        id_of(&self.place("user1").await.expect_status(201))
    }

    /// A new order that the catalog, which is away, has not heard of.
    pub async fn pending(&self) -> Id {
        self.catalog.refuse();
        let order = self.place("user1").await.expect_status(201);
        assert_eq!(order["reservation"], "PENDING");
        id_of(&order)
    }

    /// An order as the API shows it.
    pub async fn find(&self, id: Id) -> Value {
        self.order.get(&format!("/orders/{id}")).await.expect_status(200)
    }

    /// Status and reservation of an order: `CREATED HELD`.
    pub async fn state(&self, id: Id) -> String {
        let order = self.find(id).await;
        let [status, reservation] =
            ["status", "reservation"].map(|field| order[field].as_str().unwrap_or_default());
        format!("{status} {reservation}")
    }

    /// Waits until an order is in this state: `PAID COMMITTED`.
    pub async fn reaches(&self, id: Id, state: &str) {
        let reached = async || self.state(id).await == state;
        eventually(&format!("the order is {state}"), reached).await;
    }

    /// What has happened to an order: pairs of status and detail.
    pub async fn history(&self, id: Id) -> Vec<(String, String)> {
        let order = self.find(id).await;
        let text = |entry: &Value, field| entry[field].as_str().unwrap_or_default().to_owned();
        let entries = order["history"].as_array().into_iter().flatten();
        entries.map(|entry| (text(entry, "status"), text(entry, "detail"))).collect()
    }

    /// A request of the payment service: this payment holds this much for the order.
    #[track_caller]
    pub fn report(&self, id: Id, payment: Id, amount: &str) -> Request {
        let body = format!(r#"{{"payment_id":"{payment}","amount":{amount}}}"#);
        let request = self.order.post(&format!("/orders/{id}/payment"));
        request.header("content-type", "application/json").body(body)
    }

    /// Pays an order, and returns the payment.
    pub async fn pay(&self, id: Id) -> Id {
        let payment = Id::new();
        self.report(id, payment, TOTAL).await.expect_status(200);
        payment
    }

    /// Cancels an order.
    pub async fn cancel(&self, id: Id) -> Answer {
        self.order.post(&format!("/orders/{id}/cancel")).await
    }

    /// What the catalog was told about an order: `reserve`, `commit`, `release`.
    pub fn told(&self, id: Id) -> Vec<String> {
        let path = format!("/internal/reservations/{id}");
        let about = |request: &Recorded| {
            let rest = request.path.strip_prefix(&path)?;
            let word = rest.strip_prefix('/').unwrap_or("reserve");
            Some(word.to_owned())
        };
        self.catalog.requests().iter().filter_map(about).collect()
    }

    /// Waits until the catalog was told this about an order, and nothing else.
    pub async fn is_told(&self, id: Id, expected: &[&str]) {
        eventually(&format!("it is told {expected:?}"), async || self.told(id) == expected).await;
    }

    /// How many orders there are.
    pub fn orders(&self) -> String {
        self.order.sql_value("SELECT count(*) FROM orders")
    }

    /// How many messages wait, and how many were given up.
    pub async fn outbox(&self) -> Value {
        self.order.get("/internal/health").await.expect_status(200)["outbox"].clone()
    }
}

/// The order's program with neighbors that are not there.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_order"))
        .set("CATALOG_SERVICE_URL", NOWHERE)
        .set("PAYMENT_SERVICE_URL", NOWHERE)
}

/// One laptop and two mice.
pub fn laptop_and_mice() -> Value {
    json!([line(1, 1, 999.99), line(2, 2, 29.99)])
}

/// A line of an order.
pub fn line(product_id: i64, quantity: i64, price: f64) -> Value {
    json!({ "product_id": product_id, "quantity": quantity, "price": price })
}

/// The id in an order as the API shows it.
#[track_caller]
pub fn id_of(order: &Value) -> Id {
    let id = order["order_id"].as_str().unwrap_or_default();
    id.parse().unwrap_or_else(|_| panic!("no order: {order}"))
}

/// How the catalog answers when all is well.
pub fn well(request: &Recorded) -> Behavior {
    let status = match request.path.rsplit('/').next() {
        Some("commit") => "COMMITTED",
        Some("release") => "RELEASED",
        _ => "HELD",
    };
    Behavior::answer(200, json!({ "status": status }))
}
