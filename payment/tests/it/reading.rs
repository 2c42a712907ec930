//! `GET /payments` and `GET /payments/{order_id}`.

use chassis::id::Id;
use chassis::testing::Answer;
use serde_json::{Value, json};

use crate::support::Till;

#[tokio::test]
async fn a_new_till_has_no_payments() {
    let till = Till::open().await;

    let answer = till.payment.get("/payments").await;

    assert_eq!(answer.expect_text(200), "[]");
    assert_eq!(answer.header("link"), None);
}

#[tokio::test]
async fn a_payment_is_found_by_its_order() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;

    let payment = till.payment_of(order).await;

    let expected = json!({
        "payment_id": payment_id,
        "order_id": order,
        "amount": 999.99,
        "status": "COMPLETED",
        "reason": null,
        "created_at": payment["created_at"],
        "updated_at": payment["updated_at"],
    });
    assert_eq!(payment, expected);
}

#[tokio::test]
async fn an_order_without_a_payment_has_none() {
    let till = Till::open().await;
    till.completed_payment().await;

    for order in [Id::new().to_string().as_str(), "nonsense", "1", "x'%20OR%201=1--", "%00"] {
        let answer = till.payment.get(&format!("/payments/{order}")).await;
        answer.expect_problem(404, "Payment not found");
    }
    till.payment.get("/payments/%ff").await.expect_status(400);
}

#[tokio::test]
async fn payments_are_listed_newest_first() {
    let till = Till::open().await;
    let orders = five_payments(&till).await;

    let listed = till.payment.get("/payments").await;

    assert_eq!(orders_in(&listed), reversed(&orders));
    assert_eq!(listed.header("link"), None);
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let till = Till::open().await;
    let orders = five_payments(&till).await;

    for limit in 1..=5 {
        let mut found = Vec::new();
        let mut next = Some(format!("?limit={limit}"));
        while let Some(query) = next {
            let page = till.payment.get(&format!("/payments{query}")).await;
            let on_page = orders_in(&page);
            assert!((1..=limit).contains(&on_page.len()), "{page}");
            found.extend(on_page);
            next = next_page(&page);
        }
        assert_eq!(found, reversed(&orders), "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_page_keeps_its_filters() {
    let till = Till::open().await;
    five_payments(&till).await;

    let page = till.payment.get("/payments?status=COMPLETED&limit=2").await;

    let next = next_page(&page).unwrap();
    assert!(next.contains("status=COMPLETED") && next.contains("limit=2"), "{next}");
    assert_eq!(orders_in(&till.payment.get(&format!("/payments{next}")).await).len(), 2);
}

#[tokio::test]
async fn payments_are_filtered_by_status_and_order() {
    let till = Till::open().await;
    let (completed, _) = till.completed_payment().await;
    let (refunded, payment_id) = till.completed_payment().await;
    till.refund(&payment_id, refunded).await.expect_status(200);
    till.order_refuses(409, "The order is already EXPIRED");
    let failed = Id::new();
    till.pay(failed, "1.00").await.expect_status(409);
    let (pending, _) = till.pending_payment().await;

    for (query, expected) in [
        ("status=COMPLETED".to_owned(), vec![completed]),
        ("status=REFUNDED".to_owned(), vec![refunded]),
        ("status=FAILED".to_owned(), vec![failed]),
        ("status=PENDING".to_owned(), vec![pending]),
        (format!("order_id={failed}"), vec![failed]),
        (format!("order_id={failed}&status=FAILED"), vec![failed]),
        (format!("order_id={failed}&status=COMPLETED"), vec![]),
        (format!("order_id={}", Id::new()), vec![]),
        ("order_id=&status=&limit=&after=".to_owned(), vec![pending, failed, refunded, completed]),
    ] {
        let listed = till.payment.get(&format!("/payments?{query}")).await;
        assert_eq!(orders_in(&listed), expected.iter().map(Id::to_string).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_names_its_fault() {
    let till = Till::open().await;

    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=1", "after"),
        ("after=x'%20OR%201=1", "after"),
        ("order_id=1", "order_id"),
        ("order_id=%00", "order_id"),
        ("status=PAID", "status"),
        ("status=completed", "status"),
        ("status=%27;DROP%20TABLE%20payments;--", "status"),
        ("page=2", "page"),
    ] {
        let answer = till.payment.get(&format!("/payments?{query}")).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(name), "{answer}");
    }
    for unreadable in ["limit=%zz", "status=%ff", "%"] {
        till.payment.get(&format!("/payments?{unreadable}")).await.expect_status(400);
    }
    for limit in [1, 1_000] {
        till.payment.get(&format!("/payments?limit={limit}")).await.expect_status(200);
    }
}

/// Five completed payments, oldest first.
async fn five_payments(till: &Till) -> Vec<Id> {
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(till.completed_payment().await.0);
    }
    orders
}

#[track_caller]
fn orders_in(answer: &Answer) -> Vec<String> {
    let listed: Vec<Value> = serde_json::from_value(answer.expect_status(200)).unwrap();
    listed.iter().map(|payment| payment["order_id"].as_str().unwrap().to_owned()).collect()
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
