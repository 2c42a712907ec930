//! What is true of every service.

use chassis::testing::{Subject, routes_match_the_document};

use crate::support::program;

chassis::every_service!(subject());

#[test]
fn the_route_table_and_the_document_name_the_same_routes() {
    routes_match_the_document(
        include_str!("../../src/routes.rs"),
        include_str!("../../openapi.json"),
    );
}

fn subject() -> Subject {
    Subject {
        program: program(),
        get: "/products",
        route: "/products",
        post: "/products",
        service_urls: &["CART_SERVICE_URL"],
    }
}
