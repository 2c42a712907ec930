//! The limits of the machine, measured in the same run as the shop: how often its disk syncs, and
//! how fast a handler can be that does nothing.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::load::{Failure, percentile};

/// What a commit of the shop appends, more or less: a page of SQLite's log.
const PAGE_BYTES: usize = 4096;

/// Pages of the file that is written over and over, so that it does not grow meanwhile, as the
/// log of a running shop does not.
const PAGES: u64 = 256;

/// How often a file in `folder` can be written and synced per second, and how long one sync takes
/// (the median, in microseconds).
///
/// # Errors
///
/// If the folder cannot be written to.
pub fn measure_syncs(folder: &Path, lasts: Duration) -> Result<(f64, f64), Failure> {
    let path = folder.join("sync-rate");
    let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path)?;
    for page in 0..PAGES {
        file.write_all_at(&[1; PAGE_BYTES], page * PAGE_BYTES as u64)?;
    }
    file.sync_all()?;
    let mut took_us = Vec::new();
    let began = Instant::now();
    while began.elapsed() < lasts {
        let page = took_us.len() as u64 % PAGES;
        let start = Instant::now();
        file.write_all_at(&[fastrand::u8(..); PAGE_BYTES], page * PAGE_BYTES as u64)?;
        file.sync_data()?;
        took_us.push(u32::try_from(start.elapsed().as_micros())?);
    }
    let per_second = took_us.len() as f64 / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    took_us.sort_unstable();
    Ok((per_second, percentile(&took_us, 50)))
}

/// Twelve products, as large as the shop's.
static PRODUCTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let instant = "2026-11-25T12:00:00.000Z";
    let product = json!({ "id": 1, "name": "Laptop", "price": 999.99, "stock": 50,
        "description": "Fourteen inches, a good keyboard, a battery for the whole day.",
        "category_id": 1, "category_name": "Computers", "image": "images/laptop.svg",
        "created_at": instant, "updated_at": instant });
    vec![product; 12]
});

/// Serves JSON and does nothing else, with the framework of the shop and on one thread, as a
/// service does: `/bare`, an object of the size of a small cart, and `/bare/list`, of the size of
/// twelve products. Runs until it is killed.
///
/// # Errors
///
/// If the port is taken.
pub async fn serve_bare(port: u16) -> Result<(), Failure> {
    let answer = || async {
        Json(json!({ "user_id": "user1", "cart": [{ "product_id": 1, "quantity": 1 }],
            "created_at": "2026-11-25T12:00:00.000Z", "updated_at": "2026-11-25T12:00:00.000Z" }))
    };
    let list = || async { Json(&*PRODUCTS) };
    let router = Router::new().route("/bare", get(answer)).route("/bare/list", get(list));
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    Ok(axum::serve(listener, router).await?)
}
