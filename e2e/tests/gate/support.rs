//! A gate: nginx, and behind it four services that the test plays.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chassis::testing::{Client, Neighbor, Recorded, raw_request};
use e2e::Nginx;
use serde_json::{Value, json};

/// The key that opens everything.
pub const KEY: &str = "secret-key-123";

pub struct Gate {
    pub nginx: Nginx,
    pub cart: Neighbor,
    pub catalog: Neighbor,
    pub order: Neighbor,
    pub payment: Neighbor,
}

impl Gate {
    /// A gate with its defaults.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with settings of `nginx/render.sh`.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let [cart, catalog, order, payment] = [(); 4].map(|()| Neighbor::start());
        let address = |neighbor: &Neighbor| neighbor.url().replace("http://", "");
        let addresses = [
            ("CART_ADDR", address(&cart)),
            ("CATALOG_ADDR", address(&catalog)),
            ("ORDER_ADDR", address(&order)),
            ("PAYMENT_ADDR", address(&payment)),
        ];
        let mut all: BTreeMap<String, String> =
            addresses.into_iter().map(|(name, address)| (name.to_owned(), address)).collect();
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { nginx: Nginx::start(all).await, cart, catalog, order, payment }
    }

    /// Somebody outside with the right key.
    pub fn client(&self) -> &Client {
        self.nginx.client()
    }

    /// Everything that got through, with the name of the service it came to.
    pub fn heard(&self) -> Vec<(&'static str, Recorded)> {
        let named = |name, neighbor: &Neighbor| {
            neighbor.requests().into_iter().map(move |request| (name, request)).collect::<Vec<_>>()
        };
        [
            named("cart", &self.cart),
            named("catalog", &self.catalog),
            named("order", &self.order),
            named("payment", &self.payment),
        ]
        .concat()
    }

    /// What the last request came out as: `cart GET /cart/user1?a=b`.
    pub fn last_heard(&self) -> String {
        let (name, request) = self.heard().pop().expect("a request got through");
        let query = if request.query.is_empty() { "" } else { "?" };
        format!("{name} {} {}{query}{}", request.method, request.path, request.query)
    }

    /// Forgets what got through.
    pub fn forget(&self) {
        [&self.cart, &self.catalog, &self.order, &self.payment]
            .into_iter()
            .for_each(Neighbor::forget);
    }

    /// A GET with the key, its target sent exactly as it is written here.
    pub async fn get_exactly(&self, target: &str) -> Reply {
        send(self.nginx.address(), "GET", target.as_bytes(), &format!("X-API-Key: {KEY}\r\n")).await
    }
}

/// Sends a request whose target and headers no library has tidied up. Every header ends with a
/// line break.
pub async fn send(address: SocketAddr, method: &str, target: &[u8], headers: &str) -> Reply {
    let mut request = format!("{method} ").into_bytes();
    request.extend_from_slice(target);
    request.extend_from_slice(b" HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n");
    request.extend_from_slice(headers.as_bytes());
    request.extend_from_slice(b"\r\n");
    Reply::parse(&raw_request(address, request).await)
}

/// An answer that came as plain bytes.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    /// Takes an answer apart.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).into_iter().next()
    }

    /// All headers of this name.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let same = pairs.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value).collect()
    }

    /// Fails the test unless this is a refusal with this sentence.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, detail: &str) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        assert_eq!((self.status, body), (status, json!({ "detail": detail })), "{self:#?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:#?}");
    }
}
