//! What the READMEs of the services tell their readers to type, typed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use chassis::testing::command::run;
use chassis::testing::{free_port, is_free};
use e2e::binaries::{self, repository};
use tempfile::TempDir;

/// The services in the order in which the README sends its readers to them, and what somebody
/// who follows theirs must see.
const SECTIONS: [(&str, &[&str]); 4] = [
    ("catalog", &["\"price\":899.99", "\"pending\":1", "48     2     0     50", "was released"]),
    ("cart", &["x-degraded: catalog-unavailable", "\"quantity\":1}]", "\"hits\":"]),
    ("order", &["\"reservation\":\"HELD\"", "idempotency-replayed: true", "\"status\":\"PAID\""]),
    ("payment", &["\"status\":\"PENDING\"", "payment.received", "\"status\":\"FAILED\""]),
];

/// The commands below "Try it".
fn commands(service: &str) -> String {
    let file = repository().join(service).join("README.md");
    let text = std::fs::read_to_string(file).expect("each service has a README");
    let section = text.split("## Try it").nth(1).expect("it has this section");
    let commands = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    commands.expect("it has commands").to_owned()
}

/// Writes a program in the shell's language.
fn write_program(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a file can be written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, executable).expect("its owner may change it");
}

/// A folder that looks like a repository in which all is built: programs that listen on ports
/// which are free, and a `build.sh` that has nothing to do.
fn desk(ports: &[(&str, u16)]) -> TempDir {
    let desk = tempfile::tempdir().expect("a temporary folder can be made");
    let programs = desk.path().join("target/release");
    std::fs::create_dir_all(&programs).expect("a folder can be made");
    let addresses: String = ports
        .iter()
        .map(|(name, port)| format!("{}_SERVICE_URL=http://127.0.0.1:{port} ", name.to_uppercase()))
        .collect();
    for (name, port) in ports {
        let program = binaries::binary(name);
        let run = format!("PORT={port} {addresses} exec {} \"$@\"", program.display());
        write_program(&programs.join(name), &run);
    }
    let scripts = desk.path().join("scripts");
    std::fs::create_dir(&scripts).expect("a folder can be made");
    write_program(&scripts.join("build.sh"), "exit 0");
    desk
}

#[test]
fn the_readmes_can_be_followed_one_after_the_other() {
    let services = [("cart", 8001), ("catalog", 8002), ("order", 8003), ("payment", 8004)];
    let ports = services.map(|(name, _)| (name, free_port()));
    let desk = desk(&ports);
    let path = std::env::var("PATH").expect("there is a PATH");
    let path = format!("{}/target/release:{path}", desk.path().display());

    for (service, expected) in SECTIONS {
        let mut typed = commands(service);
        for ((_, told), (_, free)) in services.iter().zip(ports) {
            typed = typed.replace(&format!("localhost:{told}"), &format!("localhost:{free}"));
        }
        let mut shell = Command::new("bash");
        shell.args(["-euc", &typed]).current_dir(desk.path()).env_clear();
        let output = run(shell.env("PATH", &path));

        let seen = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{service}: {seen}\n{complaint}");
        for text in expected {
            assert!(seen.contains(text), "{service} shows no {text}: {seen}\n{complaint}");
        }
        let left = std::fs::read_dir(desk.path()).expect("the folder is there").count();
        assert_eq!(left, 2, "{service} leaves a file beside scripts and target");
        for (name, port) in ports {
            assert!(is_free(port), "{service} leaves {name} running");
        }
    }
}
