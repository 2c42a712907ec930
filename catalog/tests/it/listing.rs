//! `GET /products`: searching, filtering, paging.

use chassis::testing::Answer;
use serde_json::json;

use crate::support::{Shelf, id_of, items, names, refused};

#[tokio::test]
async fn a_search_finds_part_of_a_name_in_any_case() {
    let shelf = Shelf::open().await;

    for (query, expected) in [
        ("lap", vec!["Laptop"]),
        ("LAPTOP", vec!["Laptop"]),
        (
            "o",
            vec!["Laptop", "Mouse", "Keyboard", "Monitor", "Headphones", "Microphone", "Notebook"],
        ),
        ("desk%20lamp", vec!["Desk lamp"]),
        ("desk+lamp", vec!["Desk lamp"]),
        ("nothing-like-it", vec![]),
    ] {
        let found = shelf.catalog.get(&format!("/products?q={query}")).await;
        assert_eq!(names(&found), expected, "{query}");
    }
}

#[tokio::test]
async fn a_search_takes_every_character_as_it_is() {
    let shelf = Shelf::open().await;
    for name in ["100% cotton", "snake_case", "back\\slash", "O'Brien", "<b>bold</b>", "\u{dc}ber"]
    {
        let draft = json!({ "name": name, "price": 1, "stock": 1 });
        shelf.create(&draft).await.expect_status(201);
    }

    for (query, expected) in [
        ("%25", vec!["100% cotton"]),
        ("_", vec!["snake_case"]),
        ("%5C", vec!["back\\slash"]),
        ("%27", vec!["O'Brien"]),
        ("%3Cb%3E", vec!["<b>bold</b>"]),
        ("%C3%9Cber", vec!["\u{dc}ber"]),
        ("%25%25", vec![]),
        ("a%25c", vec![]),
        ("%27%20OR%201%3D1%20--", vec![]),
        ("%27%3B%20DROP%20TABLE%20products%3B%20--", vec![]),
    ] {
        let found = shelf.catalog.get(&format!("/products?q={query}")).await;
        assert_eq!(names(&found), expected, "{query}");
    }
    assert_eq!(shelf.list().await.len(), 18);
}

#[tokio::test]
async fn a_category_shows_its_products() {
    let shelf = Shelf::open().await;

    let audio = shelf.catalog.get("/products?category_id=3").await;
    let both = shelf.catalog.get("/products?category_id=3&q=phone").await;
    let unknown = shelf.catalog.get("/products?category_id=99").await;

    assert_eq!(names(&audio), ["Headphones", "Speaker", "Microphone"]);
    assert_eq!(names(&both), ["Headphones", "Microphone"]);
    assert_eq!(names(&unknown), [""; 0]);
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let shelf = Shelf::open().await;

    for limit in [1, 4, 5, 11, 12, 13] {
        let found = walk(&shelf, &format!("?limit={limit}")).await;
        assert_eq!(found, (1..=12).collect::<Vec<_>>(), "in pages of {limit}");
    }
    assert_eq!(walk(&shelf, "?limit=1&category_id=3").await, [6, 7, 8]);
    assert_eq!(walk(&shelf, "?limit=1&q=phone").await, [6, 8]);
    assert_eq!(walk(&shelf, "?limit=5&after=0").await.len(), 12);
}

#[tokio::test]
async fn a_link_keeps_what_was_searched_for_whatever_it_is() {
    let shelf = Shelf::open().await;
    let name = "50% & <more> + \u{fc}";
    for _ in 0..3 {
        let draft = json!({ "name": name, "price": 1, "stock": 1 });
        shelf.create(&draft).await.expect_status(201);
    }

    let found = walk(&shelf, "?limit=1&q=50%25%20%26%20%3Cmore%3E%20%2B%20%C3%BC").await;

    assert_eq!(found, [13, 14, 15]);
}

#[tokio::test]
async fn the_last_page_has_no_link() {
    let shelf = Shelf::open().await;

    for query in ["limit=12", "limit=13", "limit=6&after=6", "after=12", "q=laptop"] {
        let page = shelf.catalog.get(&format!("/products?{query}")).await;
        assert_eq!(page.header("link"), None, "{query}");
    }
    assert!(items(&shelf.catalog.get("/products?after=12").await).is_empty());
}

#[tokio::test]
async fn a_page_holds_a_hundred_products_unless_somebody_asks_for_more() {
    let shelf = Shelf::open().await;
    let creations = (0..100).map(|_| shelf.create(&crate::support::mug(1)));
    for answer in chassis::testing::all_at_once(creations).await {
        answer.expect_status(201);
    }

    let usual = items(&shelf.catalog.get("/products?after=0").await).len();
    let large = items(&shelf.catalog.get("/products?limit=1000").await).len();
    let everything = shelf.list().await.len();

    assert_eq!((usual, large, everything), (100, 112, 112));
}

#[tokio::test]
async fn an_empty_filter_counts_as_none() {
    let shelf = Shelf::open().await;

    let answer = shelf.catalog.get("/products?q=&category_id=&limit=&after=").await;

    assert_eq!(items(&answer).len(), 12);
    answer.expect_header("etag");
}

#[tokio::test]
async fn a_question_that_makes_no_sense_names_its_fault() {
    let shelf = Shelf::open().await;
    let long = format!("q={}", "x".repeat(201));
    let very_long = format!("q={}", "x".repeat(10_000));

    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=ten", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=1%27%20OR%201=1", "after"),
        ("category_id=0", "category_id"),
        ("category_id=Audio", "category_id"),
        ("category_id=1;DROP%20TABLE%20products", "category_id"),
        ("page=2", "page"),
        ("Q=lap", "Q"),
        ("q=%00", "q"),
        (&long, "q"),
        (&very_long, "q"),
    ] {
        refused(&shelf.catalog.get(&format!("/products?{query}")).await, name);
    }
    for unreadable in ["q=%zz", "q=%ff", "q=%", "%ff=1"] {
        shelf.catalog.get(&format!("/products?{unreadable}")).await.expect_status(400);
    }
    shelf.catalog.expect_no_error().await;
}

/// The ids on all pages from this one on.
async fn walk(shelf: &Shelf, query: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let mut next = Some(query.to_owned());
    while let Some(query) = next {
        let page = shelf.catalog.get(&format!("/products{query}")).await;
        found.extend(items(&page).iter().map(id_of));
        next = next_page(&page);
    }
    found
}

/// The query string of `Link: <?...>; rel="next"`.
fn next_page(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    assert!(target.starts_with('?'), "relative, so that it holds behind any prefix: {link}");
    Some(target.to_owned())
}
