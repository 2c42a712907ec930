//! The order service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    order::program::run()
}
