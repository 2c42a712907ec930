//! The rows of the table: what is asked, how, and what it is held against.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::fill::is_filler;
use crate::limits::measure_syncs;
use crate::load::{Failure, Outcome, Shape, Source, fetch, put_on};
use crate::shop::{Shop, get, next_number, post};
use crate::table::Table;
use crate::table::Wanted::{AtLeast, AtMost};

/// Shoppers among whom adds are spread, so that carts are small, as carts are.
const SHOPPERS: u64 = 50_000;

/// What is ordered over and over: product 2 at 29.99.
const PRICE: &str = "29.99";

/// Of what is ordered, enough is there.
const STOCK: u32 = 1_000_000_000;

/// What all measurements of a run share.
pub struct Bench<'a> {
    /// The open shop.
    pub shop: &'a Shop,
    /// The server that does nothing.
    pub bare: SocketAddr,
    /// How long each measurement lasts.
    pub lasts: Duration,
}

impl Bench<'_> {
    /// Makes sure that what is ordered is there.
    ///
    /// # Errors
    ///
    /// If the catalog refuses.
    pub async fn stock_up(&self) -> Result<(), Failure> {
        let body = json!({ "name": "Mouse", "price": 29.99, "stock": STOCK, "category_id": 2 });
        let mut request = post("/products/2", Some(&body))?;
        *request.method_mut() = "PUT".parse()?;
        fetch(self.shop.address("catalog"), request).await?;
        Ok(())
    }

    /// How fast nginx is without a service.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub async fn files(&self, table: &mut Table) -> Result<(), Failure> {
        let file =
            self.closed(self.shop.address("shop"), 32, &repeat("/images/favicon.svg")?).await?;
        table.note("static file from nginx, 32 connections", "1/s", None, file.per_second);
        Ok(())
    }

    /// How often the disk syncs per second, and the microseconds that one takes. Measured right
    /// before what is held against it, because a shared machine changes from second to second.
    fn syncs(&self, table: &mut Table) -> Result<(f64, f64), Failure> {
        let (per_second, median_us) = measure_syncs(&self.shop.folder, self.lasts)?;
        table.note("fdatasync of a page, per second", "1/s", None, per_second);
        table.note("fdatasync of a page, median", "us", None, median_us);
        Ok((per_second, median_us))
    }

    /// What a handler that does nothing answers per second.
    async fn bare(&self, table: &mut Table) -> Result<f64, Failure> {
        let bare = self.closed(self.bare, 32, &repeat("/bare")?).await?;
        table.note("bare axum handler, 32 connections", "1/s", None, bare.per_second);
        Ok(bare.per_second)
    }

    /// Carts: added to and read.
    ///
    /// # Errors
    ///
    /// If something does not answer.
    pub async fn carts(&self, table: &mut Table) -> Result<(), Failure> {
        let cart = self.shop.address("cart");
        let (syncs_per_second, sync_us) = self.syncs(table)?;
        let busy = self.closed(cart, 64, &adds()).await?;
        let rate = busy.per_second / syncs_per_second;
        table.note("cart add, 64 connections", "1/s", None, busy.per_second);
        table.note("cart add / fdatasync", "x", Some(AtLeast(6.0)), rate);
        let p99_ms = busy.percentile_us(99) / 1_000.0;
        table.note("cart add, 64 connections, p99", "ms", Some(AtMost(5.0)), p99_ms);
        let alone = self.closed(cart, 1, &adds()).await?;
        let syncs = alone.percentile_us(50) / sync_us;
        table.note("cart add, 1 connection, p50 / fdatasync", "x", Some(AtMost(2.2)), syncs);
        let bare_per_second = self.bare(table).await?;
        let reads = repeat("/cart/shopper-7")?;
        let read = self.closed(cart, 32, &reads).await?;
        table.note("read a cart, 32 connections", "1/s", None, read.per_second);
        let share = read.per_second / bare_per_second;
        table.note("read a cart / bare handler", "x", Some(AtLeast(0.6)), share);
        let outside = repeat("/api/cart/shopper-7")?;
        self.through_nginx("read a cart", &read, &outside, table).await?;
        self.half_as_fast("cart add", cart, &busy, &adds(), table).await?;
        self.half_as_fast("read a cart", cart, &read, &reads, table).await
    }

    /// The product list, and one product.
    ///
    /// # Errors
    ///
    /// If something does not answer.
    pub async fn products(&self, table: &mut Table) -> Result<(), Failure> {
        let catalog = self.shop.address("catalog");
        let bare_per_second = self.bare(table).await?;
        let list = self.closed(catalog, 32, &repeat("/products")?).await?;
        table.note("list of 12 products, 32 connections", "1/s", None, list.per_second);
        let share = list.per_second / bare_per_second;
        table.note("list of 12 / bare handler", "x", Some(AtLeast(0.8)), share);
        let bare_list = self.closed(self.bare, 32, &repeat("/bare/list")?).await?;
        let share = list.per_second / bare_list.per_second;
        table.note("list of 12 / bare handler that answers it", "x", Some(AtLeast(0.8)), share);
        self.through_nginx("list of 12", &list, &repeat("/api/catalog")?, table).await?;
        let one = self.closed(catalog, 32, &repeat("/products/1")?).await?;
        table.note("one product, 32 connections", "1/s", None, one.per_second);
        self.through_nginx("one product", &one, &repeat("/api/catalog/products/1")?, table).await
    }

    /// Orders, and their payments.
    ///
    /// # Errors
    ///
    /// If something does not answer.
    pub async fn orders(&self, table: &mut Table) -> Result<(), Failure> {
        let order = self.shop.address("order");
        let (syncs_per_second, _) = self.syncs(table)?;
        let placed = self.closed(order, 32, &orders()).await?;
        table.note("order with its reservation, 32 connections", "1/s", None, placed.per_second);
        let rate = placed.per_second / syncs_per_second;
        table.note("order / fdatasync", "x", Some(AtLeast(2.0)), rate);
        self.half_as_fast("order", order, &placed, &orders(), table).await?;
        let unpaid = self.unpaid().await?;
        let paid = self.closed(self.shop.address("payment"), 32, &payments(unpaid)).await?;
        table.note("pay with its webhook, 32 connections", "1/s", None, paid.per_second);
        let rate = paid.per_second / syncs_per_second;
        table.note("pay / fdatasync", "x", Some(AtLeast(2.0)), rate);
        Ok(())
    }

    /// The list of very many products, as it is kept and as SQL would have to find it each time.
    ///
    /// # Errors
    ///
    /// If something does not answer.
    pub async fn long_list(&self, table: &mut Table) -> Result<(), Failure> {
        let catalog = self.shop.address("catalog");
        let kept = self.closed(catalog, 32, &repeat("/products")?).await?;
        table.note("list of 10,000 products, 32 connections", "1/s", None, kept.per_second);
        let from_sql = lists_from_sql(&self.shop.folder.join("products.db"), self.lasts)?;
        table.note("the same list from SQL, in process", "1/s", None, from_sql);
        let times = kept.per_second / from_sql;
        table.note("list of 10,000 / from SQL", "x", Some(AtLeast(20.0)), times);
        Ok(())
    }

    /// A page of the newest orders and of the paid ones, which must not depend on how many
    /// orders there are.
    ///
    /// # Errors
    ///
    /// If something does not answer.
    pub async fn pages(&self, table: &mut Table) -> Result<(), Failure> {
        let order = self.shop.address("order");
        for (name, path) in
            [("newest orders", "/orders?limit=10"), ("paid orders", "/orders?status=PAID&limit=10")]
        {
            let page = self.closed(order, 32, &repeat(path)?).await?;
            table.note(&format!("{name}, a page of 10"), "1/s", None, page.per_second);
        }
        Ok(())
    }

    async fn closed(
        &self,
        address: SocketAddr,
        connections: usize,
        source: &Source,
    ) -> Result<Outcome, Failure> {
        put_on(address, Shape::closed(connections, self.lasts), source).await
    }

    /// The latency while half of what is possible is asked for, at a fixed rate.
    async fn half_as_fast(
        &self,
        name: &str,
        address: SocketAddr,
        fastest: &Outcome,
        source: &Source,
        table: &mut Table,
    ) -> Result<(), Failure> {
        let rate = Some(fastest.per_second / 2.0);
        let shape = Shape { connections: 64, lasts: self.lasts, rate };
        let p99_ms = put_on(address, shape, source).await?.percentile_us(99) / 1_000.0;
        table.note(
            &format!("{name}, open loop at half speed, p99"),
            "ms",
            Some(AtMost(5.0)),
            p99_ms,
        );
        Ok(())
    }

    async fn through_nginx(
        &self,
        name: &str,
        direct: &Outcome,
        source: &Source,
        table: &mut Table,
    ) -> Result<(), Failure> {
        let outside = self.closed(self.shop.address("shop"), 32, source).await?;
        let share = outside.per_second / direct.per_second;
        table.note(&format!("{name}, through nginx / direct"), "x", Some(AtLeast(0.45)), share);
        Ok(())
    }

    /// The orders that were placed here and wait for their payment, newest first. Those that the files
    /// were filled with are older, and the catalog has never heard of them.
    async fn unpaid(&self) -> Result<Vec<String>, Failure> {
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids.last().map_or(String::new(), |last| format!("&after={last}"));
            let path = format!("/orders?status=CREATED&limit=1000{after}");
            let page = fetch(self.shop.address("order"), get(&path)?).await?;
            let page: Vec<Value> = serde_json::from_slice(&page)?;
            let before = ids.len();
            let ours = page.iter().take_while(|order| !is_filler(order));
            ids.extend(ours.filter_map(|it| Some(it["order_id"].as_str()?.to_owned())));
            if ids.len() - before < 1_000 {
                return Ok(ids);
            }
        }
    }
}

/// The same GET over and over.
fn repeat(path: &str) -> Result<Source, Failure> {
    let path = path.to_owned();
    get(&path)?; // a mistake shows here
    Ok(Rc::new(move || get(&path).ok()))
}

fn adds() -> Source {
    Rc::new(|| {
        let (shopper, product) = (next_number() % SHOPPERS, fastrand::u8(1..=12));
        post(&format!("/cart/shopper-{shopper}/add?product_id={product}&quantity=1"), None).ok()
    })
}

fn orders() -> Source {
    let body = format!(r#"[{{"product_id":2,"quantity":1,"price":{PRICE}}}]"#);
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    Rc::new(move || post(&format!("/orders?user_id=shopper-{}", next_number()), Some(&body)).ok())
}

fn payments(orders: Vec<String>) -> Source {
    let (orders, next) = (RefCell::new(orders), Cell::new(0));
    Rc::new(move || {
        let position = next.replace(next.get() + 1);
        let order = orders.borrow().get(position)?.clone();
        post(&format!("/pay?order_id={order}&amount={PRICE}"), None).ok()
    })
}

/// How often the list of all products can be read from the file and encoded per second.
fn lists_from_sql(file: &Path, lasts: Duration) -> Result<f64, Failure> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (began, mut lists) = (Instant::now(), 0_u32);
    while began.elapsed() < lasts {
        let products = catalog::store::list_products(&connection)?;
        std::hint::black_box(serde_json::to_vec(&products)?);
        lists += 1;
    }
    Ok(f64::from(lists) / began.elapsed().as_secs_f64())
}
