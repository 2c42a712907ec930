//! Whole numbers with a range in their type: `WholeNumber<1, 1000>` cannot hold anything else.
//!
//! A handler that takes one needs no check, and whoever sends a wrong one hears one sentence,
//! whether the number stood in a path, in a query string or in JSON.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WholeNumber<const MIN: i64, const MAX: i64>(i64);

/// The input is not a whole number in the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}")]
pub struct NotInRange {
    min: i64,
    max: i64,
}

impl<const MIN: i64, const MAX: i64> WholeNumber<MIN, MAX> {
    const NOT_IN_RANGE: NotInRange = NotInRange { min: MIN, max: MAX };

    /// This number; `None` outside the range.
    pub const fn new(number: i64) -> Option<Self> {
        if number < MIN || number > MAX { None } else { Some(Self(number)) }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Reads a whole number from text, as JSON would: without a plus sign and without zeros in
/// front. One number has one spelling, because one thing should have one address: `/products/7`
/// and not `/products/007` as well.
pub fn from_digits(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_its_spelling = text == "0" || digits.starts_with(|first| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| is_its_spelling)
}

impl<const MIN: i64, const MAX: i64> FromStr for WholeNumber<MIN, MAX> {
    type Err = NotInRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_digits(text).and_then(Self::new).ok_or(Self::NOT_IN_RANGE)
    }
}

/// Asks for an `i64`, and each format does what is right for it: JSON refuses `"3"`, `3.0` and
/// `3e0`; query strings and paths, which are all text, read `3`.
///
/// Every failure becomes the same sentence. Serde's own ("invalid type: string, expected i64")
/// is for programmers.
impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for WholeNumber<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer) {
            Ok(number) => Self::new(number).ok_or_else(|| D::Error::custom(Self::NOT_IN_RANGE)),
            // For an absent field, serde asks the field's type whether it can do without, and
            // only this error still knows the field's name.
            Err(error) if error.to_string().starts_with("missing field") => Err(error),
            Err(_) => Err(D::Error::custom(Self::NOT_IN_RANGE)),
        }
    }
}

impl<const MIN: i64, const MAX: i64> fmt::Display for WholeNumber<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Stored as `INTEGER`.
impl<const MIN: i64, const MAX: i64> ToSql for WholeNumber<MIN, MAX> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl<const MIN: i64, const MAX: i64> FromSql for WholeNumber<MIN, MAX> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::new(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pieces = WholeNumber<1, 1000>;

    const SENTENCE: &str = "must be a whole number from 1 to 1000";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        quantity: Pieces,
    }

    fn read(json: &str) -> Result<Line, serde_path_to_error::Error<serde_json::Error>> {
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn both_ends_of_the_range_belong_to_it() {
        assert_eq!(Pieces::new(1).map(Pieces::get), Some(1));
        assert_eq!(Pieces::new(1000).map(Pieces::get), Some(1000));
        assert_eq!(Pieces::new(0), None);
        assert_eq!(Pieces::new(1001), None);
    }

    #[test]
    fn json_must_hold_a_whole_number_in_range() {
        for wrong in [
            "0",
            "1001",
            "-1",
            "1.0",
            "1e2",
            "\"3\"",
            "null",
            "true",
            "[]",
            "{}",
            "99999999999999999999",
        ] {
            let error = read(&format!(r#"{{"quantity":{wrong}}}"#)).unwrap_err();

            assert_eq!(error.path().to_string(), "quantity", "{wrong}");
            assert!(error.inner().to_string().starts_with(SENTENCE), "{wrong}: {error}");
        }
        assert_eq!(read(r#"{"quantity":3}"#).unwrap().quantity.get(), 3);
    }

    #[test]
    fn an_absent_number_is_named() {
        let json = read("{}").unwrap_err();

        assert!(json.to_string().starts_with("missing field `quantity`"), "{json}");
    }

    #[test]
    fn text_holds_a_number_only_in_its_one_spelling() {
        assert_eq!("3".parse::<Pieces>().map(Pieces::get), Ok(3));
        assert_eq!(from_digits("-3"), Some(-3));
        assert_eq!(from_digits("0"), Some(0));

        for wrong in ["0", "1001", "1.0", "", "three", "99999999999999999999", "+3", "03", " 3"] {
            assert_eq!(wrong.parse::<Pieces>().unwrap_err().to_string(), SENTENCE, "{wrong}");
        }
        for wrong in ["00", "-0", "+0", "-03", "--3", "-", "3-"] {
            assert_eq!(from_digits(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_is_shown_and_sent_as_it_is() {
        let pieces: Pieces = "7".parse().unwrap();

        assert_eq!(pieces.to_string(), "7");
        assert_eq!(serde_json::to_string(&pieces).unwrap(), "7");
        assert_eq!("7.5".parse::<Pieces>().unwrap_err().to_string(), SENTENCE);
    }
}
