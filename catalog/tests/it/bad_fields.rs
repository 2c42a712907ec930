//! What a name, a stock, a description and a picture may be.

use serde_json::{Value, json};

use crate::support::{Shelf, mug, refused};

#[tokio::test]
async fn a_name_has_1_to_200_characters_and_no_control_characters() {
    let shelf = Shelf::open().await;
    let right = [
        "M",
        "Caf\u{e9} \u{2615}",
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE products;--",
        "\"quoted\" \\ and / slashed",
        &"x".repeat(200),
        &"\u{1f600}".repeat(200),
    ];
    let wrong = ["", " ", "\t\n", "a\u{0}b", "a\nb", "a\u{7f}", "a\u{85}b", &"x".repeat(201)];

    for name in right {
        let product = shelf.create(&with("name", json!(name))).await.expect_status(201);
        assert_eq!(product["name"], name);
    }
    for name in wrong {
        let sentence = "name: must be 1 to 200 characters without control characters";
        shelf.create(&with("name", json!(name))).await.expect_problem(422, sentence);
    }
    for value in [json!(7), json!(null), json!(["Mug"]), json!({})] {
        refused(&shelf.create(&with("name", value)).await, "name");
    }
}

#[tokio::test]
async fn a_name_can_be_seen() {
    let shelf = Shelf::open().await;

    for name in ["\u{200b}", "\u{feff}\u{2060}", "\u{202e}", " \u{ad} ", "\u{3164}", "\u{fe0f}"] {
        let sentence = "name: must hold something that can be seen";
        shelf.create(&with("name", json!(name))).await.expect_problem(422, sentence);
    }
    for name in ["a\u{200d}b", "\u{2764}\u{fe0f}", "\u{645}\u{64f}\u{6af}"] {
        shelf.create(&with("name", json!(name))).await.expect_status(201);
    }
}

#[tokio::test]
async fn blanks_around_a_name_are_dropped() {
    let shelf = Shelf::open().await;

    let product = shelf.create(&with("name", json!("  A mug\u{a0} "))).await.expect_status(201);

    assert_eq!(product["name"], "A mug");
}

#[tokio::test]
async fn a_stock_is_a_whole_number_up_to_a_thousand_million() {
    let shelf = Shelf::open().await;

    for wrong in [
        json!(-1),
        json!(1.5),
        json!(1.0),
        json!(1_000_000_001),
        json!(u64::MAX),
        json!("5"),
        json!(null),
        json!(true),
        json!([]),
    ] {
        let sentence = "stock: must be a whole number from 0 to 1000000000";
        shelf.create(&with("stock", wrong)).await.expect_problem(422, sentence);
    }
}

#[tokio::test]
async fn a_description_has_at_most_2000_characters() {
    let shelf = Shelf::open().await;
    let longest = "\u{e9}".repeat(2_000);

    for right in ["", "Two\nlines", "<b>bold</b>", &longest] {
        let product = shelf.create(&with("description", json!(right))).await.expect_status(201);
        assert_eq!(product["description"], right);
    }
    for wrong in
        [json!("x".repeat(2_001)), json!("a\u{0}"), json!("a\u{1b}[0m"), json!(7), json!([])]
    {
        refused(&shelf.create(&with("description", wrong)).await, "description");
    }
}

#[tokio::test]
async fn a_category_of_a_product_is_an_id() {
    let shelf = Shelf::open().await;

    for wrong in [json!(0), json!(-1), json!(1.5), json!("1"), json!("Audio"), json!(1e300)] {
        refused(&shelf.create(&with("category_id", wrong)).await, "category_id");
    }
}

#[tokio::test]
async fn a_picture_is_a_path_that_stays_inside() {
    let shelf = Shelf::open().await;

    for right in ["mug.svg", "images/mug.svg", "a/b-c_d.e/f", &"x".repeat(200)] {
        let product = shelf.create(&with("image", json!(right))).await.expect_status(201);
        assert_eq!(product["image"], right);
    }
    for wrong in [
        "",
        "/etc/passwd",
        "//elsewhere.example/x.svg",
        "../secret.svg",
        "images/../../secret.svg",
        "a..b/..",
        "..",
        "http://elsewhere.example/x.svg",
        "javascript:alert(1)",
        "data:image/svg+xml,x",
        "images\\mug.svg",
        "images/mug.svg?x=1",
        "images/mug.svg#x",
        "images/%2e%2e/x",
        "images/mug svg",
        "im\u{e4}ges/mug.svg",
        "a\u{0}b",
        "\" onerror=\"alert(1)",
        &"x".repeat(201),
    ] {
        refused(&shelf.create(&with("image", json!(wrong))).await, "image");
        let mut draft = mug(1);
        draft["image"] = json!(wrong);
        refused(&shelf.replace(1, &draft).await, "image");
    }
    assert_eq!(shelf.find(1).await["image"], "images/laptop.svg");
}

fn with(field: &str, value: Value) -> Value {
    let mut draft = mug(1);
    draft[field] = value;
    draft
}
