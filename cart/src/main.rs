//! The cart service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    cart::program::run()
}
