//! How a service stops, comes back, and tells how it is.

use std::path::PathBuf;

use super::Subject;
use crate::http::auth::DEMO_KEY;
use crate::testing::{Process, RawConnection, eventually};

/// Everything is in the one file, which can be copied or moved.
pub async fn a_service_that_is_asked_to_stop_leaves_a_folded_file(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    service.get(subject.get).await.expect_status(200);

    let status = service.terminate().await;

    assert_eq!(status.code(), Some(0));
    let log = beside(&service, "-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |file| file.len()), 0);
    assert!(service.has_logged("stopped"));
}

/// Health says at once that no more should come, and whoever is inside gets an answer.
pub async fn a_stopping_service_finishes_what_it_has_begun(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    let path = subject.post;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nX-API-Key: {DEMO_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{"
    );
    let mut client = RawConnection::open(service.address()).await;
    client.send(head).await;
    eventually("the request is in flight", async || in_flight(&service).await == 2).await;

    service.ask_to_stop();
    eventually("health says so", async || service.get("/health").await.status == 503).await;
    assert_eq!(service.get("/health").await.expect_header("retry-after"), "1");
    service.get(subject.get).await.expect_status(503);
    client.send("}").await;
    let heard = String::from_utf8_lossy(&client.read_to_end().await).into_owned();

    let is_answer = ["HTTP/1.1 2", "HTTP/1.1 4"].iter().any(|start| heard.starts_with(start));
    assert!(is_answer, "{heard}");
    assert_eq!(service.wait().await.code(), Some(0));
}

/// As after a power cut.
pub async fn a_killed_service_comes_back_with_its_file(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    let schema = "SELECT group_concat(name) FROM sqlite_schema";
    let before = service.sql_value(schema);

    service.restart().await;

    service.get(subject.get).await.expect_status(200);
    assert_eq!(service.sql_value(schema), before);
}

/// It still works, but only until the service stops: then all that was written to it is lost.
pub async fn a_deleted_file_is_not_healthy_and_takes_no_writes(subject: &Subject) {
    let write = "/internal/reset"; // the one that every service has
    for suffix in ["", "-wal", "-shm"] {
        let mut service = subject.program.clone().set("LAB", 1).start().await;
        service.post(write).await.expect_status(204);

        let mut file = service.database().as_os_str().to_owned();
        file.push(suffix);
        std::fs::remove_file(&file).expect("the file is there");

        let health = service.get("/health").await.expect_status(503);
        assert_eq!(health["database"], "unavailable");
        let refusal = service.post(write).await;
        assert!(refusal.expect_status(503)["detail"].to_string().contains("is gone"), "{refusal}");
        eventually("the log says so", async || service.has_logged("nothing can be written")).await;
        service.restart().await;
        service.post(write).await.expect_status(204);
    }
}

/// What a container's health check calls.
pub async fn the_program_asks_a_running_service_for_its_health(subject: &Subject) {
    let mut service = subject.program.clone().start().await;

    let running = service.run(&["health"]);
    service.terminate().await;
    let stopped = service.run(&["health"]);

    assert!(running.status.success(), "{running:?}");
    assert!(!stopped.status.success(), "{stopped:?}");
    assert_eq!(String::from_utf8_lossy(&stopped.stderr).lines().count(), 1, "{stopped:?}");
}

/// For lessons that look inside while the shop is open.
pub async fn the_program_reads_its_file_and_never_writes_it(subject: &Subject) {
    let service = subject.program.clone().start().await;

    assert_eq!(service.sql("SELECT 7 AS seven, 'a b' AS text"), [["7", "a b"]]);

    let copy = service.database().with_extension("copy");
    let vacuum = format!("VACUUM INTO '{}'", copy.display());
    for wrong in ["CREATE TABLE intruder (x)", "PRAGMA user_version = 0", "SELEKT 1", &vacuum] {
        let output = service.run(&["sql", wrong]);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let changed = output.status.success() && !wrong.starts_with("PRAGMA");
        assert!(!changed && complaint.lines().count() <= 1, "{wrong}: {output:?}");
    }
    assert_ne!(service.sql_value("PRAGMA user_version"), "0");
    assert!(!copy.exists());
}

/// Also when the file is not there.
pub async fn a_query_of_nothing_is_refused_in_words(subject: &Subject) {
    for (query, sentence) in [("", "the query is empty"), (" ", "the query is empty")] {
        let output = subject.program.run(&["sql", query]);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains(sentence) && complaint.lines().count() == 1, "{complaint}");
    }
    let nowhere = subject.program.run(&["sql", "SELECT 1"]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("DATABASE_PATH"), "{nowhere:?}");
    let silent = subject.program.run(&["sql"]);
    assert!(String::from_utf8_lossy(&silent.stderr).contains("<QUERY>"), "{silent:?}");
}

/// By route and not by path, or every id would be a time series of its own.
pub async fn requests_are_counted_by_route(subject: &Subject) {
    let service = subject.program.clone().start().await;
    service.get(subject.get).await.expect_status(200);
    service.get(subject.get).await.expect_status(200);
    service.get("/nothing/4711").await.expect_status(404);

    let metrics = service.get("/metrics").await.expect_text(200);

    let labels = format!(r#"{{method="GET",route="{}",status="200"}} 2"#, subject.route);
    assert!(metrics.contains(&format!("http_requests_total{labels}")), "{metrics}");
    assert!(!metrics.contains("4711"), "{metrics}");
    let labels = format!(r#"{{method="GET",route="{}",le="10"}} 2"#, subject.route);
    assert!(
        metrics.contains(&format!("http_request_duration_seconds_bucket{labels}")),
        "{metrics}"
    );
    for kind in ["http_requests_total counter", "http_request_duration_seconds histogram"] {
        assert!(metrics.contains(&format!("# TYPE {kind}\n")), "{kind}: {metrics}");
    }
}

/// Linux tells how much memory a process has, and how much of it is its own part of what several
/// share.
pub async fn memory_is_told(subject: &Subject) {
    let service = subject.program.clone().start().await;

    let health = service.get("/internal/health").await.expect_status(200);

    for name in ["resident_bytes", "proportional_bytes"] {
        let bytes = health[name].as_u64().unwrap_or_default();
        assert!((1 << 20..1 << 27).contains(&bytes), "{name}: {health}");
    }
}

async fn in_flight(service: &Process) -> u64 {
    let health = service.get("/internal/health").await.expect_status(200);
    health["requests_in_flight"].as_u64().unwrap_or_default()
}

fn beside(service: &Process, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", service.database().display()))
}
