//! Where things are.

use std::path::{Path, PathBuf};

/// The folder of the whole repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The folder with the services' programs: `SHOP_BIN_DIR`, or where a release build puts them.
pub fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("SHOP_BIN_DIR") {
        return repository().join(folder);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    repository().join(target).join("release")
}

/// The program of a service.
///
/// # Panics
///
/// If it has not been built.
pub fn binary(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.exists(), "{} is missing: build it with scripts/build.sh", path.display());
    path
}
