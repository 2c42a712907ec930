//! `nginx/render.sh` writes no configuration from settings that it does not understand.

use std::process::{Command, Output};

use chassis::testing::command::run;
use e2e::binaries::repository;

fn render(name: &str, value: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new(repository().join("nginx/render.sh"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    run(command.env_clear().env("PATH", path).env("OUT_DIR", folder.path()).env(name, value))
}

#[track_caller]
fn expect_refusal(name: &str, value: &str) {
    let output = render(name, value);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{name}={value:?}: {complaint}");
    assert!(complaint.starts_with("nginx: ") && complaint.contains(name), "{complaint}");
}

#[test]
fn a_key_that_cannot_stand_in_a_header_is_refused() {
    for keys in [
        "",
        ",",
        "a,",
        ",a",
        "a,,b",
        " ",
        "a b",
        "a\tb",
        "key\n",
        "a\nb",
        "schl\u{fc}ssel",
        "a\u{7f}",
    ] {
        expect_refusal("API_KEY", keys);
    }
}

#[test]
fn a_setting_that_would_be_read_as_more_than_a_value_is_refused() {
    for name in ["SHOP_LISTEN", "CART_ADDR", "CATALOG_ADDR", "ORDER_ADDR", "PAYMENT_ADDR"] {
        for value in ["8001", "localhost", "a b:1", "a:1; }", "a:1;", "a:b", "a:1\n", "$host:1"] {
            expect_refusal(name, value);
        }
    }
    for name in ["LAB", "RATE_LIMIT", "ACCESS_LOG"] {
        for value in ["yes", "1 ", "ON", "true", "on;", "0 1", "on off"] {
            expect_refusal(name, value);
        }
    }
    for value in ["/no/such/folder", "/tmp/a\"b", "/tmp/$x", "/tmp\n/"] {
        expect_refusal("FRONTEND_DIR", value);
    }
}

/// A value may be only the end of a path.
#[test]
fn a_path_is_looked_at_as_a_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let odd = folder.path().join("a$b");
    std::fs::create_dir_all(odd.join("page")).expect("a folder can be made");
    let script = repository().join("nginx/render.sh");
    let render = |out: &str, page: &str| {
        let mut command = Command::new(&script);
        run(command.current_dir(&odd).env("OUT_DIR", out).env("FRONTEND_DIR", page))
    };

    let inside = folder.path().join("out").display().to_string();
    for (out, page, name) in [(&*inside, "page", "FRONTEND_DIR"), ("out", "/tmp", "OUT_DIR")] {
        let output = render(out, page);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains(name), "{complaint}");
    }
}

#[test]
fn an_empty_setting_means_its_default() {
    for name in ["SHOP_LISTEN", "CART_ADDR", "LAB", "RATE_LIMIT", "FRONTEND_DIR"] {
        let output = render(name, "");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let script = repository().join("nginx/render.sh");
    let output = run(Command::new(script).env("OUT_DIR", folder.path()));
    assert!(output.status.success());

    for file in ["api-keys.conf", "nginx.conf", "routes.conf"] {
        let metadata = std::fs::metadata(folder.path().join(file)).expect("the file is there");
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{file}");
    }
}
