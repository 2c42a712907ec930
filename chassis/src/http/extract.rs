//! Typed input. What a handler needs to be true before it starts is an argument type here,
//! and every refusal names the field and says what would be right.

use std::borrow::Cow;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use self::json::Plain;
use self::text::Text;
use self::words::{Place, sentence, shown};
use super::Problem;
use super::body::RequestBody;

mod json;
mod text;
mod words;

/// A JSON body of type `T`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A JSON body of type `T`, or none at all.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJson<T>(pub Option<T>);

/// The query string as a `T`.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// No query string, or an empty one. For routes that have no parameters: one that is sent all
/// the same is a mistake, and the client should hear of it.
#[derive(Clone, Copy, Debug)]
pub struct NoQuery;

/// The parameters of the path as a `T`: one is the value itself, several are the fields of a
/// struct.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let RequestBody(body) = request.extensions().get().cloned().unwrap_or_default();
        require_json(request.headers())?;
        from_json(&body).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let RequestBody(body) = request.extensions().get().cloned().unwrap_or_default();
        if body.is_empty() {
            return Ok(Self(None));
        }
        require_json(request.headers())?;
        from_json(&body).map(|value| Self(Some(value)))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        require_well_formed(query)?;
        let fields = || form_urlencoded::parse(query.as_bytes());
        text::read(fields()).map(Self).map_err(|_| match text::find_fault::<T>(fields()) {
            Err(error) => Problem::invalid(sentence(&error, Place::Query)),
            Ok(_) => Problem::bad_request("The query string cannot be read"),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        require_well_formed(query)?;
        match form_urlencoded::parse(query.as_bytes()).next() {
            None => Ok(Self),
            Some((name, _)) => {
                let name = shown(&name);
                Err(Problem::invalid(format!("{name}: there is no such parameter")))
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(parameters) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(Problem::bad_request("The path is not valid UTF-8"));
        };
        let mut all = parameters.iter();
        if let (Some((name, value)), None) = (all.next(), all.next()) {
            let value = T::deserialize(Text(value.into()));
            return value
                .map(Self)
                .map_err(|refusal| Problem::invalid(format!("{name}: {refusal}")));
        }
        let fields = || parameters.iter().map(|(name, value)| (Cow::from(name), Cow::from(value)));
        text::read(fields()).map(Self).map_err(|_| match text::find_fault::<T>(fields()) {
            Err(error) => Problem::invalid(sentence(&error, Place::Query)),
            Ok(_) => Problem::bad_request("The path cannot be read"),
        })
    }
}

/// An empty parameter (`?status=`) counts as one that is not there, for filters that a form
/// sends whether or not they are filled in.
///
/// # Errors
///
/// What `T` says of a value that is there.
pub fn empty_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Writes a query string from the parameters that have a value: `?limit=2&after=7`.
pub fn query_string<const N: usize>(parameters: [(&str, Option<String>); N]) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.finish()
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Encoding is not supported: send the JSON as it is",
        ));
    }
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        Some(other) if other.starts_with("application/") && other.ends_with("+json") => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type must be application/json",
        )),
    }
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Text that no field asks for is skipped without a look at it, so this comes first.
    let body = std::str::from_utf8(body)
        .map_err(|_| Problem::bad_request("The body is not valid UTF-8"))?;
    let mut reader = serde_json::Deserializer::from_str(body);
    let Ok(value) = T::deserialize(Plain(&mut reader)) else {
        return Err(find_fault::<T>(body));
    };
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Reads a refused body once more, to find out what is wrong with it and where. The good case
/// does not pay for that.
fn find_fault<T: DeserializeOwned>(body: &str) -> Problem {
    let mut reader = serde_json::Deserializer::from_str(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(Plain(&mut reader)) else {
        return Problem::bad_request("The body cannot be read");
    };
    // A type that words its own refusal hides whether the text was JSON at all. And half of a
    // pair of surrogates looks like JSON to whoever skips it, but it is no text.
    let cause = error.inner();
    let is_half_text = cause.is_syntax() && !cause.to_string().starts_with("number out of range");
    match serde_json::from_str::<IgnoredAny>(body) {
        Err(cause) => malformed(&cause),
        Ok(_) if is_half_text => malformed(cause),
        Ok(_) => Problem::invalid(sentence(&error, Place::Body)),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("The body is not valid JSON: {error}"))
}

/// Refuses what the lenient decoder would turn into replacement characters.
fn require_well_formed(query: &str) -> Result<(), Problem> {
    if !query.contains('%') {
        return Ok(());
    }
    let bytes = query.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        if byte == b'%' {
            let digits = query.get(position + 1..position + 3);
            let value = digits
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(value) = value else {
                return Err(Problem::bad_request("The query string has a broken %-escape"));
            };
            decoded.push(value);
            position += 3;
        } else {
            decoded.push(byte);
            position += 1;
        }
    }
    match std::str::from_utf8(&decoded) {
        Ok(_) => Ok(()),
        Err(_) => Err(Problem::bad_request("The query string is not valid UTF-8")),
    }
}
