//! Amounts as text, as JSON, in a query string and in a database.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bill {
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    price: Cents,
}

#[derive(Debug, Deserialize)]
struct Query {
    #[serde(deserialize_with = "from_text")]
    amount: Cents,
}

fn cents(cents: i64) -> Cents {
    Cents::new(cents).unwrap()
}

#[test]
fn an_amount_has_up_to_two_decimals() {
    for (text, expected) in
        [("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0", 0), ("0.07", 7), ("0.7", 70)]
    {
        assert_eq!(text.parse(), Ok(cents(expected)), "{text}");
        assert_eq!(serde_json::from_str::<Cents>(text).unwrap(), cents(expected), "{text}");
    }
}

#[test]
fn anything_else_is_not_an_amount() {
    for text in [
        "",
        ".",
        ".5",
        "12.",
        "-1",
        "+1",
        "-0",
        "1e2",
        "1E2",
        "12.345",
        "12.500",
        "007",
        "00",
        " 1",
        "1 ",
        "1_000",
        "1,5",
        "1.2.3",
        "1.-2",
        "NaN",
        "inf",
        "null",
        "true",
        "\"12.50\"",
        "[1]",
        "0x10",
        "\u{0661}",
    ] {
        assert_eq!(text.parse::<Cents>(), Err(NotAnAmount::Malformed), "{text}");
    }
    assert!(serde_json::from_str::<Cents>("\"12.50\"").is_err());
    assert!(serde_json::from_str::<Cents>("1e2").is_err());
}

#[test]
fn more_than_the_largest_amount_is_refused_with_the_limit() {
    for text in ["900719925474.10", "900719925475", "99999999999999999999"] {
        let refusal = text.parse::<Cents>().unwrap_err();
        assert_eq!(refusal.to_string(), "must be at most 900719925474.09", "{text}");
    }
}

#[test]
fn the_largest_amount_can_be_read_and_written() {
    assert_eq!("900719925474.09".parse(), Ok(Cents::MAX));
    assert_eq!(Cents::MAX.to_string(), "900719925474.09");
}

#[test]
fn sums_are_exact_and_never_wrap() {
    let total = cents(99_999).checked_add(cents(2_999).checked_times(2).unwrap());

    assert_eq!(total, Some(cents(105_997)));
    assert_eq!(Cents::MAX.checked_add(cents(1)), None);
    assert_eq!(cents(2).checked_times(i64::MAX), None);
    assert_eq!(Cents::ZERO.checked_times(-1), None);
}

#[test]
fn json_shows_exactly_two_decimals() {
    let json = serde_json::to_string(&[cents(99_999), cents(100_000), cents(5)]).unwrap();

    assert_eq!(json, "[999.99,1000.00,0.05]");
}

#[test]
fn a_wrong_amount_is_named_by_its_path() {
    for (wrong, sentence) in [
        ("-1", NotAnAmount::Malformed),
        ("1e2", NotAnAmount::Malformed),
        ("0.001", NotAnAmount::Malformed),
        ("1e400", NotAnAmount::Malformed),
        ("900719925474.10", NotAnAmount::TooLarge),
        ("\"1\"", NotAnAmount::NotANumber),
        ("null", NotAnAmount::NotANumber),
        ("{}", NotAnAmount::NotANumber),
    ] {
        let json = format!(r#"{{"lines":[{{"price":1}},{{"price":{wrong}}}]}}"#);
        let mut reader = serde_json::Deserializer::from_str(&json);

        let error = serde_path_to_error::deserialize::<_, Bill>(&mut reader).unwrap_err();

        assert_eq!(error.path().to_string(), "lines[1].price");
        assert!(error.inner().to_string().starts_with(&sentence.to_string()), "{error}");
    }
}

#[test]
fn amounts_are_read_inside_structs_and_lists() {
    let bill: Bill = serde_json::from_str(r#"{"lines":[{"price": 9.99 }]}"#).unwrap();

    assert_eq!(bill.lines[0].price, cents(999));
}

#[test]
fn an_amount_is_read_from_text_where_a_field_asks_for_that() {
    let read = |text: &str| {
        let query = serde_json::from_str::<Query>(&format!(r#"{{"amount":"{text}"}}"#));
        query.map(|query| query.amount).map_err(|error| error.to_string())
    };

    assert_eq!(read("999.99"), Ok(cents(99_999)));
    assert!(read("-1").unwrap_err().starts_with("must be an amount like 12.50"));
}

#[test]
fn an_absent_amount_is_named() {
    let json = serde_json::from_str::<Line>("{}").unwrap_err();

    assert!(json.to_string().starts_with("missing field `price`"), "{json}");
}

#[test]
fn a_database_column_holds_whole_cents() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    let stored = db.query_row("SELECT ?1, typeof(?1)", [cents(1250)], |row| {
        Ok((row.get::<_, Cents>(0)?, row.get::<_, String>(1)?))
    });

    assert_eq!(stored, Ok((cents(1250), "integer".to_owned())));
    assert!(db.query_row("SELECT -1", [], |row| row.get::<_, Cents>(0)).is_err());
}

proptest! {
    #[test]
    fn every_amount_survives_text_and_json(amount in 0..=Cents::MAX.get()) {
        let amount = cents(amount);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<Cents>(&json).unwrap(), amount);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,24}") {
        let _ = text.parse::<Cents>();
    }
}
