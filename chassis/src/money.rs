//! Money: whole cents, never a floating-point number.
//!
//! `0.1 + 0.2` is `0.30000000000000004` in binary floating point, and a shop that adds prices
//! like that is wrong by a cent sooner or later. So an amount is an integer number of cents
//! in memory and in the database, and only its JSON and its query text have a decimal point.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// An amount of money in whole cents, from 0 to [`Cents::MAX`].
///
/// As JSON it is a number with two decimals, `999.99`. Write it with `serde_json::to_string`
/// or `to_vec`: the `json!` macro would read the number back as floating point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(i64);

impl Cents {
    /// Nothing to pay.
    pub const ZERO: Self = Self(0);

    /// The largest amount, 900,719,925,474.09.
    ///
    /// Our page is written in JavaScript, whose only number type is exact for integers up to
    /// 2^53 - 1 = 9,007,199,254,740,991. A hundredth of that keeps two decimals safe: near the
    /// largest amount, neighboring JavaScript numbers are 0.0001 apart.
    pub const MAX: Self = Self(9_007_199_254_740_991 / 100);

    /// An amount of this many cents; `None` if that is negative or above [`Cents::MAX`].
    pub const fn new(cents: i64) -> Option<Self> {
        if cents < 0 || cents > Self::MAX.0 { None } else { Some(Self(cents)) }
    }

    /// The number of cents.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum; `None` above [`Cents::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }

    /// The price of `quantity` pieces; `None` above [`Cents::MAX`] or for a negative quantity.
    pub fn checked_times(self, quantity: i64) -> Option<Self> {
        // Without the check, zero cents times minus one would be zero: a valid amount.
        if quantity < 0 {
            return None;
        }
        self.0.checked_mul(quantity).and_then(Self::new)
    }
}

/// Why something is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    /// JSON that is no number, often one with quotes around it.
    #[error("must be a number like 12.50, without quotes")]
    NotANumber,
    /// A sign, an exponent, too many decimals, or something else altogether.
    #[error("must be an amount like 12.50: not negative, at most two decimals")]
    Malformed,
    /// More than [`Cents::MAX`].
    #[error("must be at most {}", Cents::MAX)]
    TooLarge,
}

/// Reads `12`, `12.5` or `12.50`: what JSON calls a number, less the sign and the exponent.
impl FromStr for Cents {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (units, decimals) = text.split_once('.').unwrap_or((text, "0"));
        // As for whole numbers; `007` is octal to some readers.
        let has_leading_zero = units.len() > 1 && units.starts_with('0');
        if has_leading_zero || !is_digits(units) || !is_digits(decimals) {
            return Err(NotAnAmount::Malformed);
        }
        let tens = match decimals.len() {
            1 => 10,
            2 => 1,
            _ => return Err(NotAnAmount::Malformed),
        };
        let hundredths = decimals.parse::<i64>().map_err(|_| NotAnAmount::Malformed)? * tens;
        let units: i64 = units.parse().map_err(|_| NotAnAmount::TooLarge)?;
        units
            .checked_mul(100)
            .and_then(|cents| cents.checked_add(hundredths))
            .and_then(Self::new)
            .ok_or(NotAnAmount::TooLarge)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Always two decimals: `999.99`, `1000.00`.
impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Reads a JSON number. For a query string, which is text, see [`from_text`].
///
/// [`RawValue`] hands over the characters the client sent. Asking serde for a number instead
/// would give an `f64`, in which `0.07` and `0.070000000000000007` are the same.
impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        if !json.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Err(D::Error::custom(NotAnAmount::NotANumber));
        }
        json.get().parse().map_err(D::Error::custom)
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// Reads an amount from a query string: put `#[serde(deserialize_with = "money::from_text")]`
/// on the field.
///
/// # Errors
///
/// The sentence of [`NotAnAmount`].
pub fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cents, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Stored as `INTEGER` cents.
impl ToSql for Cents {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl FromSql for Cents {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let cents = value.as_i64()?;
        Self::new(cents).ok_or(FromSqlError::OutOfRange(cents))
    }
}

#[cfg(test)]
mod tests;
