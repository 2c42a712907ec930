//! A flood from one address is turned away; a class of thirty never is.

use chassis::testing::{RawConnection, all_at_once};
use e2e::Shop;
use tokio::task::JoinSet;

use crate::support::{Gate, KEY, Reply};

/// Sends 4,000 requests as fast as the wire takes them, and returns how many got 200 and 429,
/// and one of the latter.
async fn flood(gate: &Gate) -> (usize, usize, Option<Reply>) {
    flood_of(gate, "/api/catalog", 200, |_| format!("X-API-Key: {KEY}\r\n")).await
}

/// The same with another path, what it should get, and headers that differ from one request to
/// the next.
async fn flood_of(
    gate: &Gate,
    path: &str,
    status: u16,
    header: fn(i32) -> String,
) -> (usize, usize, Option<Reply>) {
    let start = format!("GET {path} HTTP/1.1\r\nHost: a\r\n");
    let one = |step| format!("{start}{}\r\n", header(step));
    let last = format!("{start}{}Connection: close\r\n\r\n", header(500));
    let many = (1..500).map(one).collect::<String>() + &last;
    let mut connections = JoinSet::new();
    for _ in 0..8 {
        let (address, many) = (gate.nginx.address(), many.clone());
        connections.spawn(async move {
            let mut connection = RawConnection::open(address).await;
            connection.send(many).await;
            String::from_utf8_lossy(&connection.read_to_end().await).into_owned()
        });
    }
    let heard = connections.join_all().await.concat();
    let refused = heard.find("HTTP/1.1 429").map(|start| {
        let rest = &heard[start..];
        let end = rest[1..].find("HTTP/1.1").map_or(rest.len(), |end| end + 1);
        Reply::parse(&rest.as_bytes()[..end])
    });
    let count = |status| heard.matches(&format!("HTTP/1.1 {status}")).count();
    (count(status), count(429), refused)
}

#[tokio::test]
async fn a_flood_gets_429_and_is_told_when_to_come_back() {
    let gate = Gate::open().await;

    let (served, refused, example) = flood(&gate).await;

    assert_eq!(served + refused, 4_000);
    assert!(served >= 600, "the burst is served, but only {served} were");
    assert!(refused > 0, "all {served} were served");
    let example = example.expect("one was refused");
    example.expect_problem(429, "Too many requests from your address, wait a second");
    assert_eq!(example.headers("retry-after"), ["1"]);
    assert_eq!(gate.heard().len(), served, "what is refused reaches nobody");
}

#[tokio::test]
async fn pages_and_health_are_free_in_the_middle_of_a_flood() {
    let gate = Gate::open().await;
    flood(&gate).await;

    let paths = ["/", "/js/main.js", "/health", "/health/cart", "/docs"];
    let requests = paths.iter().cycle().take(200).map(|path| gate.client().get(path));
    for answer in all_at_once(requests).await {
        assert_eq!(answer.status, 200, "{answer}");
    }
}

/// Otherwise a short key could be found by trying.
#[tokio::test]
async fn whoever_guesses_keys_meets_the_limit_as_well() {
    let gate = Gate::open().await;

    let guess = |step| format!("X-API-Key: guess-{step}\r\n");
    let (told, refused, example) = flood_of(&gate, "/api/catalog", 401, guess).await;

    assert!(refused > 2_000, "{told} guesses were answered, {refused} were not");
    let example = example.expect("one was refused");
    example.expect_problem(429, "Too many requests from your address, wait a second");
    assert!(gate.heard().is_empty());
}

#[tokio::test]
async fn a_flood_meets_the_limit_wherever_it_goes() {
    let paths = [
        ("/api/nothing", 401),
        ("/nothing", 404),
        ("/health/cart", 200),
        ("/docs/cart/openapi.json", 200),
    ];
    for (path, status) in paths {
        let gate = Gate::open().await;

        let (served, refused, _) = flood_of(&gate, path, status, |_| String::new()).await;

        assert_eq!(served + refused, 4_000, "{path}");
        assert!(served >= 600 && refused > 0, "{path}: {served} were served, {refused} were not");
    }
}

#[tokio::test]
async fn three_hundred_requests_of_a_class_at_once_are_all_served() {
    let shop = Shop::with_nginx().await;

    for answer in all_at_once((0..300).map(|_| shop.outside().get("/api/catalog"))).await {
        answer.expect_status(200);
    }
}

#[tokio::test]
async fn a_class_that_keeps_clicking_is_served() {
    let shop = Shop::with_nginx().await;
    let mut class = JoinSet::new();
    for _ in 0..30 {
        let client = shop.outside().clone();
        class.spawn(async move {
            for _ in 0..20 {
                client.get("/api/cart/user1").await.expect_status(200);
            }
        });
    }

    class.join_all().await;
}

#[tokio::test]
async fn nobody_gets_more_by_claiming_to_be_many() {
    let gate = Gate::open().await;

    let headers = |step| format!("X-API-Key: {KEY}\r\nX-Forwarded-For: 10.0.0.{step}\r\n");
    let (_, refused, _) = flood_of(&gate, "/api/catalog", 200, headers).await;

    assert!(refused > 0);
    let believed = |from: Option<&str>| from == Some("127.0.0.1");
    assert!(gate.heard().iter().all(|(_, heard)| believed(heard.header("x-forwarded-for"))));
}

#[tokio::test]
async fn without_the_limit_a_flood_is_served() {
    let gate = Gate::open_with(&[("RATE_LIMIT", "off")]).await;

    let (served, refused, _) = flood(&gate).await;

    assert_eq!((served, refused), (4_000, 0));
}
