//! Whether the files of a database are still where they were opened.
//!
//! A file that is deleted or replaced under a running service goes on working: it has no name any
//! more, and all that is written to it is lost when the service ends. So no write is acknowledged
//! then.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files of an open database.
#[derive(Clone, Debug)]
pub(super) struct Place {
    database: PathBuf,
    /// What the file system knows the database by.
    inode: u64,
    /// The write-ahead log, and its index.
    logs: [PathBuf; 2],
}

impl Place {
    /// Where the open database at `path` is. SQLite keeps the log beside the file itself, wherever
    /// a link to it may be.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let database = fs::canonicalize(path)?;
        let inode = fs::metadata(&database)?.ino();
        let logs = ["-wal", "-shm"].map(|suffix| {
            let mut name = OsString::from(&database);
            name.push(suffix);
            PathBuf::from(name)
        });
        Ok(Self { database, inode, logs })
    }

    /// Whether all of it is still there. Asked for each commit.
    pub(super) fn is_there(&self) -> bool {
        let is_the_same = |metadata: fs::Metadata| metadata.ino() == self.inode;
        fs::metadata(&self.database).is_ok_and(is_the_same)
            && self.logs.iter().all(|log| exists(log))
    }
}

/// Whether there is such a file, without a look at its metadata: Linux gives a file whose times were
/// looked at new ones with its next write, and that made each sync of the log half as long again.
fn exists(path: &Path) -> bool {
    // That it is no link is an error, too.
    !fs::read_link(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_database_behind_a_link_is_where_the_link_leads() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.db"), folder.path().join("link.db"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let file = Connection::open(&link).unwrap();
        file.pragma_update(None, "journal_mode", "WAL").unwrap();
        file.execute_batch("CREATE TABLE a (x INTEGER)").unwrap();

        let place = Place::of(&link).unwrap();
        assert!(place.is_there());
        fs::remove_file(folder.path().join("real.db-wal")).unwrap();
        assert!(!place.is_there());
    }

    #[test]
    fn a_database_that_was_replaced_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let file = Connection::open(&path).unwrap();
        file.pragma_update(None, "journal_mode", "WAL").unwrap();
        file.execute_batch("CREATE TABLE a (x INTEGER)").unwrap();
        let place = Place::of(&path).unwrap();

        fs::copy(&path, folder.path().join("b.db")).unwrap();
        fs::rename(folder.path().join("b.db"), &path).unwrap();

        assert!(!place.is_there());
    }
}
