//! The route table and the OpenAPI document name the same routes.

use std::collections::BTreeSet;
use std::panic::Location;

use serde_json::Value;

use super::fail_at;

/// Methods that a route can have.
const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// The document of the routes that every service has, which no service's table lists.
const SHARED: &str = include_str!("../../openapi.json");

/// Fails the test unless `routes.rs` and `openapi.json` of a service name the same methods of
/// the same paths:
///
/// ```no_run
/// # let (routes, openapi) = ("", "");
/// // let routes = include_str!("../../src/routes.rs");
/// // let openapi = include_str!("../../openapi.json");
/// chassis::testing::routes_match_the_document(routes, openapi);
/// ```
#[track_caller]
pub fn routes_match_the_document(routes_source: &str, openapi: &str) {
    let shared = documented(SHARED);
    let documented: BTreeSet<_> = documented(openapi).difference(&shared).cloned().collect();
    let routed = routed(routes_source);
    let missing: Vec<_> = routed.difference(&documented).collect();
    let idle: Vec<_> = documented.difference(&routed).collect();
    if !missing.is_empty() || !idle.is_empty() || routed.is_empty() {
        let text = format!("routes without a document: {missing:?}\nwithout a route: {idle:?}");
        fail_at(Location::caller(), &text);
    }
}

/// `GET /things/{id}` and so on, from an OpenAPI document.
fn documented(openapi: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(openapi).expect("the OpenAPI document is JSON");
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods_of = |route: &Value| {
        METHODS.into_iter().filter(|method| !route[method].is_null()).collect::<Vec<_>>()
    };
    paths
        .flat_map(|(path, route)| methods_of(route).into_iter().map(|method| name(method, path)))
        .collect()
}

/// The same from the source of a route table: every `.route("/path", get(..).post(..))`.
fn routed(source: &str) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for call in source.split(".route(").skip(1) {
        let Some((_, rest)) = call.split_once('"') else { continue };
        let Some((path, rest)) = rest.split_once('"') else { continue };
        let handlers = outermost(rest);
        let words = handlers.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        routes.extend(words.filter(|word| METHODS.contains(word)).map(|method| name(method, path)));
    }
    routes
}

/// What stands outside of all inner parentheses, up to the one that closes the call.
fn outermost(arguments: &str) -> String {
    let mut depth = 0;
    let mut text = String::new();
    for letter in arguments.chars() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            _ if depth == 0 => text.push(letter),
            _ => {}
        }
    }
    text
}

fn name(method: &str, path: &str) -> String {
    format!("{} {path}", method.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_table_is_read_as_a_person_reads_it() {
        let source = r#"
            Router::new()
                .route("/things", get(handlers::list).post(handlers::add))
                .route(
                    "/things/{id}",
                    put(handlers::get_or_put).layer(from_fn(guard::delete)),
                )
                .with_state(app)"#;

        let routes = routed(source);

        let expected = ["GET /things", "POST /things", "PUT /things/{id}"];
        assert_eq!(routes, expected.map(str::to_owned).into());
    }
}
