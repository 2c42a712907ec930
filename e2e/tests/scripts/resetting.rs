//! `reset.sh` puts the shop back to its first day.

use serde_json::{Value, json};

use crate::support::Site;

/// What is on sale, without the instants.
async fn shelf(site: &Site) -> Vec<Value> {
    let products = site.client().get("/api/catalog").await.expect_status(200);
    let facts = |product: &Value| {
        json!([product["id"], product["name"], product["price"], product["stock"]])
    };
    products.as_array().expect("a list").iter().map(facts).collect()
}

async fn expect_first_day(site: &Site, shelf_then: &[Value]) {
    assert_eq!(shelf(site).await, shelf_then);
    for path in ["/api/orders", "/api/payments"] {
        assert_eq!(site.client().get(path).await.expect_status(200), json!([]), "{path}");
    }
    let cart = site.client().get("/api/cart/user1").await.expect_status(200);
    assert_eq!(cart["cart"], json!([]));
}

async fn disturb(site: &Site) {
    site.succeed("demo.sh", &[]);
    site.client().post("/api/cart/user1/add?product_id=3").await.expect_status(200);
    site.client().delete("/api/catalog/products/5").await.expect_status(204);
    let mug = json!({ "name": "Mug", "price": 9.99, "stock": 5 });
    site.client().post("/api/catalog/products").json(&mug).await.expect_status(201);
}

#[tokio::test]
async fn a_running_shop_is_put_back_to_its_first_day() {
    let site = Site::open();
    let first_day = shelf(&site).await;
    disturb(&site).await;
    assert_ne!(shelf(&site).await, first_day);

    let printed = site.succeed("reset.sh", &[]);

    assert!(printed.contains("is as on its first day"), "{printed}");
    expect_first_day(&site, &first_day).await;
    site.succeed("demo.sh", &[]);
}

#[tokio::test]
async fn a_closed_shop_is_put_back_to_its_first_day() {
    let site = Site::open();
    let first_day = shelf(&site).await;
    disturb(&site).await;
    site.succeed("down.sh", &[]);

    site.succeed("reset.sh", &[]);

    assert!(!site.data().join("orders.db").exists());
    site.succeed("up.sh", &["--no-build", "--detach"]);
    expect_first_day(&site, &first_day).await;
}

#[tokio::test]
async fn a_shop_whose_lab_is_closed_is_not_reset_while_it_runs() {
    let site = Site::new().set("LAB", 0);
    site.succeed("up.sh", &["--no-build", "--detach"]);
    site.succeed("demo.sh", &[]);

    let complaint = site.refuse("reset.sh", &[]);

    assert!(complaint.contains("start it with LAB=1, or stop it first"), "{complaint}");
    let orders = site.client().get("/api/orders").await.expect_status(200);
    assert_eq!(orders.as_array().map(Vec::len), Some(1));
}
