//! The list of all products, encoded once and kept until something is written.
//!
//! It is the most frequent question by far, and reading and encoding ten thousand products
//! takes four hundred times as long as handing out bytes that are there already.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::http::Problem;
use chassis::http::etag::{etag, is_held};
use chassis::storage::{Db, DbError, DbResult};
use rusqlite::Connection;

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
    etag: Arc<str>,
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
        let list = db.scan(EncodedList::read).await?;
        let kept = Kept { commits, list: list.clone() };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(list)
    }
}

impl EncodedList {
    fn read(connection: &Connection) -> DbResult<Self> {
        let products = store::list_products(connection)?;
        let json = serde_json::to_vec(&products).map_err(DbError::Unwritable)?;
        Ok(Self { etag: etag(&json).into(), json: json.into() })
    }

    /// The list, or 304 if the client has it already.
    pub fn answer(self, request: &HeaderMap) -> Response {
        let headers = [
            (header::ETAG, &*self.etag),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_TYPE, "application/json"),
        ];
        if is_held(request, &self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.json).into_response()
    }
}
