//! Typed input. What a handler needs to be true before it starts is an argument type here,
//! and every refusal names the field and says what would be right.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::Problem;
use super::body::RequestBody;

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

/// The parameters of the path as a `T`.
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
        let pairs = form_urlencoded::parse(query.as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| Problem::invalid(name_the_field(&error)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        require_well_formed(query)?;
        match form_urlencoded::parse(query.as_bytes()).next() {
            None => Ok(Self),
            Some((name, _)) => Err(Problem::invalid(format!("{name}: there is no such parameter"))),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(refused)) => {
                let parameters = raw_parameters(parts, state).await;
                Err(path_problem::<T>(refused.into_kind(), &parameters))
            }
            Err(_) => Err(Problem::bad_request("The path cannot be read")),
        }
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
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // A type that words its own refusal hides whether the text was JSON at all.
        match serde_json::from_str::<IgnoredAny>(body) {
            Err(cause) => malformed(&cause),
            Ok(_) => Problem::invalid(without_position(name_the_field(&error))),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Line and column say little once the field is named.
fn without_position(mut sentence: String) -> String {
    if let Some(end) = sentence.rfind(" at line ") {
        sentence.truncate(end);
    }
    sentence
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("The body is not valid JSON: {error}"))
}

fn name_the_field<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> String {
    let path = error.path().to_string();
    if path == "." { error.inner().to_string() } else { format!("{path}: {}", error.inner()) }
}

/// Refuses what the lenient decoder would turn into replacement characters.
fn require_well_formed(query: &str) -> Result<(), Problem> {
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

async fn raw_parameters<S: Send + Sync>(parts: &mut Parts, state: &S) -> Vec<(String, String)> {
    let parameters = RawPathParams::from_request_parts(parts, state).await;
    let parameters = parameters.iter().flatten();
    parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn path_problem<T: DeserializeOwned>(kind: ErrorKind, parameters: &[(String, String)]) -> Problem {
    match kind {
        ErrorKind::InvalidUtf8InPathParam { key } => {
            Problem::bad_request(format!("{key}: the path is not valid UTF-8"))
        }
        ErrorKind::DeserializeError { key, message, .. } => {
            Problem::invalid(format!("{key}: {message}"))
        }
        ErrorKind::Message(message) => Problem::invalid(match parameters {
            [(name, _)] => format!("{name}: {message}"),
            _ => name_the_parameter::<T>(parameters).unwrap_or(message),
        }),
        other => Problem::invalid(other.to_string()),
    }
}

/// A type that words its own refusal does not know which parameter it was read from. Read as
/// a query string, the parameters have names.
fn name_the_parameter<T: DeserializeOwned>(parameters: &[(String, String)]) -> Option<String> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let error =
        serde_path_to_error::deserialize::<_, T>(serde_urlencoded::Deserializer::new(pairs));
    error.err().map(|error| name_the_field(&error))
}
