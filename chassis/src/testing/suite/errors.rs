//! How a service says no.

use serde_json::json;

use super::Subject;
use crate::id::Id;
use crate::testing::{Neighbor, Process, eventually, raw_request};

/// Requests that are none, or not for us.
const NONSENSE: [&[u8]; 9] = [
    b"\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET /%ff%fe?%ff=%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET http://elsewhere/../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
];

/// With the same body as every other refusal.
pub async fn a_path_that_does_not_exist_is_404(subject: &Subject) {
    let service = subject.program.clone().start().await;

    for path in ["/", "/nothing", "/internal", "/docs/nothing", "//", "/%2e%2e/"] {
        service.get(path).await.expect_problem(404, "Not found");
    }
}

/// The route that the W3C trace-context tests need would let strangers send requests in our
/// name. Only a build that is made for those tests has it.
pub async fn a_normal_build_is_no_open_relay(subject: &Subject) {
    if cfg!(feature = "trace-context-harness") {
        return;
    }
    let (service, neighbor) = (subject.program.clone().start().await, Neighbor::start());

    let errands = json!([{ "url": neighbor.url(), "arguments": [] }]);
    let post = service.post("/trace-context-harness").json(&errands);
    post.clone().await.expect_problem(404, "Not found");
    post.without_key().await.expect_problem(404, "Not found");

    assert_eq!(neighbor.requests().len(), 0);
}

/// With the methods that it has.
pub async fn a_method_that_a_path_does_not_have_is_405(subject: &Subject) {
    let service = subject.program.clone().start().await;

    let answer = service.request("PATCH", subject.get).await;

    answer.expect_problem(405, "Method not allowed");
    let allowed = answer.expect_header("allow");
    assert!(allowed.split(',').any(|method| method.trim() == "GET"), "{allowed}");
}

/// RFC 9457, with the same sentence.
pub async fn a_client_that_asks_gets_the_full_form_of_an_error(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let accept = "application/problem+json, application/json;q=0.5";

    for other in [
        "application/problem+json;q=0",
        "application/problem+jsonx",
        "text/x-application/problem+json",
        "application/problem+json ; Q=0.000, */*",
    ] {
        service.get("/nothing").header("accept", other).await.expect_problem(404, "Not found");
    }
    let missing = service.get("/nothing").header("accept", accept).await;
    let locked = service.get(subject.get).without_key().header("accept", accept).await;

    assert_eq!(missing.expect_header("content-type"), "application/problem+json");
    assert_eq!(missing.expect_status(404), full_form("Not Found", 404, "Not found"));
    assert_eq!(locked.expect_status(401), full_form("Unauthorized", 401, "Invalid API Key"));
    assert_eq!(locked.expect_header("www-authenticate"), "ApiKey");
}

/// So that a client can point at a line of our log, and cannot write one.
pub async fn a_sane_request_id_comes_back_and_another_is_replaced(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let longest = "x".repeat(128);

    for sane in ["shop-42_a.b", &longest] {
        assert_eq!(echo(&service, sane).await, sane);
        eventually("it is in the log", async || service.has_logged(sane)).await;
    }

    for wild in ["", "two words", "a\"b", "{}", "x\u{e9}", &"x".repeat(129)] {
        let id = echo(&service, wild).await;
        assert_eq!(id.len(), 36, "{wild:?} became {id}");
    }
    let (one, two) = (echo(&service, "").await, echo(&service, "").await);
    assert_ne!(one, two);
}

/// Nothing that a client sends is our fault, and nobody else notices.
pub async fn nonsense_is_refused_and_harms_nobody(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));

    for nonsense in NONSENSE.into_iter().chain([endless.as_bytes()]) {
        let heard = raw_request(service.address(), nonsense).await;
        let heard = String::from_utf8_lossy(&heard);
        if heard.is_empty() {
            continue; // nothing came that could be answered
        }
        let parts = [
            "HTTP/1.1 4",
            "content-type: application/json\r\n",
            "x-request-id: ",
            "\r\n\r\n{\"detail\":\"",
        ];
        let is_refusal = parts.iter().all(|part| heard.contains(part));
        assert!(is_refusal, "{} was answered {heard}", nonsense.escape_ascii());
    }

    service.get(subject.get).await.expect_status(200);
    service.expect_no_error().await;
}

/// A head that is no request gets the sentence that every other refusal has.
pub async fn a_head_that_cannot_be_read_is_refused_in_words(subject: &Subject) {
    let service = subject.program.clone().start().await;
    let long = format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(40_000));
    let many = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(200));

    for (head, status, detail) in [
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", "The request is malformed"),
        (
            "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "400 Bad Request",
            "The request is malformed",
        ),
        (&long, "431 Request Header Fields Too Large", "The request headers are too large"),
        (&many, "431 Request Header Fields Too Large", "The request headers are too large"),
    ] {
        let heard = raw_request(service.address(), head).await;
        let heard = String::from_utf8_lossy(&heard);
        let body = format!("\r\n\r\n{{\"detail\":\"{detail}\"}}");
        assert!(heard.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{heard}");
        assert!(heard.ends_with(&body), "{heard}");
        let length = format!("content-length: {}\r\n", body.len() - 4);
        assert!(heard.contains(&length), "{heard}");
    }
}

/// As HTTP wants it; HTTP/1.0 knew no hosts.
pub async fn a_request_says_once_which_host_it_is_for(subject: &Subject) {
    let service = subject.program.clone().start().await;

    for (version_and_hosts, status) in [
        ("1.1\r\nHost: a", 200),
        ("1.1", 400),
        ("1.1\r\nHost: a\r\nHost: a", 400),
        ("1.0", 200),
        ("1.0\r\nHost: a\r\nHost: b", 400),
    ] {
        let head = format!("GET /health HTTP/{version_and_hosts}\r\nConnection: close\r\n\r\n");
        let heard = raw_request(service.address(), &head).await;
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.contains(&format!(" {status} ")), "{head} was answered {heard}");
        let sentence = "{\"detail\":\"The request needs one Host header\"}";
        assert_eq!(heard.ends_with(sentence), status == 400, "{heard}");
    }
}

/// A parameter that a route does not have is a mistake, and the client should hear of it. All
/// routes of the document are tried, so that no new one can forget it.
pub async fn a_parameter_that_a_route_does_not_have_is_refused(subject: &Subject) {
    let service = subject.program.clone().set("LAB", 1).start().await;
    let document = service.get("/openapi.json").await.expect_status(200);

    let mut tried = 0;
    for (template, route) in document["paths"].as_object().into_iter().flatten() {
        // What the page is made of is the same for everybody, whatever is asked.
        if template == "/openapi.json" || template.starts_with("/docs") {
            continue;
        }
        let path = fill_in(template);
        for method in ["get", "post", "put", "delete"].iter().filter(|it| !route[**it].is_null()) {
            let request = service.request(&method.to_uppercase(), &path);
            let mut request = request.header("content-type", "application/json");
            request.url.set_query(Some("no_such_parameter=1"));
            let answer = request.await;
            answer.expect_status(422);
            let sentence = "no_such_parameter: there is no such parameter";
            assert!(answer.detail().starts_with(sentence), "{method} {template}: {answer}");
            tried += 1;
        }
    }
    assert!(tried > 10, "only {tried} routes were tried");
}

/// A path of this form: `/things/7`, with an id where one is asked for.
fn fill_in(template: &str) -> String {
    let value = |part: &str| match part {
        "{product_id}" | "{category_id}" => "1".to_owned(),
        part if part.starts_with('{') => Id::new().to_string(),
        part => part.to_owned(),
    };
    template.split('/').map(value).collect::<Vec<_>>().join("/")
}

fn full_form(title: &str, status: u16, detail: &str) -> serde_json::Value {
    json!({ "type": "about:blank", "title": title, "status": status, "detail": detail })
}

/// Not of `/health`, because that is too much asked for to be in the log.
async fn echo(service: &Process, request_id: &str) -> String {
    let answer = service.get("/nothing").header("x-request-id", request_id).await;
    answer.expect_header("x-request-id").to_owned()
}
