//! What a payment is, and which moves are legal. No SQL, no HTTP, no clock.

use std::fmt;
use std::str::FromStr;

use chassis::id::Id;
use chassis::money::Cents;
use chassis::number::WholeNumber;
use chassis::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How many rows a page holds.
pub type PageSize = WholeNumber<1, 1_000>;

/// Where a payment stands. These arrows are the only moves there are:
///
/// ```text
/// PENDING ── the order accepts ──▶ COMPLETED ── cannot be delivered ──▶ REFUNDED
///    ├────── the order refuses ──▶ FAILED                                  ▲
///    └────── accepted and given up before we heard of it ──────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentStatus {
    /// The order has not said yet what it thinks.
    Pending,
    /// It accepted.
    Completed,
    /// It refused; the money was not kept.
    Failed,
    /// It accepted and could not deliver; the money was returned.
    Refunded,
}

/// What can happen to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The order accepts it.
    Complete,
    /// The order refuses it.
    Fail,
    /// The order asks for the money to go back.
    Refund,
}

impl PaymentStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Completed, Self::Failed, Self::Refunded];

    /// The status after a move; `None` if the move is not legal here.
    pub fn after(self, step: Move) -> Option<Self> {
        match (self, step) {
            (Self::Pending, Move::Complete) => Some(Self::Completed),
            (Self::Pending, Move::Fail) => Some(Self::Failed),
            (Self::Pending | Self::Completed, Move::Refund) => Some(Self::Refunded),
            (Self::Completed, Move::Complete | Move::Fail) | (Self::Failed | Self::Refunded, _) => {
                None
            }
        }
    }

    /// The word in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Refunded => "REFUNDED",
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for PaymentStatus {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or("must be PENDING, COMPLETED, FAILED or REFUNDED")
    }
}

/// A payment that is about to be made. Id and instant are fixed before the transaction.
#[derive(Clone, Copy, Debug)]
pub struct NewPayment {
    /// Made here.
    pub id: Id,
    /// For which order.
    pub order_id: Id,
    /// How much.
    pub amount: Cents,
    /// When.
    pub now: Timestamp,
}

/// A payment as it is kept.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Sorts by the time of its making.
    pub id: Id,
    /// For which order.
    pub order_id: Id,
    /// How much.
    pub amount: Cents,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How the order refused it.
    pub refusal_status: Option<u16>,
    /// Why it failed or was refunded.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A payment as the API shows it.
#[derive(Debug, Serialize)]
pub struct PaymentView<'a> {
    payment_id: Id,
    order_id: Id,
    amount: Cents,
    status: PaymentStatus,
    reason: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Payment {
    /// The view for the API.
    pub fn view(&self) -> PaymentView<'_> {
        PaymentView {
            payment_id: self.id,
            order_id: self.order_id,
            amount: self.amount,
            status: self.status,
            reason: self.reason.as_deref(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// What the order service asks for when it cannot deliver what was paid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundDraft {
    /// Which payment.
    pub payment_id: Id,
    /// Of which order.
    pub order_id: Id,
    /// Why, for a person.
    pub reason: Reason,
}

/// A reason: 1 to 500 characters, none of them a control character.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Reason(pub String);

impl TryFrom<String> for Reason {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_clean = !text.chars().any(char::is_control);
        if !(1..=500).contains(&text.chars().count()) || !is_clean {
            return Err("must be 1 to 500 characters without control characters");
        }
        Ok(Self(text))
    }
}

/// Which payments a client wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only of this order.
    pub order_id: Option<Id>,
    /// Only in this status.
    pub status: Option<PaymentStatus>,
    /// Only older than this one.
    pub after: Option<Id>,
    /// At most this many.
    pub limit: Option<PageSize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_that_failed_or_was_refunded_never_moves_again() {
        for over in [PaymentStatus::Failed, PaymentStatus::Refunded] {
            for step in [Move::Complete, Move::Fail, Move::Refund] {
                assert_eq!(over.after(step), None);
            }
        }
    }

    #[test]
    fn money_that_was_accepted_is_only_ever_returned() {
        assert_eq!(PaymentStatus::Completed.after(Move::Refund), Some(PaymentStatus::Refunded));
        assert_eq!(PaymentStatus::Completed.after(Move::Fail), None);
    }

    #[test]
    fn every_status_is_read_back_from_its_word() {
        for status in PaymentStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        assert!("paid".parse::<PaymentStatus>().is_err());
    }
}
