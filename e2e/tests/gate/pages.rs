//! The dashboard's files.

use chassis::testing::Answer;

use crate::support::Gate;

#[tokio::test]
async fn every_kind_of_file_has_its_type() {
    let gate = Gate::open().await;

    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/js/main.js", "text/javascript; charset=utf-8"),
        ("/images/laptop.svg", "image/svg+xml"),
        ("/vendor/LICENSE-htm.txt", "text/plain; charset=utf-8"),
        ("/health", "application/json"),
    ] {
        let answer = gate.client().get(path).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.expect_header("content-type"), kind, "{answer}");
        assert!(!answer.body.is_empty());
    }
}

#[tokio::test]
async fn the_first_page_is_the_dashboard() {
    let gate = Gate::open().await;

    let page = gate.client().get("/").await.expect_text(200);

    assert!(page.starts_with("<!doctype html>"), "{page}");
    let asked = gate.client().get("/?view=orders").await.expect_text(200);
    assert_eq!(asked, page);
}

#[tokio::test]
async fn a_page_is_asked_for_again_and_a_picture_is_kept() {
    let gate = Gate::open().await;

    for (path, caching) in [
        ("/", "no-cache"),
        ("/js/main.js", "no-cache"),
        ("/style.css", "no-cache"),
        ("/health", "no-cache"),
        ("/images/mouse.svg", "max-age=86400"),
    ] {
        let answer = gate.client().get(path).await;
        let said: Vec<_> = answer.headers.get_all("cache-control").iter().collect();
        assert_eq!(said, [caching], "{answer}");
    }
}

#[tokio::test]
async fn a_browser_that_has_a_file_is_told_so() {
    let gate = Gate::open().await;
    let first = gate.client().get("/js/main.js").await;
    let etag = first.expect_header("etag");

    let again = gate.client().get("/js/main.js").header("if-none-match", etag).await;

    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.expect_header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn large_texts_are_compressed_for_whoever_can_read_that() {
    let gate = Gate::open().await;

    let plain = gate.client().get("/js/main.js").await;
    let packed = gate.client().get("/js/main.js").header("accept-encoding", "gzip").await;

    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.expect_header("content-encoding"), "gzip");
    assert!(packed.body.len() * 2 < plain.body.len());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_404_in_json() {
    let gate = Gate::open().await;

    for path in ["/nothing", "/js/nothing.js", "/images/nothing.svg", "/index.htm", "/js/main.js/"]
    {
        gate.client().get(path).await.expect_problem(404, "Not found");
    }
}

#[tokio::test]
async fn no_folder_is_listed() {
    let gate = Gate::open().await;

    for path in ["/js", "/js/", "/js/views/", "/images", "/images/", "/vendor/", "/docs/style.css/"]
    {
        let reply = gate.get_exactly(path).await;
        assert_eq!(reply.status, 404, "{path}: {reply:#?}");
    }
}

#[tokio::test]
async fn hidden_files_stay_hidden() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let page = folder.path();
    for path in [".git", "images/.git", ".well"] {
        std::fs::create_dir_all(page.join(path)).expect("a folder can be made");
    }
    let files =
        ["index.html", ".env", ".git/config", "images/.git/config", "images/.secret", "seen.txt"];
    for path in files {
        std::fs::write(page.join(path), "secret").expect("a file can be written");
    }
    // nginx may work as nobody, who has to get in.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(page, open).expect("the folder is ours");
    let gate = Gate::open_with(&[("FRONTEND_DIR", page.to_str().expect("it is text"))]).await;

    assert_eq!(gate.client().get("/seen.txt").await.expect_text(200), "secret");
    for path in [
        "/.env",
        "/%2eenv",
        "//.env",
        "/.git/config",
        "/.git/",
        "/.git",
        "/images/.git/config",
        "/images/.secret",
        "/images/%2esecret",
        "/x/../.env",
        "/.well",
    ] {
        let reply = gate.get_exactly(path).await;
        assert_eq!(reply.status, 404, "{path}: {reply:#?}");
    }
}

#[tokio::test]
async fn nobody_climbs_out_of_the_folder() {
    let gate = Gate::open().await;

    for path in [
        "/../Cargo.toml",
        "/js/../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/images/..%2f..%2fCargo.toml",
        "/images/%2e%2e%2f%2e%2e/Cargo.toml",
        "/images../Cargo.toml",
        "/images..%2f..%2fCargo.toml",
        "/docs/../../Cargo.toml",
        "/docs../nginx.conf.template",
        "/docs/..%2fnginx.conf.template",
        "/health/../../nginx/render.sh",
        "/..\\Cargo.toml",
        "/%5c..%5cCargo.toml",
        "/%252e%252e/Cargo.toml",
        "/....//Cargo.toml",
        "/etc/passwd",
        "//etc/passwd",
        "/api-keys.conf",
        "/nginx.conf",
    ] {
        let reply = gate.get_exactly(path).await;
        assert!([400, 404].contains(&reply.status), "{path}: {reply:#?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{path}: {reply:#?}");
    }
}

#[tokio::test]
async fn a_head_is_answered_like_a_get_without_the_body() {
    let gate = Gate::open().await;

    for path in ["/", "/js/main.js", "/health", "/docs", "/nothing", "/api/nothing"] {
        let get = gate.client().get(path).await;
        let head = gate.client().request("HEAD", path).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{head}");
        let kind = |answer: &Answer| answer.header("content-type").map(ToOwned::to_owned);
        assert_eq!(kind(&head), kind(&get));
    }
}

#[tokio::test]
async fn whoever_asks_for_a_part_of_a_file_gets_all_of_it() {
    let gate = Gate::open().await;
    let whole = gate.client().get("/js/main.js").await;

    let part = gate.client().get("/js/main.js").header("range", "bytes=0-9,5-20").await;

    assert_eq!(part.status, 200);
    assert_eq!(part.body, whole.body);
}
