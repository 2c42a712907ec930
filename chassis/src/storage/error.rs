//! What can go wrong with a database, sorted by what the caller should do about it.

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
use tokio::sync::Notify;

/// Rings when SQLite has said that the file or its disk is broken. A process has one
/// database, so one bell is enough.
static BROKEN: Notify = Notify::const_new();

/// The result of a storage function.
pub type DbResult<T> = Result<T, DbError>;

/// A failure of the database, not of the request.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The writer has more waiting jobs than it accepts. Waiting helps.
    #[error("the writer's queue is full")]
    QueueFull,
    /// No reading connection became free in time. Waiting helps.
    #[error("no reading connection became free: {0}")]
    NoReader(#[from] r2d2::Error),
    /// The service is stopping.
    #[error("the database is closing")]
    Closing,
    /// The file was put back to its first day after the work had begun. Nothing is left of it.
    #[error("the file was reset while this was under way")]
    Reset,
    /// The file was deleted or replaced while it was open. What is written now would be lost.
    #[error("the database file is not where it was opened any more")]
    Gone,
    /// The job panicked. It had no effect.
    #[error("a unit of work panicked: {0}")]
    Panicked(String),
    /// A value has no JSON form.
    #[error("cannot write this down: {0}")]
    Unwritable(serde_json::Error),
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let error = Self::Sqlite(error);
        if error.is_fatal() {
            tracing::error!(%error, "the database is broken");
            BROKEN.notify_one();
        }
        error
    }
}

/// Returns when the database turns out to be broken.
pub async fn broken() {
    BROKEN.notified().await;
}

impl DbError {
    /// Whether the same request may succeed later without anybody's repair: a full queue,
    /// a busy or a full disk.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::QueueFull | Self::NoReader(_) | Self::Closing | Self::Reset => true,
            Self::Gone | Self::Panicked(_) | Self::Unwritable(_) => false,
            Self::Sqlite(error) => {
                is_no_space(error)
                    || matches!(
                        error.sqlite_error_code(),
                        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
                    )
            }
        }
    }

    /// Whether the file or its disk is broken. The process then stops and its supervisor
    /// starts it again, because an open connection that has seen such an error is not to
    /// be trusted: after a failed fsync nobody knows what is on disk.
    pub fn is_fatal(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        !is_no_space(error)
            && matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::SystemIoFailure
                        | ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                )
            )
    }
}

/// A full disk shows as SQLITE_FULL, or, while the shared-memory index or the log grows, as
/// one of two I/O errors. It heals by itself when somebody makes room.
fn is_no_space(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|cause| {
            matches!(cause.extended_code, SQLITE_IOERR_SHMSIZE | SQLITE_IOERR_WRITE)
        })
}
