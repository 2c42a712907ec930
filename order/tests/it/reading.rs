//! `GET /orders` and `GET /orders/{order_id}`.

use chassis::id::Id;
use chassis::testing::Answer;
use serde_json::Value;

use crate::support::{Shop, id_of, laptop_and_mice};

#[tokio::test]
async fn a_new_shop_has_no_orders() {
    let shop = Shop::open().await;

    let answer = shop.order.get("/orders").await;

    assert_eq!(answer.expect_text(200), "[]");
    assert_eq!(answer.header("link"), None);
}

#[tokio::test]
async fn an_order_is_shown_with_its_history_and_listed_without() {
    let shop = Shop::open().await;
    let id = shop.placed().await;

    let shown = shop.find(id).await;
    let listed = shop.order.get("/orders").await.expect_status(200)[0].clone();

    assert_eq!(shown["items"], laptop_and_mice());
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(2));
    let mut without = shown.clone();
    without.as_object_mut().unwrap().remove("history");
    assert_eq!(listed, without);
}

#[tokio::test]
async fn what_is_no_order_is_not_found() {
    let shop = Shop::open().await;
    shop.placed().await;

    for id in [Id::new().to_string().as_str(), "1", "nonsense", "%00", "x'%20OR%201=1--"] {
        shop.order.get(&format!("/orders/{id}")).await.expect_problem(404, "Order not found");
    }
    shop.order.get("/orders/%ff").await.expect_status(400);
}

#[tokio::test]
async fn orders_are_listed_newest_first() {
    let shop = Shop::open().await;
    let orders = five_orders(&shop).await;

    let listed = shop.order.get("/orders").await;

    assert_eq!(ids_in(&listed), reversed(&orders));
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let shop = Shop::open().await;
    let orders = five_orders(&shop).await;

    for limit in 1..=5 {
        assert_eq!(walk(&shop, &format!("?limit={limit}")).await, reversed(&orders));
    }
}

#[tokio::test]
async fn a_page_holds_a_hundred_orders_unless_somebody_asks_for_more() {
    let shop = Shop::open().await;
    let places = (0..101).map(|_| shop.place("user1"));
    for answer in chassis::testing::all_at_once(places).await {
        answer.expect_status(201);
    }

    let usual = shop.order.get("/orders").await;
    let all = shop.order.get("/orders?limit=1000").await;

    assert_eq!((ids_in(&usual).len(), ids_in(&all).len()), (100, 101));
    assert!(next_page(&usual).is_some() && next_page(&all).is_none());
}

#[tokio::test]
async fn orders_are_filtered_by_user_and_status_on_every_page() {
    let shop = Shop::open().await;
    let mut of_ada = Vec::new();
    for _ in 0..4 {
        of_ada.push(id_of(&shop.place("ada").await.expect_status(201)));
        shop.place("bob").await.expect_status(201);
    }
    shop.cancel(of_ada[0]).await.expect_status(200);
    shop.pay(of_ada[1]).await;

    let open = [of_ada[2], of_ada[3]];
    assert_eq!(walk(&shop, "?user_id=ada&limit=1").await, reversed(&of_ada));
    assert_eq!(walk(&shop, "?user_id=ada&status=CREATED&limit=1").await, reversed(&open));
    assert_eq!(walk(&shop, "?status=PAID").await, reversed(&of_ada[1..2]));
    assert_eq!(walk(&shop, "?status=CANCELLED&user_id=ada").await, reversed(&of_ada[..1]));
    assert_eq!(walk(&shop, "?status=CANCELLED&user_id=bob").await, reversed(&[]));
    assert_eq!(walk(&shop, "?user_id=ADA").await, reversed(&[]));
    assert_eq!(walk(&shop, "?user_id=&status=&limit=&after=").await.len(), 8);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_names_its_fault() {
    let shop = Shop::open().await;

    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=1&limit=1", "limit"),
        ("after=1", "after"),
        ("after=%27%20OR%201=1", "after"),
        ("user_id=a%20b", "user_id"),
        ("user_id=%00", "user_id"),
        ("user_id=x%27;DROP%20TABLE%20orders;--", "user_id"),
        ("status=paid", "status"),
        ("status=%27%20OR%20%271%27=%271", "status"),
        ("page=2", "page"),
    ] {
        let answer = shop.order.get(&format!("/orders?{query}")).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(name), "{answer}");
    }
    for unreadable in ["limit=%zz", "status=%ff", "%"] {
        shop.order.get(&format!("/orders?{unreadable}")).await.expect_status(400);
    }
}

/// Five orders, oldest first.
async fn five_orders(shop: &Shop) -> Vec<Id> {
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(shop.placed().await);
    }
    orders
}

/// The ids on all pages from this one on.
async fn walk(shop: &Shop, query: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = Some(query.to_owned());
    while let Some(query) = next {
        let page = shop.order.get(&format!("/orders{query}")).await;
        found.extend(ids_in(&page));
        next = next_page(&page);
    }
    found
}

#[track_caller]
fn ids_in(answer: &Answer) -> Vec<String> {
    let listed: Vec<Value> = serde_json::from_value(answer.expect_status(200)).unwrap();
    listed.iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect()
}

fn reversed(orders: &[Id]) -> Vec<String> {
    orders.iter().rev().map(Id::to_string).collect()
}

/// The query string of `Link: <?...>; rel="next"`.
fn next_page(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    assert!(target.starts_with('?'), "relative, so that it holds behind any prefix: {link}");
    Some(target.to_owned())
}
