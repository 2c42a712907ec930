//! Who gets into the lab, and when there is none.

use serde_json::json;

use super::lab::{LabSubject, ROUTES, set_fault};

/// A lab is not for production.
pub async fn a_closed_lab_has_no_routes_and_breaks_nothing(subject: &LabSubject) {
    let service = subject.program.clone().set("LAB", 0).start().await;

    let lab = ROUTES.iter().filter(|(_, path)| *path != "/internal/health");
    for (method, path) in lab.chain(&[("GET", "/internal/outbox")]) {
        service.request(method, path).await.expect_problem(404, "Not found");
    }
    set_fault(&service, &json!({ "kind": "down" })).await.expect_problem(404, "Not found");

    service.get(subject.get).await.expect_status(200);
}

/// Whoever can break a service is somebody who may use it.
pub async fn every_room_of_the_lab_needs_the_key(subject: &LabSubject) {
    let service = subject.open().await;

    for (method, path) in ROUTES {
        let stranger = service.request(method, path).without_key().await;
        stranger.expect_problem(401, "Invalid API Key");
    }
    let fault = set_fault(&service, &json!({ "kind": "down" })).key("wrong-key");
    fault.await.expect_problem(401, "Invalid API Key");

    service.get(subject.get).await.expect_status(200);
}

/// A service that sends nothing has no outbox, and its document does not speak of one.
pub async fn a_route_that_a_service_has_no_use_for_is_404(subject: &LabSubject) {
    let service = subject.open().await;

    let outbox = service.get("/internal/outbox").await;
    let document = service.get("/openapi.json").await.expect_status(200);

    outbox.expect_status(if subject.has_outbox { 200 } else { 404 });
    assert_eq!(document["paths"]["/internal/outbox"]["get"].is_null(), !subject.has_outbox);
    for (_, path) in ROUTES {
        let path = path.replace("4bf92f3577b34da6a3ce929d0e0e4736", "{trace_id}");
        assert!(!document["paths"][&path].is_null(), "{path} is not documented");
    }
}
