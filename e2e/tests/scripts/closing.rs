//! However a shop is closed, nothing of it stays behind.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use chassis::testing::eventually;

use crate::support::{PARTS, Site, signal};

#[tokio::test]
async fn down_leaves_no_process_and_frees_the_ports() {
    let site = Site::open();
    assert!(!site.is_gone());

    let printed = site.succeed("down.sh", &[]);

    assert!(printed.contains("is closed"), "{printed}");
    assert!(site.is_gone(), "{:#?}", site.processes());
}

#[tokio::test]
async fn ctrl_c_leaves_no_process_and_frees_the_ports() {
    let site = Site::new();
    let mut foreground = site.open_in_foreground().await;

    foreground.signal_group("INT");

    assert!(foreground.wait().await.success());
    assert!(site.is_gone(), "{:#?}", site.processes());
    assert!(foreground.log().ends_with(" INFO shop    stopped\n"), "{}", foreground.log());
}

#[tokio::test]
async fn a_closed_terminal_leaves_no_process_and_frees_the_ports() {
    let site = Site::new();
    let mut foreground = site.open_in_foreground().await;

    foreground.signal_group("HUP");

    foreground.wait().await;
    assert!(site.is_gone(), "{:#?}", site.processes());
}

#[tokio::test]
async fn closing_leaves_folded_files() {
    let site = Site::open();
    site.succeed("demo.sh", &[]);

    site.succeed("down.sh", &[]);

    for file in ["carts.db", "products.db", "orders.db", "payments.db"] {
        let log = site.data().join(format!("{file}-wal"));
        let length = std::fs::metadata(log).map_or(0, |metadata| metadata.len());
        assert_eq!(length, 0, "{file}");
    }
}

#[tokio::test]
async fn closing_what_is_not_open_is_no_mistake() {
    let site = Site::open();
    site.succeed("down.sh", &[]);

    let printed = site.succeed("down.sh", &[]);

    assert!(printed.contains("no shop is running"), "{printed}");
}

#[tokio::test]
async fn a_shop_whose_supervisor_was_killed_goes_on_and_can_be_closed() {
    let site = Site::open();
    let supervisor = site.pid("supervisor").expect("there is a supervisor");

    signal("KILL", &supervisor.to_string());

    assert!(site.is_healthy().await);
    site.succeed("down.sh", &[]);
    assert!(site.is_gone(), "{:#?}", site.processes());
}

/// The workers of nginx survive it, and no file names them.
#[tokio::test]
async fn what_is_left_of_a_killed_shop_is_named_and_can_be_ended() {
    let site = Site::open();
    let keepers = PARTS.map(|part| format!("{part}.keeper"));
    let names = keepers.iter().map(String::as_str).chain(PARTS);
    let pids = ["supervisor"].into_iter().chain(names).map(|name| site.pid(name));
    for pid in pids.map(|pid| pid.expect("it runs")).collect::<Vec<_>>() {
        signal("KILL", &pid.to_string());
    }

    let complaint = site.refuse("up.sh", &["--no-build", "--detach"]);
    assert!(complaint.contains("is left of one: nginx (process "), "{complaint}");
    assert!(complaint.contains("scripts/down.sh ends it"), "{complaint}");

    site.succeed("down.sh", &[]);
    assert!(site.is_gone(), "{:#?}", site.processes());
    site.succeed("up.sh", &["--no-build", "--detach"]);
    assert!(site.is_healthy().await);
}

#[tokio::test]
async fn somebody_who_holds_a_log_does_not_keep_the_shop_open() {
    let site = Site::open();
    let pipe = site.data().join("run/log.pipe");
    let _held = File::options().write(true).open(pipe).expect("the log is a pipe");

    let started = Instant::now();
    let printed = site.succeed("down.sh", &[]);

    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    assert!(!printed.contains("killing what does not stop"), "{printed}");
    assert!(site.is_gone(), "{:#?}", site.processes());
}

#[tokio::test]
async fn a_shop_whose_log_nobody_reads_any_more_closes_itself() {
    let site = Site::new();
    let mut command = site.command("up.sh", &["--no-build"]);
    let mut shop = command.stdout(Stdio::piped()).spawn().expect("up.sh can be started");
    let mut log = BufReader::new(shop.stdout.take().expect("its log is a pipe"));
    let mut line = String::new();
    while !line.contains("The shop is open") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("it is text"), 0, "it closed by itself");
    }

    drop(log);
    site.client().get("/api/catalog").await.expect_status(200); // gives it something to say

    eventually("the shop is gone", async || site.is_gone()).await;
    assert!(!shop.wait().expect("it has ended").success());
}

#[tokio::test]
async fn a_part_that_sleeps_does_not_keep_the_shop_open() {
    let site = Site::open();
    for part in PARTS {
        signal("STOP", &site.pid(part).expect("it runs").to_string());
    }

    site.succeed("down.sh", &[]);

    assert!(site.is_gone(), "{:#?}", site.processes());
}

#[tokio::test]
async fn a_shop_without_one_keeper_closes_itself() {
    let site = Site::open();

    signal("KILL", &site.pid("cart.keeper").expect("it runs").to_string());

    eventually("the shop is gone", async || site.is_gone()).await;
}
