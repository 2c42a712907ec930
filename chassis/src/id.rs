//! Names of things: [`Id`] for what a service creates, [`UserId`] for who asks.
//!
//! Both are types of their own, so that no function can be handed some other text by mistake,
//! and both are text in the database, so that a look into the file shows what the API shows.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// A UUID, shown and stored as lowercase text with hyphens.
///
/// New ones are of version 7, which begins with the time. Sorted by id is therefore sorted by
/// age, and SQLite inserts at the end of its index rather than all over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(Uuid);

impl Id {
    /// An id that no one else has, greater than all this process has made before.
    #[expect(clippy::new_without_default, reason = "a default is always the same, an id never")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID")]
pub struct NotAnId;

/// Reads the form with hyphens, in lower or upper case, of any version.
impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser also knows forms with braces, with a prefix and without hyphens. One thing
        // should have one address, so only the form we print is let in; 36 is its length.
        if text.len() != 36 {
            return Err(NotAnId);
        }
        Uuid::parse_str(text).map(Self).map_err(|_| NotAnId)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl TryFrom<String> for Id {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Stored as `TEXT`.
impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|error: NotAnId| FromSqlError::Other(error.into()))
    }
}

/// The name of a shopper, 1 to 64 characters that need no escaping in a URL.
///
/// Users live in some other system; to the shop they are only this name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

/// The text is not the name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 characters of A-Z a-z 0-9 . _ - @")]
pub struct NotAUserId;

impl UserId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserId {
    type Error = NotAUserId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text))
        } else {
            Err(NotAUserId)
        }
    }
}

impl FromStr for UserId {
    type Err = NotAUserId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<UserId> for String {
    fn from(user_id: UserId) -> Self {
        user_id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Stored as `TEXT`.
impl ToSql for UserId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_str()))
    }
}

impl FromSql for UserId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|error: NotAUserId| FromSqlError::Other(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0190a5d8-7f1e-7c3a-9b2d-0123456789ab";

    #[test]
    fn ids_sort_by_age() {
        let ids: Vec<Id> = (0..1000).map(|_| Id::new()).collect();

        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.to_string().as_bytes()[14] == b'7'));
    }

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(TEXT.parse::<Id>().unwrap().to_string(), TEXT);
        assert_eq!(TEXT.to_uppercase().parse::<Id>().unwrap().to_string(), TEXT);

        for wrong in ["", "1", &TEXT.replace('-', ""), &format!("{{{TEXT}}}"), &format!("{TEXT} ")]
        {
            assert_eq!(wrong.parse::<Id>(), Err(NotAnId), "{wrong}");
        }
    }

    #[test]
    fn an_id_is_a_string_in_json() {
        let id: Id = serde_json::from_str(&format!("\"{TEXT}\"")).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));

        let error = serde_json::from_str::<Id>("\"x\"").unwrap_err();
        assert!(error.to_string().starts_with("must be a UUID"), "{error}");
        assert!(serde_json::from_str::<Id>("5").is_err());
    }

    #[test]
    fn a_user_id_needs_no_escaping() {
        for name in ["user1", "a", "Ada.Lovelace_1-x@example.org", &"u".repeat(64)] {
            assert_eq!(name.parse::<UserId>().unwrap().as_str(), name);
        }
        for wrong in ["", "a b", "a/b", "a%20", "\u{e9}", "a\n", &"u".repeat(65)] {
            assert_eq!(wrong.parse::<UserId>(), Err(NotAUserId), "{wrong}");
        }
        let error = serde_json::from_str::<UserId>("\"a b\"").unwrap_err();
        assert!(error.to_string().starts_with(&NotAUserId.to_string()), "{error}");
    }

    #[test]
    fn a_database_column_holds_the_text() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let (id, user_id): (Id, UserId) = (TEXT.parse().unwrap(), "user1".parse().unwrap());

        let stored = db.query_row("SELECT ?1, ?2, ?1", (id, &user_id), |row| {
            Ok((row.get::<_, Id>(0)?, row.get::<_, UserId>(1)?, row.get::<_, String>(2)?))
        });

        assert_eq!(stored, Ok((id, user_id, TEXT.to_owned())));
        assert!(db.query_row("SELECT 'x'", [], |row| row.get::<_, Id>(0)).is_err());
    }
}
