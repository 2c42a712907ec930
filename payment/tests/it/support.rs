//! What the tests talk about: money for orders, and an order service that the test plays.

use chassis::id::Id;
use chassis::testing::{
    Answer, Behavior, NOWHERE, Neighbor, Process, Program, Recorded, Request, eventually,
};
use serde_json::{Value, json};

/// A running payment service with an order service that the test plays.
pub struct Till {
    pub payment: Process,
    pub order: Neighbor,
}

impl Till {
    /// A till whose order service accepts every payment.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with some settings.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let order = Neighbor::start();
        let mut program = program().set("ORDER_SERVICE_URL", order.url());
        for (name, value) in settings {
            program = program.set(name, value);
        }
        let till = Self { payment: program.start().await, order };
        till.order_accepts();
        till
    }

    /// From now on the order service accepts every payment.
    pub fn order_accepts(&self) {
        self.order.set(acceptance());
    }

    /// From now on it refuses every payment with this status and sentence.
    pub fn order_refuses(&self, status: u16, detail: &str) {
        self.order.set(Behavior::problem(status, detail));
    }

    /// A request that pays an order.
    #[track_caller]
    pub fn pay(&self, order: Id, amount: &str) -> Request {
        self.payment.post(&pay_path(order, amount))
    }

    /// A payment of 999.99 that the order accepted: its order and its id.
    pub async fn completed_payment(&self) -> (Id, Value) {
        let order = Id::new();
        let receipt = self.pay(order, "999.99").await.expect_status(200);
        (order, receipt["payment_id"].clone())
    }

    /// A payment of 999.99 that the order does not know of: its order and its id.
    pub async fn pending_payment(&self) -> (Id, Value) {
        self.order.refuse();
        let order = Id::new();
        let receipt = self.pay(order, "999.99").await.expect_status(202);
        (order, receipt["payment_id"].clone())
    }

    /// The payment of an order.
    pub async fn payment_of(&self, order: Id) -> Value {
        self.payment.get(&format!("/payments/{order}")).await.expect_status(200)
    }

    /// Where the payment of an order stands.
    pub async fn status_of(&self, order: Id) -> Value {
        self.payment_of(order).await["status"].clone()
    }

    /// Waits until the payment of an order stands there.
    pub async fn reaches(&self, order: Id, status: &str) {
        let reached = async || self.status_of(order).await == status;
        eventually(&format!("the payment is {status}"), reached).await;
    }

    /// What the order service was told about an order.
    pub fn webhooks(&self, order: Id) -> Vec<Recorded> {
        self.order.requests_to("POST", &format!("/orders/{order}/payment"))
    }

    /// Sends a payment's money back.
    pub async fn refund(&self, payment_id: &Value, order: Id) -> Answer {
        let draft = json!({
            "payment_id": payment_id, "order_id": order, "reason": "Out of stock after all",
        });
        self.payment.post("/internal/refunds").json(&draft).await
    }

    /// How many payments there are, of any status.
    pub fn payments(&self) -> String {
        self.payment.sql_value("SELECT count(*) FROM payments")
    }

    /// How many messages wait, and how many were given up.
    pub async fn outbox(&self) -> Value {
        self.payment.get("/internal/health").await.expect_status(200)["outbox"].clone()
    }
}

/// The payment's program with an order service that is not there.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_payment")).set("ORDER_SERVICE_URL", NOWHERE)
}

/// Where to post to pay.
pub fn pay_path(order: Id, amount: &str) -> String {
    format!("/pay?order_id={order}&amount={amount}")
}

/// How the order service says yes.
pub fn acceptance() -> Behavior {
    Behavior::answer(200, json!({ "status": "PAID" }))
}

/// Checks that the money was taken although the order does not know it yet, and that the
/// answer says so.
#[track_caller]
pub fn expect_pending(answer: &Answer) {
    let receipt = answer.expect_status(202);
    assert_eq!(receipt["status"], "PENDING", "{answer}");
    assert_eq!(receipt["message"], "Payment recorded; the order will be updated", "{answer}");
}
