//! The payment service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    payment::program::run()
}
