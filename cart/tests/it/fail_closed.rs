//! `CART_VALIDATION=fail-closed`: safe, and closed for business.

use serde_json::json;

use crate::support::{Shop, line, program};

const FAIL_CLOSED: (&str, &str) = ("CART_VALIDATION", "fail-closed");

#[tokio::test]
async fn a_shop_that_fails_closed_refuses_what_it_cannot_check() {
    let shop = Shop::open_with(&[FAIL_CLOSED]).await;
    shop.catalog.refuse();

    let answer = shop.add("user1", 1, 1).await;

    let sentence = "The catalog does not answer, so product 1 cannot be checked; try again later";
    answer.expect_problem(503, sentence);
    assert_eq!(answer.expect_header("x-degraded"), "catalog-unavailable");
    assert_eq!(answer.expect_header("retry-after"), "1");
    assert_eq!(shop.lines("user1").await, json!([]));
}

#[tokio::test]
async fn a_shop_that_fails_closed_works_like_any_other_while_all_is_well() {
    let shop = Shop::open_with(&[FAIL_CLOSED]).await;

    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 999, 1).await.expect_status(404);

    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn a_refusal_for_lack_of_an_answer_is_not_kept() {
    let shop = Shop::open_with(&[FAIL_CLOSED]).await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(503);
    shop.catalog.accept();

    let answer = shop.add("user1", 1, 1).idempotency_key("k").await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 1)]));
    assert_eq!(answer.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn another_way_to_fail_is_refused_at_the_start() {
    let refusal = program().set("CART_VALIDATION", "fail-somehow").refuse().await;

    assert_eq!(refusal.text.lines().count(), 1, "{}", refusal.text);
    assert!(refusal.text.contains("CART_VALIDATION"), "{}", refusal.text);
}
