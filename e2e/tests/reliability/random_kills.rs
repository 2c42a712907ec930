//! kill -9 of every service at random while people shop. What they were told holds afterwards,
//! and nothing happens twice.
//!
//! `RELIABILITY_SECONDS=600` makes the run longer, `RELIABILITY_SEED=7` repeats the order of the
//! kills of an earlier one (not what people do meanwhile, and no timing).

mod journal;
mod shopper;
mod verdict;

use std::time::{Duration, Instant};

use e2e::{SERVICES, Service, Shop};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::journal::Journal;
use self::shopper::{Prices, Shopper};
use self::verdict::compare;
use crate::support::{Doors, from_environment, settle};

/// Seconds of a usual run.
const SECONDS: u64 = 30;

/// Clients at the same time.
const SHOPPERS: usize = 12;

/// So that some orders expire while others are being paid.
const ORDER_EXPIRES_S: u64 = 3;

/// Only failures, and the line with which a service says where it listens.
const QUIET: &str = "error,chassis::service=info";

/// Products of which there is enough for everybody; of the others the last unit is fought for.
const PLENTY: [i64; 6] = [1, 2, 3, 4, 5, 6];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_lose_nothing_and_duplicate_nothing() {
    let seconds = from_environment("RELIABILITY_SECONDS", SECONDS);
    let seed = from_environment("RELIABILITY_SEED", fastrand::u64(..1_000_000));
    println!("RELIABILITY_SEED={seed}");
    fastrand::seed(seed);
    let plan = Shop::plan().set(Service::Order, "ORDER_EXPIRES_S", ORDER_EXPIRES_S);
    let mut shop = plan.set_all("RUST_LOG", QUIET).start().await;
    let prices = stock_up(&shop).await;
    let journal = Journal::default();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut shoppers = JoinSet::new();
    for number in 0..SHOPPERS {
        let name = format!("shopper{number}");
        let (doors, prices, journal) = (Doors::of(&shop), prices.clone(), journal.clone());
        let shopper = Shopper { name, doors, prices, journal };
        shoppers.spawn(async move {
            for number in 0.. {
                if Instant::now() > deadline {
                    break;
                }
                shopper.visit(number).await;
            }
        });
    }

    let kills = kill_until(&mut shop, deadline).await;
    shoppers.join_all().await;
    // Whoever walked away last has not expired yet, and after a start older orders wait for 10 s.
    sleep(Duration::from_secs(ORDER_EXPIRES_S + 10)).await;
    let settled = settle(&shop).await;

    let verdict = compare(&shop, &journal);
    let pages = journal.open();
    println!(
        "{seconds} s, kills {kills:?}, acknowledged writes {}, orders {}, payments {}, \
         without an answer at first {}, settled {} ms later; lost {}, duplicated {}, wrong {}",
        pages.acknowledged,
        pages.wishes.len(),
        pages.payments.len(),
        pages.unanswered,
        settled.as_millis(),
        verdict.lost.len(),
        verdict.duplicated.len(),
        verdict.wrong.len(),
    );
    assert!(pages.acknowledged > 100, "there was hardly any load");
    assert!(verdict.is_clean(), "{verdict:#?}");
}

/// Fills the shelves and reads the prices.
async fn stock_up(shop: &Shop) -> Prices {
    let rows = shop.catalog.sql("SELECT id, name, price_cents FROM products");
    let mut prices = Prices::new();
    for row in rows {
        let id: i64 = row[0].parse().expect("an id");
        prices.insert(id, row[2].parse().expect("cents"));
        if PLENTY.contains(&id) {
            let price = shop.product(id).await["price"].as_f64().expect("a price");
            shop.replace_product(id, &row[1], price, 1_000_000).await.expect_status(200);
        }
    }
    prices
}

/// Kills one or two services at a time, some of them after a while in which they accepted
/// requests and did nothing; waits a moment, and starts them again. Returns how often each was
/// killed.
async fn kill_until(shop: &mut Shop, deadline: Instant) -> Vec<(&'static str, u32)> {
    let mut kills = SERVICES.map(|service| (service.name(), 0));
    while Instant::now() < deadline {
        sleep(Duration::from_millis(fastrand::u64(20..400))).await;
        let first = fastrand::usize(0..SERVICES.len());
        let mut victims = vec![first];
        if fastrand::u8(0..5) == 0 {
            victims.push((first + fastrand::usize(1..SERVICES.len())) % SERVICES.len());
        }
        if fastrand::u8(0..5) == 0 {
            shop.service(SERVICES[first]).freeze();
            sleep(Duration::from_millis(fastrand::u64(0..1_500))).await;
        }
        for victim in &victims {
            shop.service_mut(SERVICES[*victim]).kill().await;
            kills[*victim].1 += 1;
        }
        sleep(Duration::from_millis(fastrand::u64(0..300))).await;
        for victim in victims {
            shop.service_mut(SERVICES[victim]).restart().await;
        }
    }
    kills.to_vec()
}
