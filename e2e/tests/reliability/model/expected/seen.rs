//! What is seen of the model.

use super::Expected;

impl Expected {
    pub fn some_order(&self, choice: usize) -> Option<usize> {
        choice.checked_rem(self.orders.len())
    }

    pub fn price(&self, product: usize) -> i64 {
        self.products[product].cents
    }

    pub fn stock(&self, product: usize) -> i64 {
        self.products[product].stock
    }

    pub fn total(&self, order: usize) -> i64 {
        self.orders[order].cents * self.orders[order].quantity
    }

    /// Everything, in the form in which the world shows it.
    pub fn picture(&self) -> Vec<String> {
        let products = self
            .products
            .iter()
            .map(|it| format!("{} {} {} {}", it.stock, it.held, it.sold, it.received));
        let orders = self.orders.iter().map(|it| {
            let paid_by = it.paid_by.map_or("nobody".to_owned(), |payment| payment.to_string());
            let history = it.history.join(" ");
            format!("{} {} paid by {paid_by}, was {history}", it.status, it.reservation)
        });
        let payments = self.payments.iter().map(|it| format!("{} of {}", it.status, it.order));
        let outbox = self.outbox.iter().map(|letter| format!("{letter:?}"));
        products.chain(orders).chain(payments).chain(outbox).collect()
    }

    /// Nothing waits, and money and goods agree: checked on the model, which the files equal.
    pub fn must_be_settled(&self) {
        assert!(self.outbox.is_empty(), "{self:#?}");
        for (id, order) in self.orders.iter().enumerate() {
            let fits = matches!(
                (order.status, order.reservation),
                ("CREATED", "HELD")
                    | ("PAID", "COMMITTED")
                    | ("REJECTED" | "REFUNDED", "REFUSED")
                    | ("CANCELLED" | "EXPIRED", "RELEASED")
            );
            assert!(fits, "order {id} is {} and {}", order.status, order.reservation);
        }
        for (id, payment) in self.payments.iter().enumerate() {
            let order = &self.orders[payment.order];
            let is_its_own = order.paid_by == Some(id);
            let fits = match payment.status {
                "COMPLETED" => is_its_own && order.status == "PAID",
                "REFUNDED" => is_its_own && order.status == "REFUNDED",
                "FAILED" => !is_its_own,
                _ => false,
            };
            assert!(fits, "payment {id} is {}, its order {}", payment.status, order.status);
        }
        for (number, product) in self.products.iter().enumerate() {
            let units_in = |status| {
                let orders = self.orders.iter().filter(|it| it.product == number);
                orders.filter(|it| it.status == status).map(|it| it.quantity).sum::<i64>()
            };
            assert_eq!((product.held, product.sold), (units_in("CREATED"), units_in("PAID")));
        }
    }
}
