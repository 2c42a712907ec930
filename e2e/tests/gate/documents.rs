//! Health and API documents, for nginx itself and for each service.

use e2e::{SERVICES, Shop};
use serde_json::json;

#[tokio::test]
async fn nginx_tells_that_it_runs_whatever_has_become_of_the_services() {
    let mut shop = Shop::with_nginx().await;
    for service in SERVICES {
        shop.service_mut(service).kill().await;
    }

    let health = shop.outside().get("/health").without_key().await;

    assert!(health.expect_status(200)["status"].is_string(), "{health}");
}

#[tokio::test]
async fn each_service_tells_how_it_is() {
    let mut shop = Shop::with_nginx().await;

    for service in SERVICES {
        let name = service.name();
        let path = format!("/health/{name}");
        let health = shop.outside().get(&path).without_key().await;
        let title = name[..1].to_uppercase() + &name[1..];
        let expected =
            json!({ "status": format!("{title} service is running"), "database": "connected" });
        assert_eq!(health.expect_status(200), expected);

        shop.service_mut(service).kill().await;

        let away = format!("{name} service is unavailable");
        shop.outside().get(&path).await.expect_problem(503, &away);
    }
    for path in ["/health/", "/health/nginx", "/health/cart/", "/health/cart/x", "/health/CART"] {
        shop.outside().get(path).await.expect_problem(404, "Not found");
    }
}

#[tokio::test]
async fn the_documents_lead_to_each_service() {
    let shop = Shop::with_nginx().await;

    let overview = shop.outside().get("/docs").without_key().await;
    assert_eq!(overview.expect_header("content-type"), "text/html; charset=utf-8");
    assert_eq!(shop.outside().get("/docs/").await.expect_header("location"), "/docs");

    for service in SERVICES {
        let name = service.name();
        assert!(overview.text().contains(&format!("href=\"/docs/{name}/\"")), "{overview}");
        let bare = shop.outside().get(&format!("/docs/{name}")).await;
        let _ = bare.expect_status(301);
        assert_eq!(bare.expect_header("location"), format!("/docs/{name}/"));
        let page = shop.outside().get(&format!("/docs/{name}/")).without_key().await;
        assert_eq!(page.expect_header("content-type"), "text/html; charset=utf-8");
        // Stricter than the dashboard's: a form of the page has nowhere to go.
        assert!(page.expect_header("content-security-policy").contains("form-action 'none'"));
        let document =
            shop.outside().get(&format!("/docs/{name}/openapi.json")).without_key().await;
        let version = document.expect_status(200)["openapi"].clone();
        assert!(version.as_str().is_some_and(|version| version.starts_with("3.1.")), "{version}");
    }
}

#[tokio::test]
async fn a_redirect_says_in_json_where_to_go() {
    let shop = Shop::with_nginx().await;

    for (path, location) in [("/docs/", "/docs"), ("/docs/cart", "/docs/cart/")] {
        let answer = shop.outside().get(path).await;

        let detail = json!({ "detail": "This is at the address that the Location header names" });
        assert_eq!(answer.expect_status(301), detail);
        assert_eq!(answer.expect_header("location"), location);
    }
}

#[tokio::test]
async fn every_file_that_a_document_page_names_is_there() {
    let shop = Shop::with_nginx().await;
    let page = shop.outside().get("/docs/payment/").await.expect_text(200);

    let names: Vec<_> = page
        .split(['"'])
        .filter(|name| name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".json"))
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let path = format!("/docs/payment/{name}");
        let file = shop.outside().get(&path).header("accept-encoding", "gzip").without_key().await;
        assert_eq!(file.status, 200, "{file}");
    }
    shop.outside().get("/docs/payment/nothing.js").await.expect_problem(404, "Not found");
    shop.outside().get("/docs/nobody/").await.expect_problem(404, "Not found");
}

#[tokio::test]
async fn a_route_that_nginx_lets_through_says_so_in_its_document() {
    let shop = Shop::with_nginx().await;

    for (service, prefix) in
        [("cart", "/api"), ("catalog", "/api/catalog"), ("order", "/api"), ("payment", "/api")]
    {
        let path = format!("/docs/{service}/openapi.json");
        let document = shop.outside().get(&path).await.expect_status(200);
        assert_eq!(document["servers"][1]["url"], prefix, "{service}");
    }
}
