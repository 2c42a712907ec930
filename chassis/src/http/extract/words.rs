//! What serde says of bad input, in sentences for whoever sent it.
//!
//! Serde words its refusals for programmers ("missing field `price`", "invalid type: sequence,
//! expected a map"). The types of the shop word their own ("must be a UUID"). Here both become
//! a sentence that begins with the name of the field.

use std::fmt::Display;

/// The longest name of an unknown field that is told back.
const NAME_MAX: usize = 64;

/// Where the input stood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the JSON body.
    Body,
    /// Behind the question mark.
    Query,
}

/// The sentence for a refusal.
pub(super) fn sentence<E: Display>(
    refusal: &serde_path_to_error::Error<E>,
    place: Place,
) -> String {
    let path = match refusal.path().to_string() {
        root if root == "." => None,
        path => Some(path),
    };
    let cause = refusal.inner().to_string();
    // Line and column say little once the field is named.
    let cause = cause.rsplit_once(" at line ").map_or(cause.as_str(), |(cause, _)| cause);
    if let Some(name) = quoted(cause, "missing field `") {
        let where_to = if place == Place::Query { " in the query string" } else { "" };
        return format!("{}: is required{where_to}", within(path, name));
    }
    if let Some(name) = quoted(cause, "duplicate field `") {
        return format!("{}: is given twice", within(path, name));
    }
    let subject = path.as_deref().map(shown);
    let begin = subject.map_or_else(|| "The body ".to_owned(), |subject| format!("{subject}: "));
    if cause.starts_with("unknown field `") {
        let kind = if place == Place::Query { "parameter" } else { "field" };
        return format!("{begin}there is no such {kind}{}", known(cause));
    }
    if cause.starts_with("unknown variant `") {
        return format!("{begin}must be one of {}", words(cause).join(", "));
    }
    if cause.starts_with("number out of range") {
        return format!("{begin}is too large a number");
    }
    match cause.rsplit_once(", expected ") {
        Some((_, wanted)) if cause.starts_with("invalid ") => format!("{begin}must be {wanted}"),
        _ if path.is_none() => cause.to_owned(),
        _ => format!("{begin}{cause}"),
    }
}

/// A name as it is told back: one that can be seen, and not a page of it.
pub(super) fn shown(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        _ if name.is_empty() => "\"\"".to_owned(),
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

/// What follows `start`, up to the next quote.
fn quoted<'a>(cause: &'a str, start: &str) -> Option<&'a str> {
    cause.strip_prefix(start)?.split('`').next()
}

/// The field `name` of the thing at `path`: `[1].price`.
fn within(path: Option<String>, name: &str) -> String {
    path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"))
}

/// The fields there are, as serde lists them at the end.
fn known(cause: &str) -> String {
    match words(cause).as_slice() {
        [] => String::new(),
        [one] => format!("; there is {one}"),
        several => format!("; there are {}", several.join(", ")),
    }
}

fn words(cause: &str) -> Vec<&str> {
    // From the end, because the unknown name comes first and can be anything.
    let list = cause.rsplit_once("`, expected ").map_or("", |(_, list)| list);
    list.split('`').skip(1).step_by(2).collect()
}
