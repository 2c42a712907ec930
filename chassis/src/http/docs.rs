//! The documents of a service: `/openapi.json` for programs, `/docs/` for people.
//!
//! Every service writes its own `openapi.json` by hand and embeds it. What all of them share
//! (health, errors, headers) is written once, in `chassis/openapi.json`, and laid under the
//! service's document at start.
//!
//! The page is Swagger UI, embedded as well, so it works in a room without internet. It finds
//! its document by the relative address `openapi.json`. That holds on the service's own port
//! (`/docs/`) as well as through nginx (`/docs/<service>/`), because the document is served at
//! `/openapi.json` and, once more, beside the page.
//!
//! Nothing here needs an API key: a document says how to knock, not what is inside.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use serde_json::Value;
use serde_json::map::Entry;

use super::Problem;
use super::etag::{etag, is_held};

/// What every service's document holds besides its own.
const SHARED: &str = include_str!("../../openapi.json");

/// What the page may load: its own files, and the icons that Swagger UI keeps in `data:`
/// addresses. Neither an inline script nor an inline style would run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The complete document of a service: its own, with the shared one laid under it.
///
/// # Errors
///
/// One of the two files is not JSON.
fn document(service_openapi: &str) -> Result<Bytes, serde_json::Error> {
    let mut document = serde_json::from_str(service_openapi)?;
    lay_under(&mut document, serde_json::from_str(SHARED)?);
    fill_in_paths(&mut document);
    document["info"]["version"] = crate::VERSION.into();
    serde_json::to_vec_pretty(&document).map(Bytes::from)
}

/// The routes of the documents: the JSON, the page, and the files the page is made of.
///
/// Each file is a route of its own, so an unknown name gets the same 404 as any other path.
pub fn routes<S: Clone + Send + Sync + 'static>(service_openapi: &'static str) -> Router<S> {
    let openapi = Arc::new(LazyAsset::new(Box::new(move || {
        let document = document(service_openapi)?;
        Ok(Asset::new("application/json", Encoding::Plain, document))
    })));
    let mut router = Router::new()
        .route("/openapi.json", serve(Arc::clone(&openapi)))
        .route("/docs/openapi.json", serve(openapi))
        // Relative, so that it also holds behind a proxy that puts something in front.
        .route("/docs", get(|| async { Redirect::permanent("docs/") }));
    for (path, asset) in page() {
        router = router.route(path, serve(Arc::new(asset)));
    }
    router
}

/// The files of the page. The large ones are compressed in the repository already.
fn page() -> [(&'static str, LazyAsset); 5] {
    let html = include_str!("../../docs/index.html");
    let page_css = include_str!("../../docs/page.css");
    let start = include_str!("../../docs/start.js");
    let css = include_bytes!("../../docs/vendor/swagger-ui.css.gz");
    let bundle = include_bytes!("../../docs/vendor/swagger-ui-bundle.js.gz");
    let file = |content_type, encoding, bytes: &'static [u8]| {
        LazyAsset::new(Box::new(move || {
            Ok(Asset::new(content_type, encoding, Bytes::from_static(bytes)))
        }))
    };
    [
        ("/docs/", file("text/html; charset=utf-8", Encoding::Plain, html.as_bytes())),
        ("/docs/page.css", file("text/css; charset=utf-8", Encoding::Plain, page_css.as_bytes())),
        (
            "/docs/start.js",
            file("text/javascript; charset=utf-8", Encoding::Plain, start.as_bytes()),
        ),
        ("/docs/swagger-ui.css", file("text/css; charset=utf-8", Encoding::Gzip, css)),
        (
            "/docs/swagger-ui-bundle.js",
            file("text/javascript; charset=utf-8", Encoding::Gzip, bundle),
        ),
    ]
}

fn serve<S: Clone + Send + Sync + 'static>(asset: Arc<LazyAsset>) -> MethodRouter<S> {
    get(move |request_headers: HeaderMap| async move {
        match &**asset {
            Ok(asset) => asset.answer(&request_headers),
            Err(cause) => Problem::internal(cause).into_response(),
        }
    })
}

/// Adds to `document` what it lacks of `shared`. Objects are merged key by key, lists get the
/// shared elements at their end, and anywhere else the service's own word stands. So a service
/// can add an example to a shared path, or replace a shared sentence by a better one.
fn lay_under(document: &mut Value, shared: Value) {
    match (document, shared) {
        (Value::Object(document), Value::Object(shared)) => {
            for (key, value) in shared {
                match document.entry(key) {
                    Entry::Occupied(mut own) => lay_under(own.get_mut(), value),
                    Entry::Vacant(gap) => {
                        gap.insert(value);
                    }
                }
            }
        }
        (Value::Array(document), Value::Array(shared)) => document.extend(shared),
        _ => {}
    }
}

/// Puts in the paths that a service takes over with a `$ref`. Not every service has them, so
/// the shared document keeps them apart from those that all have; and not every reader of a
/// document follows a `$ref` in this place.
fn fill_in_paths(document: &mut Value) {
    let kept = document["components"].as_object_mut().and_then(|it| it.remove("pathItems"));
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, path) in paths {
        let name = path["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/pathItems/"));
        if let Some(item) = name.and_then(|name| kept.as_ref()?.get(name)) {
            *path = item.clone();
        }
    }
}

/// How the bytes of an asset are stored, and therefore sent. Every browser accepts gzip, so the
/// uncompressed form of a compressed file is not kept.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Plain,
    Gzip,
}

/// An asset that is made when somebody asks for it first. Most services run for weeks without
/// being asked, and reading half a megabyte at start makes it part of the process's memory.
type LazyAsset = LazyLock<Made, Box<dyn FnOnce() -> Made + Send>>;

type Made = Result<Asset, serde_json::Error>;

/// A file in memory with all that is needed to answer for it.
struct Asset {
    content_type: &'static str,
    encoding: Encoding,
    etag: String,
    body: Bytes,
}

impl Asset {
    fn new(content_type: &'static str, encoding: Encoding, body: Bytes) -> Self {
        Self { content_type, encoding, etag: etag(&body), body }
    }

    /// The file, or 304 if the browser has it already. `no-cache` does not forbid keeping a
    /// copy; it says "ask before you use it", so a new version of a service shows at once.
    fn answer(&self, request_headers: &HeaderMap) -> Response {
        let caching = [
            (header::ETAG, self.etag.as_str()),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        if is_held(request_headers, &self.etag) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        let mut response = (caching, content_type, self.body.clone()).into_response();
        if self.encoding == Encoding::Gzip {
            let gzip: (HeaderName, HeaderValue) =
                (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.headers_mut().extend([gzip]);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_keeps_its_word_and_gets_the_rest() {
        let mut own = serde_json::json!({"info": {"title": "Own"}, "tags": ["own"]});

        lay_under(
            &mut own,
            serde_json::json!({"info": {"title": "?", "version": "1"}, "tags": ["all"]}),
        );

        let expected =
            serde_json::json!({"info": {"title": "Own", "version": "1"}, "tags": ["own", "all"]});
        assert_eq!(own, expected);
    }

    #[test]
    fn a_path_that_a_service_takes_over_is_put_in() {
        let kept = serde_json::json!({"Letters": {"get": {"tags": ["all"]}}, "Idle": {}});
        let mut document = serde_json::json!({
            "paths": {"/letters": {"$ref": "#/components/pathItems/Letters"}, "/own": {"put": {}}},
            "components": {"pathItems": kept, "schemas": {}},
        });

        fill_in_paths(&mut document);

        let expected = serde_json::json!({
            "paths": {"/letters": {"get": {"tags": ["all"]}}, "/own": {"put": {}}},
            "components": {"schemas": {}},
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn a_browser_that_has_the_file_is_told_so() {
        let asset = Asset::new("text/plain", Encoding::Plain, Bytes::from_static(b"hello"));
        let mut headers = HeaderMap::new();
        assert_eq!(asset.answer(&headers).status(), StatusCode::OK);

        let tags = format!("\"old\", W/{}", asset.etag);
        headers.insert(header::IF_NONE_MATCH, tags.parse().unwrap());

        assert_eq!(asset.answer(&headers).status(), StatusCode::NOT_MODIFIED);
    }
}
