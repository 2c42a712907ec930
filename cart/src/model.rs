//! What a cart is, and what may be done to one. No SQL, no HTTP, no clock.

use chassis::id::UserId;
use chassis::number::WholeNumber;
use chassis::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest number that every JSON reader keeps exact.
const ID_MAX: i64 = 9_007_199_254_740_991;

/// The id of a product, as the catalog numbers them.
pub type ProductId = WholeNumber<1, ID_MAX>;

/// How many units one request can ask for.
pub type Quantity = WholeNumber<1, 1_000>;

/// The most units in a line: as many as an order line takes.
pub const LINE_QUANTITY_MAX: i64 = 1_000_000;

/// The most lines in a cart. An order has room for as many, so a full cart can be ordered.
pub const LINES_MAX: usize = 100;

/// One product in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which product.
    pub product_id: i64,
    /// How many units.
    pub quantity: i64,
    /// Whether the catalog vouches for the product. Shown only when it does not.
    #[serde(skip_serializing_if = "is_true")]
    pub validated: bool,
    /// Whether the product is sold, as far as we know. Shown only when it is not.
    #[serde(skip_serializing_if = "is_true")]
    pub available: bool,
}

impl Line {
    /// A line whose product was not checked yet (`needs_check`) or is known not to exist.
    pub fn new(product_id: i64, quantity: i64, needs_check: bool, is_missing: bool) -> Self {
        let validated = !needs_check && !is_missing;
        Self { product_id, quantity, validated, available: !is_missing }
    }
}

/// A shopper's cart as the API shows it. One that was never written to has no instants.
#[derive(Clone, Debug, Serialize)]
pub struct Cart {
    /// Whose.
    pub user_id: UserId,
    /// In the order in which they were first added.
    #[serde(rename = "cart")]
    pub lines: Vec<Line>,
    /// When something was added for the first time.
    pub created_at: Option<Timestamp>,
    /// When the shopper last changed something.
    pub updated_at: Option<Timestamp>,
}

/// What is to be added to whose cart.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Whose cart.
    pub user_id: UserId,
    /// Which product.
    pub product_id: ProductId,
    /// How many units.
    pub quantity: Quantity,
    /// What is known about the product.
    pub check: Check,
}

/// What came of checking a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It existed when the catalog was asked.
    Passed {
        /// When that was.
        asked_at: Timestamp,
    },
    /// The catalog says that there is no such product.
    Failed,
    /// The catalog could not be asked, and we add the product all the same.
    NotMade,
}

/// Something that has changed in another service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The same however often the event is sent.
    pub event_id: EventId,
    /// What kind of change.
    pub event_type: EventType,
    /// What it is about.
    pub payload: Payload,
    /// When it was announced.
    pub timestamp: Timestamp,
}

/// What an event is about. Other fields are ignored, so that a sender may say more than this
/// version understands.
#[derive(Clone, Debug, Deserialize)]
pub struct Payload {
    /// The product, for events about one.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// The user, for events about one.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

/// The id of an event: whatever its sender uses, as long as it is short and visible.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct EventId(pub String);

impl TryFrom<String> for EventId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=128).contains(&text.len()) || !is_visible {
            return Err("must be 1 to 128 visible ASCII characters");
        }
        Ok(Self(text))
    }
}

/// The kinds of events that the cart listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum EventType {
    /// A product is new, or has another name, price, stock or place. If it says not which, it may
    /// be any of them.
    ProductUpdated,
    /// A product is no longer sold.
    ProductDeleted,
    /// A category has another name, and so have its products another place.
    CategoryUpdated,
    /// A user is no more.
    UserDeleted,
}

impl EventType {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProductUpdated => "product.updated",
            Self::ProductDeleted => "product.deleted",
            Self::CategoryUpdated => "category.updated",
            Self::UserDeleted => "user.deleted",
        }
    }
}

impl TryFrom<String> for EventType {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known =
            [Self::ProductUpdated, Self::ProductDeleted, Self::CategoryUpdated, Self::UserDeleted];
        known.into_iter().find(|kind| kind.as_str() == text).ok_or(
            "must be one of product.updated, product.deleted, category.updated, user.deleted",
        )
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_true(flag: &bool) -> bool {
    *flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(line: Line) -> String {
        serde_json::to_string(&line).unwrap()
    }

    #[test]
    fn a_line_speaks_up_only_when_something_is_wrong() {
        assert_eq!(json(Line::new(1, 2, false, false)), r#"{"product_id":1,"quantity":2}"#);
        assert_eq!(
            json(Line::new(1, 2, true, false)),
            r#"{"product_id":1,"quantity":2,"validated":false}"#
        );
        for needs_check in [false, true] {
            assert_eq!(
                json(Line::new(1, 2, needs_check, true)),
                r#"{"product_id":1,"quantity":2,"validated":false,"available":false}"#
            );
        }
    }

    #[test]
    fn an_event_type_is_read_as_it_is_written() {
        for kind in [EventType::ProductUpdated, EventType::UserDeleted] {
            assert_eq!(EventType::try_from(kind.as_str().to_owned()), Ok(kind));
        }
        assert!(EventType::try_from("product.exploded".to_owned()).is_err());
    }
}
