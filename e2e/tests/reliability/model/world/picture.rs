//! What is seen of the files, in the words of the model.

use chassis::id::Id;
use chassis::messaging::outbox::{self, Message};

use super::{EVERYTHING, World};
use crate::model::expected::Letter;

impl World {
    pub(super) fn waiting(&self) -> Vec<Message> {
        let list = |file| outbox::list(file, EVERYTHING).expect("it is readable");
        [list(&self.order), list(&self.payment)].concat()
    }

    pub(super) fn letter(&self, message: &Message) -> Letter {
        let id = message.subject.parse::<Id>().expect("an id");
        let order = self.orders.iter().position(|order| order.id == id);
        match (message.kind.as_str(), order) {
            (order::saga::RESERVE, Some(order)) => Letter::Reserve(order),
            (order::saga::COMMIT, Some(order)) => Letter::Commit(order),
            (order::saga::RELEASE, Some(order)) => Letter::Release(order),
            (order::saga::REFUND, Some(order)) => Letter::Refund(order),
            _ => Letter::Webhook(self.position(id)),
        }
    }

    fn position(&self, payment: Id) -> usize {
        self.payments.iter().position(|id| *id == payment).expect("a payment of this test")
    }

    /// Everything, in the form in which the model shows it.
    pub(super) fn picture(&self) -> Vec<String> {
        let mut picture = Vec::new();
        for id in [1, 2] {
            let query = "SELECT format('%d %d %d %d', stock, held, sold, received) FROM products
                 WHERE id = ?1";
            picture
                .push(self.catalog.query_row(query, [id], |row| row.get(0)).expect("it is there"));
        }
        for order in &self.orders {
            let order = order::store::find_order(&self.order, order.id).expect("it is readable");
            let order = order.expect("it is there");
            let paid_by =
                order.payment_id.map_or("nobody".to_owned(), |id| self.position(id).to_string());
            let (status, reservation) = (order.status.as_str(), order.reservation.as_str());
            let history =
                order::store::list_history(&self.order, order.id).expect("it is readable");
            let history: Vec<String> = history.into_iter().map(|entry| entry.status).collect();
            let history = history.join(" ");
            picture.push(format!("{status} {reservation} paid by {paid_by}, was {history}"));
        }
        for id in &self.payments {
            let payment = payment::store::find_payment(&self.payment, *id).expect("it is readable");
            let payment = payment.expect("it is there");
            let order = self.orders.iter().position(|order| order.id == payment.order_id);
            picture.push(format!("{} of {}", payment.status, order.expect("it is there")));
        }
        let mut letters: Vec<Letter> = self.waiting().iter().map(|it| self.letter(it)).collect();
        letters.sort_unstable();
        picture.extend(letters.iter().map(|letter| format!("{letter:?}")));
        picture
    }
}
