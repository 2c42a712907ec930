//! The catalog service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    catalog::program::run()
}
