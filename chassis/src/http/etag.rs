//! A tag for a version of something, so that whoever has it already need not get it again
//! (RFC 9110, sections 8.8.3 and 13.1.2).

use std::hash::{DefaultHasher, Hasher};

use axum::http::{HeaderMap, header};

/// The tag of these bytes. It has to tell versions apart and not to withstand an attacker, so the
/// standard library's hash is enough.
pub fn etag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether `If-None-Match` names this version. A proxy that changes the bytes on the way marks the
/// tag as weak with `W/`; it is still the same thing.
pub fn is_held(request: &HeaderMap, etag: &str) -> bool {
    let names_it = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|tag| names_it(tag.trim()))
}
