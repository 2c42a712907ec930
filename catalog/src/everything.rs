//! The list of all products, encoded once and kept until something is written.
//!
//! It is the most frequent question by far, and reading and encoding ten thousand products
//! takes four hundred times as long as handing out bytes that are there already.

use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::http::Problem;
use chassis::storage::Db;

use crate::store;

/// The encoded list. Clones share it.
#[derive(Clone, Default)]
pub struct Everything {
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Clone)]
struct Kept {
    /// The number of commits that was current before the products were read.
    commits: u64,
    list: EncodedList,
}

/// The list as it goes over the wire, and its fingerprint.
#[derive(Clone)]
pub struct EncodedList {
    json: axum::body::Bytes,
    etag: HeaderValue,
}

impl Everything {
    /// The current list.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the database fails.
    pub async fn get(&self, db: &Db) -> Result<EncodedList, Problem> {
        // Looked at before the products are read: if somebody writes in between, the list is
        // newer than its label and will be read once more than needed, never once too few.
        let commits = db.commits();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.commits == commits) {
            return Ok(kept.list);
        }
        let products = db.scan(store::list_products).await?;
        let json = serde_json::to_vec(&products).map_err(Problem::internal)?;
        let list = EncodedList { etag: etag(&json)?, json: json.into() };
        let kept = Kept { commits, list: list.clone() };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(list)
    }
}

impl EncodedList {
    /// The list, or 304 if the client has it already.
    pub fn answer(self, request: &HeaderMap) -> Response {
        let known = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let is_known = known.is_some_and(|tags| {
            tags.split(',').any(|tag| {
                let tag = tag.trim();
                tag == "*"
                    || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes()
            })
        });
        let headers = [
            (header::ETAG, self.etag),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ];
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.json).into_response()
    }
}

fn etag(json: &[u8]) -> Result<HeaderValue, Problem> {
    let mut hasher = DefaultHasher::new();
    hasher.write(json);
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).map_err(Problem::internal)
}
