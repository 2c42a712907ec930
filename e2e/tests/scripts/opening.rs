//! `up.sh` opens a shop, and `demo.sh` shows it.

use crate::support::{PARTS, Site};

#[tokio::test]
async fn one_command_opens_a_healthy_shop_and_says_where_it_is() {
    let site = Site::new();

    let printed = site.succeed("up.sh", &["--no-build", "--detach"]);

    let address = format!("http://127.0.0.1:{}", site.port("nginx"));
    assert!(printed.contains(&format!("{address}/\n")), "{printed}");
    let curl = format!("curl -H 'X-API-Key: secret-key-123' {address}/api/catalog");
    assert!(printed.contains(&curl), "{printed}");
    assert!(site.is_healthy().await);
    site.client().get("/api/catalog").await.expect_status(200);
    for file in ["carts.db", "products.db", "orders.db", "payments.db"] {
        assert!(site.data().join(file).exists(), "{file}");
    }
}

#[tokio::test]
async fn the_demo_passes_as_often_as_one_likes() {
    let site = Site::open();

    for _ in 0..2 {
        let shown = site.succeed("demo.sh", &[]);
        assert!(shown.contains("All as expected: order "), "{shown}");
        assert!(shown.contains("of 1059.97 is paid"), "{shown}");
    }

    let orders = site.client().get("/api/orders?status=PAID").await.expect_status(200);
    assert_eq!(orders.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_key_of_ones_own_guards_the_shop_and_is_not_printed() {
    let site = Site::new().set("API_KEY", "my-own-key-0123456789,old-key");

    let mut printed = site.succeed("up.sh", &["--no-build", "--detach"]);
    printed += &site.succeed("demo.sh", &[]);

    let shown = "curl -H \"X-API-Key: ${API_KEY%%,*}\" http";
    assert!(printed.contains(&format!("A first request:   {shown}")), "{printed}");
    assert!(printed.contains(&format!("$ {shown}")), "the demo says the same: {printed}");
    assert!(!printed.contains("my-own-key"), "{printed}");
    let log = std::fs::read_to_string(site.data().join("run/log")).expect("there is a log");
    assert!(!log.contains("my-own-key"), "{log}");
    site.client().get("/api/catalog").await.expect_problem(401, "Invalid API Key");
    site.client().get("/api/catalog").key("old-key").await.expect_status(200);
}

#[tokio::test]
async fn a_single_key_is_shown_by_its_name() {
    let site = Site::new().set("API_KEY", "my-own-key-0123456789");

    let printed = site.succeed("up.sh", &["--no-build", "--detach"]);

    assert!(printed.contains("curl -H \"X-API-Key: $API_KEY\" http"), "{printed}");
}

#[tokio::test]
async fn two_shops_run_side_by_side() {
    let (first, second) = (Site::open(), Site::open());

    first.succeed("demo.sh", &[]);

    let orders = async |site: &Site| {
        site.client().get("/api/orders").await.expect_status(200).as_array().map(Vec::len)
    };
    assert_eq!((orders(&first).await, orders(&second).await), (Some(1), Some(0)));
    first.succeed("down.sh", &[]);
    assert!(second.is_healthy().await);
    second.succeed("demo.sh", &[]);
}

#[tokio::test]
async fn a_shop_that_is_opened_again_has_kept_its_orders() {
    let site = Site::open();
    site.succeed("demo.sh", &[]);
    let before = site.client().get("/api/orders").await.expect_text(200);
    site.succeed("down.sh", &[]);

    site.succeed("up.sh", &["--no-build", "--detach"]);

    assert_eq!(site.client().get("/api/orders").await.expect_text(200), before);
}

#[tokio::test]
async fn the_foreground_shows_one_log_of_all_parts() {
    let site = Site::new();
    let mut foreground = site.open_in_foreground().await;
    site.succeed("demo.sh", &[]);

    foreground.signal("TERM");
    assert!(foreground.wait().await.success());

    let log = foreground.log();
    for part in PARTS {
        assert!(log.contains(&format!(" INFO {part:<7} ")), "{part} is silent:\n{log}");
    }
    assert!(log.contains("The shop is open:"), "{log}");
    assert!(log.ends_with(" INFO shop    stopped\n"), "{log}");
}

#[test]
fn every_script_explains_itself() {
    let site = Site::new();

    let help = site.succeed("up.sh", &["--help"]);
    assert!(help.contains("scripts/up.sh --detach") && help.contains("SHOP_PORT (8080)"), "{help}");
    assert!(help.contains("HOST, PORT, DATABASE_PATH"), "what is not passed on is named: {help}");
    for script in ["down.sh", "demo.sh", "reset.sh"] {
        let help = site.succeed(script, &["--help"]);
        assert!(help.lines().count() >= 3 && !help.contains('#'), "{script}: {help}");
    }
    let complaint = site.refuse("up.sh", &["--fast"]);
    assert!(complaint.contains("there is no option --fast"), "{complaint}");
}
