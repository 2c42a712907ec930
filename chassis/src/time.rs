//! Instants as the shop writes them: UTC, RFC 3339, milliseconds.
//!
//! One text form everywhere (database, API, logs), so that what a student sees with
//! `SELECT` is what the API shows, and so that comparing the text compares the instants.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC, kept to the millisecond: `2026-11-20T18:30:00.125Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, before anything that the shop has seen.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The current instant, cut to milliseconds so that it survives being written down.
    pub fn now() -> Self {
        Self(Utc::now().trunc_subsecs(3))
    }

    /// This instant moved by whole milliseconds; stays put if that leaves the calendar.
    #[must_use]
    pub fn plus_ms(self, milliseconds: i64) -> Self {
        let moved = TimeDelta::try_milliseconds(milliseconds)
            .and_then(|delta| self.0.checked_add_signed(delta));
        Self(moved.unwrap_or(self.0))
    }

    /// Milliseconds from `earlier` to this instant; negative if it came first.
    pub fn ms_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_milliseconds()
    }

    /// The instant of an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc2822(text).ok()?;
        Some(Self(instant.with_timezone(&Utc)))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("must be an RFC 3339 instant"))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Some(Timestamp(instant.with_timezone(&Utc).trunc_subsecs(3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_being_written_down() {
        let now = Timestamp::now();
        assert_eq!(parse(&now.to_string()), Some(now));
    }

    #[test]
    fn the_text_has_milliseconds_and_a_z() {
        let instant = parse("2026-11-20T19:30:00+01:00").unwrap();
        assert_eq!(instant.to_string(), "2026-11-20T18:30:00.000Z");
        assert_eq!(instant.plus_ms(125).to_string(), "2026-11-20T18:30:00.125Z");
    }

    #[test]
    fn comparing_the_text_compares_the_instants() {
        let now = Timestamp::now();
        let later = now.plus_ms(1);
        assert!(now.to_string() < later.to_string());
        assert_eq!(later.ms_since(now), 1);
    }
}
