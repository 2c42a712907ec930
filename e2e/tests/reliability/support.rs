//! What these tests share: patience, clients that ask again, and many at once but not too many.

use std::time::{Duration, Instant};

use chassis::testing::{Answer, Client, Request};
use e2e::{SERVICES, Service, Shop};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long a client asks again before it calls the shop broken. Services are back within a
/// second; a loaded machine gets thirty.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(20);

/// A client of each service. It goes on working when a service is started again, because that
/// keeps its port.
#[derive(Clone, Debug)]
pub struct Doors {
    pub cart: Client,
    pub catalog: Client,
    pub order: Client,
    pub payment: Client,
}

impl Doors {
    pub fn of(shop: &Shop) -> Self {
        let [cart, catalog, order, payment] =
            SERVICES.map(|service| Client::clone(shop.service(service)));
        Self { cart, catalog, order, payment }
    }
}

/// Sends a request until it is answered with a decision: silence and 5xx are none.
pub async fn insist(request: &Request) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match request.clone().try_send().await {
            Ok(answer) if answer.status < 500 => return answer,
            outcome => assert!(Instant::now() < deadline, "no decision after 30 s: {outcome:?}"),
        }
        sleep(PAUSE).await;
    }
}

/// Sends a request once; silence and 5xx leave open whether it had an effect.
pub async fn try_once(request: Request) -> Option<Answer> {
    request.try_send().await.ok().filter(|answer| answer.status < 500)
}

/// Sends requests, `width` at a time, and returns the answers in the order of the requests.
pub async fn at_most(width: usize, requests: Vec<Request>) -> Vec<Answer> {
    let mut waiting = requests.into_iter().enumerate();
    let mut under_way = JoinSet::new();
    let mut answers = Vec::new();
    loop {
        while under_way.len() < width
            && let Some((position, request)) = waiting.next()
        {
            under_way.spawn(async move { (position, request.await) });
        }
        let Some(done) = under_way.join_next().await else { break };
        answers.push(done.expect("the request is answered"));
    }
    answers.sort_by_key(|(position, _)| *position);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Arms a crash point.
pub async fn crash_at(shop: &Shop, service: Service, point: &str) {
    let draft = json!({ "at": point });
    let armed = shop.service(service).post("/internal/crash").json(&draft).unchecked().await;
    armed.expect_status(204);
}

/// Waits until nothing is under way, and says how long that took. Longer than a test usually
/// waits, for a machine on which a whole shop has just been killed several times a second.
pub async fn settle(shop: &Shop) -> Duration {
    let began = Instant::now();
    loop {
        let mut pending = 0;
        for service in SERVICES {
            pending += shop.outbox(service).await["pending"].as_u64().expect("a number");
        }
        if pending == 0 {
            return began.elapsed();
        }
        assert!(began.elapsed() < PATIENCE, "after 30 s {pending} messages still wait");
        sleep(PAUSE).await;
    }
}

/// Cents as the API writes them: `999.99`.
pub fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Cents as a JSON number.
pub fn price(cents: i64) -> Value {
    serde_json::from_str(&amount(cents)).expect("a number")
}

/// A text of the answer.
pub fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}"))
}

/// A setting of a longer run, or what a usual run does.
pub fn from_environment(name: &str, usual: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
