//! Measures the shop beside the limits of the machine it runs on, and prints a table.
//!
//! A figure of one machine says little about another, and on a busy one it says little at all. So
//! everything is measured in one run, round by round, and what counts are ratios: how many orders
//! for each sync of the disk, how many carts for each answer of a handler that does nothing.
//!
//! 1. [`limits`]: what the disk and the framework can do.
//! 2. [`load`]: closed and open loops over connections that are kept.
//! 3. [`shop`]: the shop under measurement.
//! 4. [`fill`]: a million carts and orders.
//! 5. [`memory`]: what the processes take.
//! 6. [`rows`]: what is measured, and what it is held against.
//! 7. [`table`]: minimum, median and maximum.

#![expect(clippy::float_arithmetic, reason = "rates are no money")]
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod limits;
mod load;
mod shop;
mod fill;
mod memory;
mod rows;
mod table;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use clap::Parser;

use load::Failure;
use rows::Bench;
use shop::{SERVICES, Shop, free_ports};
use table::Table;
use table::Wanted::AtMost;

const MIB: f64 = 1024.0 * 1024.0;

/// Measures the shop beside the limits of this machine.
#[derive(Parser)]
struct Settings {
    /// The folder of the repository
    #[arg(long, default_value = ".")]
    repository: PathBuf,
    /// An empty folder for the shop's files, on the disk that is to be measured
    #[arg(long)]
    folder: PathBuf,
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How long each measurement lasts, in seconds
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Carts and orders that are in the files the second time
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Only serve the bare handler, on this port
    #[arg(long, hide = true)]
    serve_bare: Option<u16>,
}

fn main() -> Result<(), Failure> {
    let settings = Settings::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match settings.serve_bare {
        Some(port) => runtime.block_on(limits::serve_bare(port)),
        None => runtime.block_on(measure(&settings)),
    }
}

async fn measure(settings: &Settings) -> Result<(), Failure> {
    let first_port = free_ports(6)?;
    let port = first_port + 5;
    let mut bare = tokio::process::Command::new(std::env::current_exe()?)
        .args(["--folder", "-", "--serve-bare", &port.to_string()])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let shop = Shop::new(&settings.repository, &settings.folder, first_port);
    let outcome = measure_shop(settings, &shop, ([127, 0, 0, 1], port).into()).await;
    // Also after a failure, which is then what is told: nobody else will.
    let closed = shop.close();
    bare.kill().await?;
    outcome.and(closed)
}

async fn measure_shop(
    settings: &Settings,
    shop: &Shop,
    bare: std::net::SocketAddr,
) -> Result<(), Failure> {
    let bench = Bench { shop, bare, lasts: Duration::from_secs(settings.seconds) };
    shop.open()?;
    bench.stock_up().await?;
    println!("\n## With a new shop\n");
    println!("{}", all_rounds(settings, &bench).await?.to_markdown());
    println!("## Starting\n");
    println!("{}", starts(settings, shop).await?.to_markdown());
    println!("## With {} carts and as many orders\n", settings.rows);
    fill::fill(&settings.folder, settings.rows)?;
    shop.open()?;
    println!("{}", all_rounds(settings, &bench).await?.to_markdown());
    println!("## With 10,000 products\n");
    shop.close()?;
    fill::fill_catalog(&settings.folder)?;
    shop.open()?;
    let mut table = Table::default();
    for _ in 0..settings.rounds {
        bench.long_list(&mut table).await?;
    }
    println!("{}", table.to_markdown());
    Ok(())
}

async fn all_rounds(settings: &Settings, bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = Table::default();
    note_memory(bench.shop, &mut table, "idle", [12.0, 25.0])?;
    for _ in 0..settings.rounds {
        bench.files(&mut table).await?;
        bench.carts(&mut table).await?;
        bench.products(&mut table).await?;
        bench.orders(&mut table).await?;
        bench.pages(&mut table).await?;
        note_memory(bench.shop, &mut table, "after load", [48.0, 48.0])?;
    }
    Ok(table)
}

fn note_memory(
    shop: &Shop,
    table: &mut Table,
    when: &str,
    [services_mib, all_mib]: [f64; 2],
) -> Result<(), Failure> {
    let mut pids = Vec::new();
    for (service, _) in SERVICES {
        pids.push(shop.pid(service)?);
    }
    let services = memory::pss_bytes(&pids)? as f64 / MIB;
    let nginx = memory::pss_bytes(&memory::family(shop.pid("nginx")?)?)? as f64 / MIB;
    table.note(
        &format!("memory of the four services, {when}"),
        "MiB",
        Some(AtMost(services_mib)),
        services,
    );
    table.note(
        &format!("memory with nginx, {when}"),
        "MiB",
        Some(AtMost(all_mib)),
        services + nginx,
    );
    Ok(())
}

/// How long it takes until everything is healthy, with the files that are there. Leaves the shop
/// closed.
async fn starts(settings: &Settings, shop: &Shop) -> Result<Table, Failure> {
    let mut table = Table::default();
    for _ in 0..settings.rounds {
        shop.close()?;
        for (service, file) in SERVICES {
            let took = shop.time_start(service, file).await?.as_secs_f64() * 1_000.0;
            table.note(&format!("{service}, start to healthy"), "ms", Some(AtMost(50.0)), took);
        }
        let took = shop.open()?.as_secs_f64() * 1_000.0;
        table.note("scripts/up.sh --no-build --detach", "ms", Some(AtMost(1_000.0)), took);
    }
    shop.close()?;
    Ok(table)
}
