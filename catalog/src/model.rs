//! What a product is, and what may be said about one. No SQL, no HTTP, no clock.

use std::str::FromStr;

use chassis::id::Id;
use chassis::money::Cents;
use chassis::number::WholeNumber;
use chassis::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// The largest number that every JSON reader keeps exact.
const ID_MAX: i64 = 9_007_199_254_740_991;

/// The id of a product.
pub type ProductId = WholeNumber<1, ID_MAX>;

/// The last id of the page before; 0 for the first page.
pub type LastSeen = WholeNumber<0, ID_MAX>;

/// The id of a category.
pub type CategoryId = WholeNumber<1, ID_MAX>;

/// Units that can be bought.
pub type Stock = WholeNumber<0, 1_000_000_000>;

/// Units that one order line takes.
pub type Quantity = WholeNumber<1, 1_000_000>;

/// How many rows a page holds.
pub type PageSize = WholeNumber<1, 1_000>;

/// A product as the API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Product {
    /// Given once, never again.
    pub id: i64,
    /// For people.
    pub name: String,
    /// Of one unit.
    pub price: Cents,
    /// What can still be bought: units on hand less those reserved.
    pub stock: i64,
    /// A sentence or two.
    pub description: Option<String>,
    /// Where it is sorted in.
    pub category_id: Option<i64>,
    /// The name of that category, copied.
    pub category_name: Option<String>,
    /// A picture, relative to the page that shows it.
    pub image: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A category as the API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Category {
    /// Given once, never again.
    pub id: i64,
    /// Unlike that of any other category.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a client says about a product. The outer `Option` of a field is whether it was said at
/// all, the inner one is the value: `null` clears a field, leaving it out keeps it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDraft {
    /// 1 to 200 characters.
    pub name: Name,
    /// Of one unit.
    pub price: Cents,
    /// What can be bought from now on.
    pub stock: Stock,
    /// At most 2,000 characters.
    #[serde(default, deserialize_with = "said")]
    pub description: Option<Option<Description>>,
    /// An existing category.
    #[serde(default, deserialize_with = "said")]
    pub category_id: Option<Option<CategoryId>>,
    /// A relative path.
    #[serde(default, deserialize_with = "said")]
    pub image: Option<Option<Image>>,
}

/// What a client says about a category.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDraft {
    /// 1 to 200 characters.
    pub name: Name,
}

/// A name: trimmed, 1 to 200 characters, none of them a control character, and something to
/// see.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(pub String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = text.trim();
        if !(1..=200).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err("must be 1 to 200 characters without control characters");
        }
        if name.chars().all(is_invisible) {
            return Err("must hold something that can be seen");
        }
        Ok(Self(name.to_owned()))
    }
}

/// For query strings, where a name is looked for.
impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

/// A description: at most 2,000 characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Description(pub String);

impl TryFrom<String> for Description {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_clean = text.chars().all(|letter| letter == '\n' || !letter.is_control());
        if text.chars().count() > 2_000 || !is_clean {
            return Err("must be at most 2000 characters without control characters");
        }
        Ok(Self(text))
    }
}

/// The path of a picture. It ends up in a page, so it may not point anywhere else.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Image(pub String);

impl TryFrom<String> for Image {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let is_plain =
            path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
        let is_inside = !path.starts_with('/') && !path.contains("..");
        if !(1..=200).contains(&path.len()) || !is_plain || !is_inside {
            return Err("must be a relative path of 1 to 200 characters A-Z a-z 0-9 . _ / -");
        }
        Ok(Self(path))
    }
}

/// Which products a client wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name.
    pub name_part: Option<Name>,
    /// Only this category.
    pub category_id: Option<CategoryId>,
    /// Only ids greater than this.
    pub after: Option<LastSeen>,
    /// At most this many.
    pub limit: Option<PageSize>,
}

/// One line of an order that wants stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationLine {
    /// What.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// The price that the shopper was shown.
    pub price: Cents,
}

/// What became of an order's wish for stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// The units are kept for the order.
    Held,
    /// The order was paid; the units are sold.
    Committed,
    /// The order is over; nothing is kept for it, now or later.
    Released,
    /// There was a reason not to.
    Refused(Refusal),
}

/// Why an order cannot have what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of reason.
    pub reason: RefusalReason,
    /// The reason in a sentence.
    pub detail: String,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// Fewer units are left than asked for.
    OutOfStock,
    /// The price is not the one that the shopper was shown.
    PriceChanged,
    /// There is no such product, or no longer.
    NoSuchProduct,
}

impl RefusalReason {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfStock => "out-of-stock",
            Self::PriceChanged => "price-changed",
            Self::NoSuchProduct => "no-such-product",
        }
    }
}

/// What a commit or a release has done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settled {
    /// The order.
    pub order_id: Id,
    /// HELD, COMMITTED or RELEASED.
    pub status: &'static str,
}

/// Blanks, and what only joins, separates or turns its neighbors: spaces of no width, marks of
/// direction, fillers, variants.
fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

fn said<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
