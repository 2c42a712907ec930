//! What cannot work is refused by name before anything is started.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use chassis::testing::command::run;

use crate::support::{PARTS, Site};

const UP: [&str; 2] = ["--no-build", "--detach"];

#[tokio::test]
async fn a_second_shop_in_the_same_folder_is_refused() {
    let site = Site::open();
    let before = PARTS.map(|part| site.pid(part));

    let complaint = site.refuse("up.sh", &UP);

    assert!(complaint.contains("a shop is running in"), "{complaint}");
    assert!(site.is_healthy().await);
    assert_eq!(PARTS.map(|part| site.pid(part)), before);
}

#[tokio::test]
async fn of_two_shops_that_start_together_in_one_folder_one_opens() {
    let site = Site::new();

    let starts = [(); 2].map(|()| {
        let mut command = site.command("up.sh", &UP);
        std::thread::spawn(move || run(&mut command))
    });
    let outputs = starts.map(|start| start.join().expect("it ends"));

    let opened = outputs.iter().filter(|output| output.status.success()).count();
    assert_eq!(opened, 1, "{outputs:#?}");
    assert!(site.is_healthy().await);
    site.succeed("down.sh", &[]);
    assert!(site.is_gone(), "{:#?}", site.processes());
}

#[test]
fn every_taken_port_is_named_before_anything_starts() {
    let site = Site::new();
    let take = |part| TcpListener::bind((Ipv4Addr::LOCALHOST, site.port(part)));
    let _taken = ["order", "nginx"].map(|part| take(part).expect("the port is free"));

    let complaint = site.refuse("up.sh", &UP);

    for (part, variable) in [("order", "ORDER_PORT"), ("nginx", "SHOP_PORT")] {
        let sentence = format!("{part} cannot have port {}, it is taken", site.port(part));
        assert!(complaint.contains(&sentence) && complaint.contains(variable), "{complaint}");
    }
    assert!(!complaint.contains("cart cannot"), "{complaint}");
    assert!(!site.data().exists(), "nothing was started");
}

#[test]
fn two_parts_cannot_share_a_port() {
    let site = Site::new();
    let port = site.port("cart");
    let site = site.set("ORDER_PORT", port);

    let complaint = site.refuse("up.sh", &UP);

    let sentence = format!("order and cart both want port {port}: change ORDER_PORT");
    assert!(complaint.contains(&sentence), "{complaint}");
}

#[test]
fn a_port_that_is_none_is_refused() {
    for port in ["0", "80a", "65536", "-1", "080", "8080;ls", "99999999999999999999"] {
        let complaint = Site::new().set("CART_PORT", port).refuse("up.sh", &UP);
        let sentence = format!("CART_PORT is '{port}': it must be a number from 1 to 65535");
        assert!(complaint.contains(&sentence), "{complaint}");
    }
}

#[test]
fn a_setting_that_a_part_refuses_is_said_in_its_words_and_leaves_nothing() {
    for (name, value, sentence) in [
        ("API_KEY", "", "API_KEY"),
        ("API_KEY", "a b", "API_KEY"),
        ("LAB", "perhaps", "LAB"),
        ("RATE_LIMIT", "some", "RATE_LIMIT is 'some': it must be one of on off"),
        ("ORDER_EXPIRES_S", "soon", "soon"),
    ] {
        let site = Site::new().set(name, value);

        let started = Instant::now();
        let complaint = site.refuse("up.sh", &UP);

        // nginx is told to stop while it is still being started, and must not miss it. All is
        // over within a second; on a busy machine it may take some more.
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert!(complaint.to_uppercase().contains(&sentence.to_uppercase()), "{complaint}");
        assert!(complaint.contains("did not start, so the shop stays closed"), "{complaint}");
        assert!(!complaint.contains("No such process"), "{complaint}");
        assert!(site.is_gone(), "{:#?}", site.processes());
    }
}

#[test]
fn programs_that_are_not_there_are_named() {
    let site = Site::new().set("CARGO_TARGET_DIR", "/nowhere");

    let complaint = site.refuse("up.sh", &UP);

    assert!(complaint.contains("/nowhere/release/cart is missing"), "{complaint}");
}

/// A shop behind which everything hangs: connections are taken, and nothing is ever said.
#[test]
fn no_script_waits_for_a_shop_that_never_answers() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = silent.local_addr().expect("it has an address");
    let site = Site::new().set("SHOP_URL", format!("http://{address}"));

    std::thread::scope(|scope| {
        for (script, arguments) in [("reset.sh", &[][..]), ("demo.sh", &[]), ("lesson.sh", &["1"])]
        {
            let site = &site;
            scope.spawn(move || {
                let complaint = site.refuse(script, arguments);
                let sentence = format!("nobody answers at http://{address}");
                assert!(complaint.contains(&sentence), "{script}: {complaint}");
            });
        }
    });
}

/// Whoever names a folder means the shop in it, and not another one that happens to run.
#[tokio::test]
async fn what_is_meant_for_a_closed_shop_does_not_reach_another() {
    let other = Site::open();
    let closed = Site::new().set("SHOP_PORT", other.port("nginx"));

    for (script, arguments) in [("demo.sh", &[][..]), ("lesson.sh", &["1"])] {
        let complaint = closed.refuse(script, arguments);
        assert!(complaint.contains("scripts/up.sh opens it"), "{script}: {complaint}");
    }

    let orders = other.client().get("/api/orders").await.expect_status(200);
    assert_eq!(orders.as_array().map(Vec::len), Some(0));
}

/// Lesson 15 forges a webhook, past nginx.
#[tokio::test]
async fn a_lesson_speaks_to_the_services_of_the_shop_in_its_folder() {
    let site = Site::open();

    let printed = site.set("ORDER_PORT", 1).succeed("lesson.sh", &["15"]);

    assert!(printed.contains("Lesson 15: passed."), "{printed}");
    assert!(!printed.contains("no answer"), "{printed}");
    assert!(printed.contains("Cleaned up:"), "{printed}");
}

/// The reason, and not what follows from it.
#[test]
fn a_wrong_key_and_a_closed_lab_are_called_that() {
    let site = Site::new().set("LAB", 0);
    site.succeed("up.sh", &["--no-build", "--detach"]);

    let complaint = site.refuse("lesson.sh", &["1"]);
    assert!(complaint.contains("is closed: start it with LAB=1"), "{complaint}");

    let site = site.set("API_KEY", "somebody-elses-key");
    for (script, arguments) in [("lesson.sh", &["1"][..]), ("reset.sh", &[])] {
        let complaint = site.refuse(script, arguments);
        assert!(complaint.contains("does not know this key"), "{script}: {complaint}");
    }
}

#[test]
fn a_step_that_no_lesson_has_cannot_be_skipped() {
    let complaint = Site::open().refuse("lesson.sh", &["1", "--skip", "nothing"]);

    assert!(complaint.contains("lesson 1 has no step named nothing"), "{complaint}");
}
