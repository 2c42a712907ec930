//! A disk that fills up and heals: a file system of a few megabytes in memory, and a big file
//! beside the database.
//!
//! Making one needs root. Without it these tests say that they have not run.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use chassis::testing::{Answer, Process};
use e2e::shopping::id_of;
use e2e::{Service, Shop, audit};
use tempfile::TempDir;

use crate::support::{insist, text};

/// More than a new database needs, and soon full.
const DISK: &str = "size=2m";

/// Writes until the log needs another page at the latest.
const WRITES_MAX: usize = 2_000;

#[tokio::test]
async fn a_cart_on_a_full_disk_refuses_writes_loses_nothing_and_heals_without_a_restart() {
    let Some(disk) = Disk::mount() else { return };
    let mut shop = disk.shop_with(Service::Cart).await;
    let add = |number: usize| shop.add(&format!("user{number}"), 1, 1);
    add(0).await.expect_status(200);
    disk.fill();

    let mut acknowledged = 1;
    let refusal = loop {
        assert!(acknowledged < WRITES_MAX, "the disk does not fill up");
        let answer = add(acknowledged).await;
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
    };

    is_told_to_wait(&refusal);
    is_alive(&shop.cart).await;
    let read = shop.cart.get("/cart/user0").await.expect_status(200);
    assert_eq!(read["cart"][0]["quantity"], 1);
    disk.clear();
    insist(&add(acknowledged)).await.expect_status(200);
    assert_eq!(
        shop.cart.sql_value("SELECT count(*) AS n FROM carts"),
        (acknowledged + 1).to_string()
    );
    shop.cart.restart().await;
    assert_eq!(
        shop.cart.sql_value("SELECT count(*) AS n FROM carts"),
        (acknowledged + 1).to_string()
    );
    assert_eq!(shop.cart.sql_value("PRAGMA integrity_check"), "ok");
}

#[tokio::test]
async fn a_write_refused_by_a_full_disk_is_made_when_it_is_repeated_with_its_key() {
    let Some(disk) = Disk::mount() else { return };
    let shop = disk.shop_with(Service::Cart).await;
    disk.fill();
    let mut number = 0;
    let refused = loop {
        let request = shop.add("user1", 1, 1).idempotency_key(&format!("key-{number}"));
        if request.clone().await.status == 503 {
            break request;
        }
        number += 1;
        assert!(number < WRITES_MAX, "the disk does not fill up");
    };

    disk.clear();
    insist(&refused).await.expect_status(200);
    refused.await.expect_status(200);

    assert_eq!(shop.cart_of("user1").await[0]["quantity"], number + 1);
}

#[tokio::test]
async fn a_payment_whose_order_service_has_no_space_is_told_once_it_has_some() {
    let Some(disk) = Disk::mount() else { return };
    let shop = disk.shop_with(Service::Order).await;
    let order = shop.order_one("user1", 11).await;
    disk.fill();
    fill_up_orders(&shop).await;

    let receipt = shop.pay(id_of(&order), "6.49").await.expect_status(202);
    assert_eq!(receipt["status"], "PENDING");
    is_alive(&shop.order).await;
    assert_eq!(shop.order(id_of(&order)).await["status"], "CREATED");
    disk.clear();

    shop.order_becomes(id_of(&order), "PAID").await;
    shop.payment_becomes(id_of(&order), "COMPLETED").await;
    audit(&shop).await;
}

#[tokio::test]
async fn a_payment_service_without_space_takes_no_money_and_keeps_what_it_took() {
    let Some(disk) = Disk::mount() else { return };
    let shop = disk.shop_with(Service::Payment).await;
    shop.replace_product(11, "Notebook", 6.49, 1_000_000).await.expect_status(200);
    disk.fill();
    let mut paid = Vec::new();
    let mut refused = None;
    for _ in 0..WRITES_MAX {
        let order = shop.order_one("user1", 11).await;
        let answer = shop.pay(id_of(&order), "6.49").await;
        match answer.status {
            200 => paid.push(order),
            // Taken, and then there was no space to write down that the order knows.
            202 => {}
            _ => {
                refused = Some((order, answer));
                break;
            }
        }
    }
    let (order, refusal) = refused.expect("the disk fills up");

    is_told_to_wait(&refusal);
    is_alive(&shop.payment).await;
    disk.clear();
    insist(&shop.pay(id_of(&order), "6.49")).await.expect_status(200);

    for order in &paid {
        assert_eq!(shop.payment_of(id_of(order)).await["status"], "COMPLETED");
    }
    audit(&shop).await;
}

/// Places orders until the order service has no space for another.
async fn fill_up_orders(shop: &Shop) {
    for _ in 0..WRITES_MAX {
        let answer = shop.place_order("user2", &[(11, 1, 6.49)]).await;
        if answer.status == 503 {
            return is_told_to_wait(&answer);
        }
    }
    panic!("the disk does not fill up");
}

#[track_caller]
fn is_told_to_wait(refusal: &Answer) {
    let body = refusal.expect_status(503);
    assert!(text(&body, "detail").contains("try again"), "{body}");
    refusal.expect_header("retry-after");
}

/// A service that can only read says that it is healthy: it serves what it can.
async fn is_alive(service: &Process) {
    let health = service.get("/health").await.expect_status(200);
    assert_eq!(health["database"], "connected");
}

/// A small disk. Unmounted when it goes out of scope.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None`, and a line that says so, if this user may not mount anything.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "none"]).arg(path).output();
        let complaint = match mounted {
            Ok(output) if output.status.success() => return Some(Self { folder }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(cause) => cause.to_string(),
        };
        // Root is what CI is, and there a test that does not run is a test that fails.
        assert!(!is_root(), "cannot mount a small tmpfs, although this is root: {complaint}");
        // Past the capture of test output, which hides what a test prints that passes.
        let _ = writeln!(
            io::stderr(),
            "NOT RUN: a full disk needs a small tmpfs, which needs root: {complaint}"
        );
        None
    }

    async fn shop_with(&self, service: Service) -> Shop {
        let database = self.folder.path().join("service.db");
        Shop::plan().set(service, "DATABASE_PATH", database.display()).start().await
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file can be made");
        for size in [64 * 1024, 4 * 1024, 1] {
            let block = vec![0; size];
            let ended = loop {
                if let Err(cause) = ballast.write_all(&block) {
                    break cause;
                }
            };
            assert_eq!(ended.kind(), ErrorKind::StorageFull, "{ended}");
        }
    }

    /// Somebody makes room.
    fn clear(&self) {
        fs::remove_file(self.ballast()).expect("it is there");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

fn is_root() -> bool {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    status.lines().any(|line| line.split_whitespace().take(3).eq(["Uid:", "0", "0"]))
}
