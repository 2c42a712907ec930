//! The four services in one program, which is the service by whose name it is started.
//! `scripts/build.sh` gives it the four names.
//!
//! Each service is a program of its own as well (`cart/src/main.rs`). But most of such a program are
//! libraries, the same in all four, and of one file the kernel keeps one copy in memory, however
//! many processes run it (`docs/adr/0017-one-program-file.md`).

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Exit code of a program that is started in a wrong way, as that of a wrong option.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let started_as = std::env::args_os().next().unwrap_or_default();
    match Path::new(&started_as).file_name().and_then(OsStr::to_str) {
        Some("cart") => cart::program::run(),
        Some("catalog") => catalog::program::run(),
        Some("order") => order::program::run(),
        Some("payment") => payment::program::run(),
        _ => {
            let sentence = "start this by the name of a service: cart, catalog, order or payment";
            let _ = io::stderr().write_all(format!("shop: {sentence}\n").as_bytes());
            ExitCode::from(MISUSED)
        }
    }
}
