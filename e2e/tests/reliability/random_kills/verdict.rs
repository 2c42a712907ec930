//! The clients' log against the files: what was lost, and what happened twice.

use std::collections::BTreeMap;

use chassis::testing::Process;
use e2e::{Books, Shop};

use super::journal::{Cancellation, Journal, Pages, Payment, Receipt, Told, Wish};

/// What is not as the clients were told.
#[derive(Debug, Default)]
pub struct Verdict {
    pub lost: Vec<String>,
    pub duplicated: Vec<String>,
    pub wrong: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.duplicated.is_empty() && self.wrong.is_empty()
    }
}

/// An order in the file.
struct Order {
    id: String,
    status: String,
    reservation: String,
    cents: String,
    payment_id: String,
    lines: String,
}

struct Files {
    orders_by_user: BTreeMap<String, Vec<Order>>,
    user_of_order: BTreeMap<String, String>,
    /// Order and status, by payment.
    payments: BTreeMap<String, (String, String)>,
    /// Quantities by user and product.
    carts: BTreeMap<(String, i64), i64>,
    /// Status by order.
    reservations: BTreeMap<String, String>,
}

/// Compares. All services run, and nothing is under way.
pub fn compare(shop: &Shop, journal: &Journal) -> Verdict {
    let files = Files::read(shop);
    let pages = journal.open();
    let mut verdict = Verdict { wrong: pages.faults.clone(), ..Verdict::default() };
    verdict.wrong.extend(Books::read(shop).faults());
    files.check_carts(&pages, &mut verdict);
    for wish in &pages.wishes {
        files.check_wish(wish, &mut verdict);
    }
    for payment in &pages.payments {
        files.check_payment(payment, &mut verdict);
    }
    for cancellation in &pages.cancellations {
        files.check_cancellation(cancellation, &mut verdict);
    }
    files.check_reservations(&mut verdict);
    check_payments(&shop.payment, &mut verdict);
    verdict
}

impl Files {
    fn read(shop: &Shop) -> Self {
        let orders = shop.order.sql(
            "SELECT user_id, id, status, reservation, total_cents, coalesce(payment_id, ''),
                 (SELECT group_concat(product_id || 'x' || quantity, ' ')
                  FROM (SELECT * FROM order_lines WHERE order_id = orders.id ORDER BY position))
                  AS lines
             FROM orders",
        );
        let mut orders_by_user: BTreeMap<String, Vec<Order>> = BTreeMap::new();
        let mut user_of_order = BTreeMap::new();
        for row in orders {
            let [user, id, status, reservation, cents, payment_id, lines] =
                <[String; 7]>::try_from(row).expect("seven columns");
            user_of_order.insert(id.clone(), user.clone());
            let order = Order { id, status, reservation, cents, payment_id, lines };
            orders_by_user.entry(user).or_default().push(order);
        }
        let payments = shop.payment.sql("SELECT id, order_id, status FROM payments");
        let payment = |row: Vec<String>| (row[0].clone(), (row[1].clone(), row[2].clone()));
        let carts = shop.cart.sql("SELECT user_id, product_id, quantity FROM cart_lines");
        let number = |cell: &String| cell.parse().expect("a number");
        let line = |row: Vec<String>| ((row[0].clone(), number(&row[1])), number(&row[2]));
        let reservations = shop.catalog.sql("SELECT order_id, status FROM reservations");
        Self {
            orders_by_user,
            user_of_order,
            payments: payments.into_iter().map(payment).collect(),
            carts: carts.into_iter().map(line).collect(),
            reservations: reservations
                .into_iter()
                .map(|row| (row[0].clone(), row[1].clone()))
                .collect(),
        }
    }

    fn order(&self, id: &str) -> Option<&Order> {
        self.orders_by_user[self.user_of_order.get(id)?].iter().find(|order| order.id == id)
    }

    /// Each acknowledged unit is there; of the unanswered ones some may be; none else.
    fn check_carts(&self, pages: &Pages, verdict: &mut Verdict) {
        for (place, units) in &pages.adds {
            let found = self.carts.get(place).copied().unwrap_or(0);
            if found < units.acknowledged {
                verdict.lost.push(format!("units in the cart {place:?}: {found} of {units:?}"));
            }
            if found > units.acknowledged + units.unanswered {
                verdict.duplicated.push(format!("units in the cart {place:?}: {found}, {units:?}"));
            }
        }
        for (place, units) in &self.carts {
            if !pages.adds.contains_key(place) {
                verdict.duplicated.push(format!("units in the cart {place:?}: {units}, unasked"));
            }
        }
    }

    /// An acknowledged order is there once and as it was wanted; a refused one is no order that
    /// stands; an unanswered one is there once or not at all.
    fn check_wish(&self, wish: &Wish, verdict: &mut Verdict) {
        let found = self.orders_by_user.get(&wish.user).map_or(&[][..], Vec::as_slice);
        if found.len() > 1 {
            verdict.duplicated.push(format!("{wish:?} was placed {} times", found.len()));
        }
        let lines: Vec<String> =
            wish.lines.iter().map(|(product, quantity)| format!("{product}x{quantity}")).collect();
        let is_as_wanted = |order: &&Order| {
            order.cents == wish.cents.to_string() && order.lines == lines.join(" ")
        };
        match (&wish.told, found.first()) {
            (Told::Yes(id), Some(order)) if order.id == *id && is_as_wanted(&order) => {}
            (Told::Yes(_), _) => verdict.lost.push(format!("{wish:?}")),
            (Told::No(_), Some(order)) if order.status != "REJECTED" => {
                verdict.wrong.push(format!("{wish:?}, but it is {}", order.status));
            }
            (Told::No(_) | Told::Nothing, _) => {}
        }
    }

    /// Who was told "paid" has a paid order with that payment, unless the goods turned out to
    /// be gone and the money went back. Who was told "pending" has an outcome.
    fn check_payment(&self, payment: &Payment, verdict: &mut Verdict) {
        let Told::Yes((receipt, id)) = &payment.told else { return };
        let order = self.order(&payment.order_id);
        let Some((order, (of_order, status))) = order.zip(self.payments.get(id)) else {
            return verdict.lost.push(format!("{payment:?}"));
        };
        let pays_it = *of_order == payment.order_id
            && order.payment_id == *id
            && order.cents == payment.cents.to_string();
        let fits = match status.as_str() {
            "COMPLETED" => pays_it && order.status == "PAID",
            "REFUNDED" => pays_it && order.status == "REFUNDED",
            "FAILED" => *receipt == Receipt::Pending && order.payment_id != *id,
            _ => false,
        };
        if !fits {
            let state = format!("the payment is {status}, the order {}", order.status);
            verdict.lost.push(format!("{payment:?}: {state}, by payment {}", order.payment_id));
        }
    }

    fn check_cancellation(&self, cancellation: &Cancellation, verdict: &mut Verdict) {
        let order = self.order(&cancellation.order_id);
        let status = order.map_or("gone", |order| &order.status);
        if cancellation.told == Told::Yes(()) && status != "CANCELLED" {
            verdict.lost.push(format!("{cancellation:?}: the order is {status}"));
        }
    }

    /// Each order and its reservation tell the same story.
    fn check_reservations(&self, verdict: &mut Verdict) {
        for order in self.orders_by_user.values().flatten() {
            let (own, catalogs) = match order.status.as_str() {
                "CREATED" => ("HELD", "HELD"),
                "PAID" => ("COMMITTED", "COMMITTED"),
                "CANCELLED" | "EXPIRED" => ("RELEASED", "RELEASED"),
                _ => ("REFUSED", "REFUSED"),
            };
            let kept = self.reservations.get(&order.id).map_or("none", String::as_str);
            // An order that ended before it heard of its refusal has nothing to give back.
            let has_nothing = catalogs == "RELEASED" && kept == "REFUSED";
            if order.reservation != own || (kept != catalogs && !has_nothing) {
                let (status, reservation) = (&order.status, &order.reservation);
                let story = format!("order {} is {status}, {reservation}", order.id);
                verdict.wrong.push(format!("{story}, its reservation {kept}"));
            }
        }
    }
}

/// No order has two payments that are alive, and none is left without an outcome.
fn check_payments(payment: &Process, verdict: &mut Verdict) {
    let twice = "SELECT order_id FROM payments WHERE status <> 'FAILED'
        GROUP BY order_id HAVING count(*) > 1";
    for row in payment.sql(twice) {
        verdict.duplicated.push(format!("order {} has two payments", row[0]));
    }
    for row in payment.sql("SELECT id FROM payments WHERE status = 'PENDING'") {
        verdict.wrong.push(format!("payment {} has no outcome", row[0]));
    }
}
