//! What an order is, and which moves are legal. No SQL, no HTTP, no clock.

use std::fmt;
use std::str::FromStr;

use chassis::id::{Id, UserId};
use chassis::money::Cents;
use chassis::number::WholeNumber;
use chassis::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The id of a product in the catalog. Its bound is the largest number that every JSON reader
/// keeps exact.
pub type ProductId = WholeNumber<1, 9_007_199_254_740_991>;

/// Units in one line.
pub type Quantity = WholeNumber<1, 1_000_000>;
/// Rows in a page.
pub type PageSize = WholeNumber<1, 1_000>;
/// Lines in one order: enough for any honest cart, few enough for one transaction.
pub const LINES_MAX: usize = 100;

/// Where an order stands. These arrows are the only moves there are:
///
/// ```text
/// CREATED ── paid ──▶ PAID ── refunded ──▶ REFUNDED
///    ├────── refused by the catalog ─────▶ REJECTED
///    ├────── cancelled by the shopper ───▶ CANCELLED
///    └────── not paid in time ───────────▶ EXPIRED
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderStatus {
    /// Waiting for its payment.
    Created,
    /// The payment service holds the money.
    Paid,
    /// The catalog cannot deliver.
    Rejected,
    /// The shopper changed their mind.
    Cancelled,
    /// Nobody paid in time.
    Expired,
    /// Paid, then found impossible to deliver; the money goes back.
    Refunded,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The payment service reports the money.
    Pay,
    /// The catalog refuses the reservation.
    Reject,
    /// The shopper cancels.
    Cancel,
    /// Its time is over.
    Expire,
    /// The catalog refuses what is paid already.
    Refund,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Paid, Self::Rejected, Self::Cancelled, Self::Expired, Self::Refunded];

    /// The status after a move; `None` if the move is not legal here.
    pub fn after(self, step: Move) -> Option<Self> {
        match (self, step) {
            (Self::Created, Move::Pay) => Some(Self::Paid),
            (Self::Created, Move::Reject) => Some(Self::Rejected),
            (Self::Created, Move::Cancel) => Some(Self::Cancelled),
            (Self::Created, Move::Expire) => Some(Self::Expired),
            (Self::Paid, Move::Refund) => Some(Self::Refunded),
            (Self::Created, Move::Refund)
            | (Self::Paid, Move::Pay | Move::Reject | Move::Cancel | Move::Expire)
            | (Self::Rejected | Self::Cancelled | Self::Expired | Self::Refunded, _) => None,
        }
    }

    /// The word in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Paid => "PAID",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Refunded => "REFUNDED",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or("must be CREATED, PAID, REJECTED, CANCELLED, EXPIRED or REFUNDED")
    }
}

/// What the catalog has said about an order's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Reservation {
    /// Nothing yet.
    Pending,
    /// They are kept.
    Held,
    /// They are not to be had.
    Refused,
    /// They are sold.
    Committed,
    /// They are back on the shelf.
    Released,
}

impl Reservation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Held, Self::Refused, Self::Committed, Self::Released];

    /// The word in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Held => "HELD",
            Self::Refused => "REFUSED",
            Self::Committed => "COMMITTED",
            Self::Released => "RELEASED",
        }
    }
}

/// One product of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// Which.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// Of one unit, as the shopper was shown it.
    pub price: Cents,
}

/// An order that is about to be placed. Id and instants are fixed before the transaction.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Made here.
    pub id: Id,
    /// Whose.
    pub user_id: UserId,
    /// 1 to 100, no product twice.
    pub lines: Vec<OrderLine>,
    /// The exact sum.
    pub total: Cents,
    /// When it is placed.
    pub now: Timestamp,
    /// When it expires unless it is paid.
    pub expires_at: Timestamp,
}

/// Why lines are no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrder {
    /// None, or too many.
    #[error("items: must hold 1 to {LINES_MAX} lines")]
    LineCount,
    /// Two lines about the same thing.
    #[error("items: product {0} is listed twice")]
    Repeated(ProductId),
    /// More money than there is.
    #[error("items: the total is too large")]
    TooLarge,
}

/// The exact sum of the lines, if they make an order.
pub fn total(lines: &[OrderLine]) -> Result<Cents, NotAnOrder> {
    if !(1..=LINES_MAX).contains(&lines.len()) {
        return Err(NotAnOrder::LineCount);
    }
    for (position, line) in lines.iter().enumerate() {
        if lines[..position].iter().any(|other| other.product_id == line.product_id) {
            return Err(NotAnOrder::Repeated(line.product_id));
        }
    }
    lines
        .iter()
        .try_fold(Cents::ZERO, |sum, line| {
            sum.checked_add(line.price.checked_times(line.quantity.get())?)
        })
        .ok_or(NotAnOrder::TooLarge)
}

/// An order as it is kept.
#[derive(Clone, Debug)]
pub struct Order {
    /// Sorts by the time of its making.
    pub id: Id,
    /// Whose.
    pub user_id: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// What the catalog has said.
    pub reservation: Reservation,
    /// The exact sum.
    pub total: Cents,
    /// The payment that paid it. The original webhook without a body names none.
    pub payment_id: Option<Id>,
    /// How and why the catalog refused.
    pub refusal: Option<(u16, String)>,
    /// What it is made of.
    pub lines: Vec<OrderLine>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it expires unless it is paid.
    pub expires_at: Timestamp,
}

/// What the payment service reports.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentNotice {
    /// Stays the same however often it is reported.
    pub payment_id: Id,
    /// What was paid.
    pub amount: Cents,
    /// For which order. A notice that names none could be recorded and sent to another order.
    pub order_id: Option<Id>,
}

/// Which orders a client wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this user.
    pub user_id: Option<UserId>,
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only older than this one.
    pub after: Option<Id>,
    /// At most this many.
    pub limit: Option<PageSize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product_id: i64, quantity: i64, cents: i64) -> OrderLine {
        OrderLine {
            product_id: ProductId::new(product_id).unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            price: Cents::new(cents).unwrap(),
        }
    }

    #[test]
    fn sums_are_exact() {
        let sum = total(&[line(1, 1, 99_999), line(2, 2, 2_999)]).unwrap();
        assert_eq!(sum.to_string(), "1059.97");
    }

    #[test]
    fn lines_that_make_no_order_are_refused() {
        assert_eq!(total(&[]), Err(NotAnOrder::LineCount));
        let twice = total(&[line(1, 1, 1), line(1, 2, 1)]).unwrap_err();
        assert_eq!(twice.to_string(), "items: product 1 is listed twice");
        assert_eq!(total(&[line(1, 1_000_000, Cents::MAX.get())]), Err(NotAnOrder::TooLarge));
        let many: Vec<_> = (1..=101).map(|id| line(id, 1, 1)).collect();
        assert_eq!(total(&many), Err(NotAnOrder::LineCount));
    }

    #[test]
    fn only_a_new_order_has_choices_and_only_a_paid_one_is_refunded() {
        let moves = [Move::Pay, Move::Reject, Move::Cancel, Move::Expire, Move::Refund];
        for status in OrderStatus::ALL {
            let legal = moves.into_iter().filter(|step| status.after(*step).is_some()).count();
            let expected = match status {
                OrderStatus::Created => 4,
                OrderStatus::Paid => 1,
                _ => 0,
            };
            assert_eq!(legal, expected, "{status:?}");
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
