//! Whether the files of a database are still where they were opened.
//!
//! A file that is deleted or replaced under a running service goes on working: it has no name any
//! more, and all that is written to it is lost when the service ends. So no write is acknowledged
//! then.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The database itself, its write-ahead log, and the index of that log.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The files of an open database: each with its path and what the file system knows it by.
#[derive(Clone, Debug)]
pub(super) struct Place {
    files: [(PathBuf, u64); 3],
}

impl Place {
    /// Where the open database at `path` is.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let find = |suffix: &str| {
            let mut name = OsString::from(path);
            name.push(suffix);
            let inode = std::fs::metadata(&name)?.ino();
            Ok::<_, io::Error>((PathBuf::from(name), inode))
        };
        let [database, log, index] = SUFFIXES.map(find);
        Ok(Self { files: [database?, log?, index?] })
    }

    /// Whether all of it is still there.
    pub(super) fn is_there(&self) -> bool {
        self.files.iter().all(|(path, inode)| {
            std::fs::metadata(path).is_ok_and(|metadata| metadata.ino() == *inode)
        })
    }
}
