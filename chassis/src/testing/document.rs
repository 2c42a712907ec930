//! Every answer is held against the service's OpenAPI document, so that the document cannot
//! promise what the service does not do, nor keep silent about what it does.
//!
//! For a documented route: the status is listed, the body has the documented form, required
//! headers are there, and headers that mean something are documented. A request that was
//! accepted must be one that the document allows. Anything else that is asked must be refused
//! in the common form of errors.

mod schema;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use self::schema::Schemas;
use super::answer::Answer;
use super::client::Request;

/// Headers that tell a client something. The others are about the transport.
const MEANINGFUL: [&str; 7] = [
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
    "x-degraded",
];

/// An OpenAPI document, ready to check answers.
#[derive(Debug)]
pub struct Document {
    schemas: Schemas,
}

impl Document {
    /// Reads a document. All tests of one binary share what was made of the same text,
    /// because building the checks takes longer than most tests.
    ///
    /// # Panics
    ///
    /// If the text is not JSON.
    pub fn parse(text: &str) -> Arc<Self> {
        static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Document>>>> =
            LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let document = known.entry(text.to_owned()).or_insert_with(|| {
            let root = serde_json::from_str(text).expect("the OpenAPI document is JSON");
            Arc::new(Self { schemas: Schemas::new(root) })
        });
        Arc::clone(document)
    }

    /// Checks one answer, and says what is wrong with it.
    pub(super) fn check(&self, request: &Request, answer: &Answer) -> Result<(), String> {
        let path = request.url.path();
        let Some((template, route)) = self.route(path) else {
            return self.check_unknown(path, answer);
        };
        // A HEAD is a GET whose body is left out.
        let method = request.method.as_str().to_ascii_lowercase();
        let operation = &route[if method == "head" { "get" } else { &method }];
        if operation.is_null() {
            return self.check_other_method(answer);
        }
        let status = answer.status.to_string();
        let response = operation["responses"]
            .get(&status)
            .or_else(|| operation["responses"].get("default"))
            .ok_or(format!("{template} does not list the status {status}"))?;
        let response = self.schemas.resolve(response);
        self.check_headers(response, answer)?;
        if method != "head" {
            self.check_body(response, answer)?;
        }
        if (200..300).contains(&answer.status) {
            self.check_request(route, operation, request)?;
        }
        Ok(())
    }

    /// The documented route that a path belongs to. `/things/new` comes before `/things/{id}`.
    fn route(&self, path: &str) -> Option<(&str, &Value)> {
        let routes = self.schemas.root()["paths"].as_object()?.iter();
        let fitting = routes.filter(|(template, _)| fits(template, path));
        let best = fitting.min_by_key(|(template, _)| template.matches('{').count());
        best.map(|(template, route)| (template.as_str(), route))
    }

    /// A path that is not documented is one that does not exist, or a page for people.
    fn check_unknown(&self, path: &str, answer: &Answer) -> Result<(), String> {
        if path == "/docs" || path.starts_with("/docs/") {
            return Ok(());
        }
        self.check_refusal(answer, &[401, 404, 408, 413, 503])
    }

    fn check_other_method(&self, answer: &Answer) -> Result<(), String> {
        if answer.status == 405 {
            let response = &self.schemas.root()["components"]["responses"]["MethodNotAllowed"];
            self.check_headers(response, answer)?;
            return self.check_body(response, answer);
        }
        self.check_refusal(answer, &[401, 408, 413, 503])
    }

    /// A refusal that no route lists, because it is the same for all.
    fn check_refusal(&self, answer: &Answer, statuses: &[u16]) -> Result<(), String> {
        if !statuses.contains(&answer.status) {
            return Err(format!(
                "the document has no such route, and {} says more than that",
                answer.status
            ));
        }
        let component = match answer.status {
            401 => "Unauthorized",
            404 => "NotFound",
            408 => "RequestTimeout",
            413 => "TooLarge",
            _ => "Busy",
        };
        let response = &self.schemas.root()["components"]["responses"][component];
        self.check_headers(response, answer)?;
        self.check_body(response, answer)
    }

    fn check_headers(&self, response: &Value, answer: &Answer) -> Result<(), String> {
        let nothing = serde_json::Map::new();
        let documented = response["headers"].as_object().unwrap_or(&nothing);
        for (name, header) in documented {
            let header = self.schemas.resolve(header);
            let Some(value) = answer.header(name) else {
                if header["required"] == true {
                    return Err(format!("the header {name} is missing"));
                }
                continue;
            };
            self.schemas.check_text(&header["schema"], value, &format!("the header {name}"))?;
        }
        let is_silent = |name: &&str| !documented.keys().any(|key| key.eq_ignore_ascii_case(name));
        let mut undocumented = MEANINGFUL
            .iter()
            .copied()
            .filter(is_silent)
            .filter(|name| answer.header(name).is_some());
        match undocumented.next() {
            Some(name) => Err(format!("the header {name} is not documented for this status")),
            None => Ok(()),
        }
    }

    fn check_body(&self, response: &Value, answer: &Answer) -> Result<(), String> {
        let Some(content) = response["content"].as_object() else {
            let is_empty = answer.body.is_empty();
            return is_empty.then_some(()).ok_or("the document says: no body".to_owned());
        };
        let kind = answer.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let documented =
            content.get(essence).ok_or(format!("the content type {kind:?} is not documented"))?;
        let text = answer.text();
        if !essence.ends_with("json") {
            return self.schemas.check_text(&documented["schema"], &text, "the body");
        }
        let body = serde_json::from_str(&text).map_err(|cause| format!("not JSON: {cause}"))?;
        self.schemas.check(&documented["schema"], &body, "the body")
    }

    /// What a service accepts, its document must allow: each parameter and the body.
    fn check_request(
        &self,
        route: &Value,
        operation: &Value,
        request: &Request,
    ) -> Result<(), String> {
        let own = operation["parameters"].as_array().into_iter().flatten();
        let shared = route["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> =
            own.chain(shared).map(|parameter| self.schemas.resolve(parameter)).collect();
        let in_query = |parameter: &&&Value| parameter["in"] == "query";
        let given: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        for (name, value) in &given {
            let parameter =
                parameters.iter().filter(in_query).find(|known| known["name"] == **name);
            let parameter =
                parameter.ok_or(format!("accepted, but no parameter {name} is documented"))?;
            // An empty filter counts as one that is not there.
            if !value.is_empty() {
                let what = format!("accepted, but the parameter {name}");
                self.schemas.check_text(&parameter["schema"], value, &what)?;
            }
        }
        let required = parameters.iter().filter(in_query).filter(|known| known["required"] == true);
        for parameter in required {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !given.iter().any(|(given, _)| given == name) {
                return Err(format!("accepted, but the parameter {name} is required"));
            }
        }
        self.check_request_body(operation, request)
    }

    fn check_request_body(&self, operation: &Value, request: &Request) -> Result<(), String> {
        let documented = self.schemas.resolve(&operation["requestBody"]);
        let Some(body) = &request.body else {
            let is_optional = documented["required"] != true;
            return is_optional.then_some(()).ok_or("accepted, but a body is required".to_owned());
        };
        let schema = &documented["content"]["application/json"]["schema"];
        if schema.is_null() {
            // A route without a body ignores what is sent.
            return Ok(());
        }
        let body = serde_json::from_slice(body)
            .map_err(|cause| format!("accepted, but not JSON: {cause}"))?;
        self.schemas.check(schema, &body, "accepted, but the request body")
    }
}

/// Whether `/things/{id}` is a description of `/things/7`.
fn fits(template: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let mut described = template.split('/');
    loop {
        match (described.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) if name.starts_with('{') => {
                if value.is_empty() {
                    return false;
                }
            }
            (Some(name), Some(value)) if name == value => {}
            _ => return false,
        }
    }
}
