//! What a service can be told, and how it refuses what makes no sense.

use std::net::TcpListener;
use std::path::Path;

use rusqlite::Connection;

use super::Subject;
use crate::testing::{Refusal, free_port};

/// A service that others can reach needs a key that others cannot guess.
pub async fn the_demo_key_does_not_guard_a_reachable_service(subject: &Subject) {
    let exposed = subject.program.clone().set("HOST", "0.0.0.0");

    let demo = exposed.clone().refuse().await;
    let short = exposed.clone().set("API_KEY", "only-15-letters").refuse().await;
    one_line(&demo, "demo API key");
    one_line(&demo, "ALLOW_DEMO_KEY=1");
    one_line(&short, "fewer than 16 characters");

    let allowed = exposed.clone().set("ALLOW_DEMO_KEY", 1).start().await;
    allowed.get(subject.get).await.expect_status(200);
    let strong = exposed.set("API_KEY", "at-least-sixteen-letters").start().await;
    strong.get(subject.get).await.expect_status(200);
}

/// A typing error is found at the start, not at the first request.
pub async fn a_bad_setting_is_refused_in_one_line_that_names_it(subject: &Subject) {
    let shared = [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("PORT", ""),
        ("HOST", "nowhere.example"),
        ("API_KEY", ""),
        ("API_KEY", "good-key-0123456789,"),
        ("ALLOW_DEMO_KEY", "perhaps"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "info,=="),
        ("RUST_LOG", "loud"),
        ("RUST_LOG", "%%%"),
        ("RUST_LOG", "chassis=loud"),
        ("WORKER_THREADS", "0"),
    ];
    let urls = subject.service_urls.iter().flat_map(|name| {
        ["", "localhost:8002", "https://localhost:8002", "http://"].map(|url| (*name, url))
    });

    for (name, value) in shared.into_iter().chain(urls) {
        let refusal = subject.program.clone().set(name, value).refuse().await;
        one_line(&refusal, name);
    }
}

/// Whoever made a typing error should not have to look for the list.
pub async fn a_refusal_says_what_would_be_right(subject: &Subject) {
    for (name, value, right) in [
        ("LOG_FORMAT", "xml", "[possible values: pretty, json]"),
        ("LAB", "2", "must be 0 or 1"),
        ("PORT", "abc", "must be a number from 0 to 65535"),
        ("RUST_LOG", "loud", "use error, warn, info, debug, trace or off"),
    ] {
        let refusal = subject.program.clone().set(name, value).refuse().await;
        one_line(&refusal, right);
        one_line(&refusal, value);
    }

    let silent = subject.program.clone().set("RUST_LOG", "").start().await;
    assert!(silent.has_logged("listening"));
}

/// The line goes to a log that others read, and a key with a typing error is nearly a key.
pub async fn a_bad_secret_is_never_shown(subject: &Subject) {
    let list = "real-production-key-1, ,real-production-key-2";
    let by_setting = subject.program.clone().set("API_KEY", list).refuse().await;
    let by_flag = subject.program.run(&["--api-key", "real-production-k\u{e9}y"]);
    let by_flag = Refusal {
        code: by_flag.status.code(),
        text: String::from_utf8_lossy(&by_flag.stderr).into_owned(),
    };

    one_line(&by_setting, "API_KEY holds an empty key");
    one_line(&by_flag, "API_KEY may hold only visible ASCII characters");
    for refusal in [by_setting, by_flag] {
        assert!(!refusal.text.contains("real-production"), "{}", refusal.text);
    }
}

/// It would find the version it expects, and none of its tables. Nothing in the file is changed.
pub async fn a_file_of_another_program_is_refused(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    service.terminate().await;
    let marked = service.database().to_owned();
    change(&marked, "PRAGMA application_id = 1684371059");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let unmarked = folder.path().join("someone.db");
    change(&unmarked, "CREATE TABLE diary (day); PRAGMA user_version = 2");

    for path in [marked, unmarked] {
        let before = std::fs::read(&path).expect("it can be read");
        let shown = path.display().to_string();
        let refusal = subject.program.clone().set("DATABASE_PATH", &shown).refuse().await;
        one_line(&refusal, &shown);
        one_line(&refusal, "belongs to another program");
        assert!(std::fs::read(&path).expect("it is still there") == before, "{shown} has changed");
    }
}

/// What is in memory would be gone with the next start.
pub async fn a_database_that_is_no_file_is_refused(subject: &Subject) {
    let refusal = subject.program.clone().set("DATABASE_PATH", ":memory:").refuse().await;
    one_line(&refusal, ":memory: is no file that can be found again");
}

/// Releases before this one made no mark.
pub async fn an_older_file_without_a_mark_is_known_by_its_tables(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    let mark = service.sql_value("PRAGMA application_id");
    service.terminate().await;
    change(service.database(), "PRAGMA application_id = 0");

    service.restart().await;

    service.get(subject.get).await.expect_status(200);
    assert_eq!(service.sql_value("PRAGMA application_id"), mark);
    assert_ne!(mark, "0");
}

/// In the document, in the vitals and on the command line.
pub async fn the_version_is_the_same_wherever_it_is_told(subject: &Subject) {
    let service = subject.program.clone().start().await;

    let document = service.get("/openapi.json").await.expect_status(200);
    let vitals = service.get("/internal/health").await.expect_status(200);
    let told = service.run(&["--version"]);

    let version = document["info"]["version"].as_str().unwrap_or_default();
    assert_eq!(vitals["version"], version);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.ends_with(&format!(" {version}\n")), "{told}");
}

/// The folder is missing, or the file is something else.
pub async fn a_database_that_cannot_be_opened_is_refused_in_one_line(subject: &Subject) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let missing = folder.path().join("missing/service.db");
    let picture = folder.path().join("picture.png");
    std::fs::write(&picture, vec![7; 5_000]).expect("the folder can be written");

    for path in [missing, picture] {
        let path = path.display().to_string();
        let refusal = subject.program.clone().set("DATABASE_PATH", &path).refuse().await;
        one_line(&refusal, &path);
    }
}

/// The second copy of a service must not touch the first one's file.
pub async fn a_taken_port_is_refused_before_the_file_is_touched(subject: &Subject) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("service.db");
    let port = free_port();
    let _holder = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");

    let program = subject.program.clone().set("PORT", port).set("DATABASE_PATH", file.display());
    let refusal = program.refuse().await;

    one_line(&refusal, &format!("127.0.0.1:{port}"));
    assert!(!file.exists());
}

/// An old program would not know what it is looking at.
pub async fn a_file_of_a_newer_version_is_refused(subject: &Subject) {
    let mut service = subject.program.clone().start().await;
    service.terminate().await;
    let file = Connection::open(service.database()).expect("the file can be opened");
    file.pragma_update(None, "user_version", 999).expect("the file can be written");
    drop(file);

    let database = service.database().display();
    let refusal = subject.program.clone().set("DATABASE_PATH", database).refuse().await;

    one_line(&refusal, "version 999");
}

/// The list is complete, and does not show the key that is set.
pub async fn help_lists_every_setting_and_no_key(subject: &Subject) {
    let program = subject.program.clone().set("API_KEY", "a-secret-of-this-test");

    let output = program.run(&["--help"]);

    let help = String::from_utf8_lossy(&output.stdout);
    let shared = ["HOST", "PORT", "DATABASE_PATH", "API_KEY", "ALLOW_DEMO_KEY"];
    let more = ["LOG_FORMAT", "RUST_LOG", "WORKER_THREADS"];
    for name in shared.iter().chain(&more).chain(subject.service_urls) {
        // The value that is set follows, except for keys.
        let found = ["=", "]"].iter().any(|end| help.contains(&format!("[env: {name}{end}")));
        assert!(found, "{name} is not in:\n{help}");
    }
    assert!(output.status.success() && !help.contains("a-secret"), "{help}");
}

/// For tests, and for whoever starts many.
pub async fn port_0_is_a_free_port_that_the_log_tells(subject: &Subject) {
    let service = subject.program.clone().set("PORT", 0).start().await;

    service.get(subject.get).await.expect_status(200);

    assert_ne!(service.address().port(), 0);
}

fn change(path: &Path, statements: &str) {
    let file = Connection::open(path).expect("the file can be opened");
    file.execute_batch(statements).expect("the file can be written");
}

#[track_caller]
fn one_line(refusal: &Refusal, part: &str) {
    let Refusal { code, text } = refusal;
    assert!(code.is_some_and(|code| code > 0), "it ended with {code:?}");
    assert_eq!(text.lines().count(), 1, "more than one line:\n{text}");
    assert!(text.contains(part), "expected {part:?} in: {text}");
}
