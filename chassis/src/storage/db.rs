//! The door to a service's file: `read`, `scan` and `write`.
//!
//! SQLite calls block, and only this room knows how that is kept from the async runtime:
//! a point read takes microseconds and runs where it is called; a scan goes to a thread
//! made for waiting; a write goes to the writer.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::sync::Semaphore;

use super::migrate::{MigrateError, migrate};
use super::place::Place;
use super::snapshot::{Snapshot, Standing};
use super::watch::Watch;
use super::writer::Writer;
use super::{DbError, Migration, Owner};
use crate::insight::recorder::SpanKind;
use crate::insight::telemetry::RequestContext;

/// Versions before this one can corrupt a write-ahead log when two connections checkpoint
/// and write at the same moment (<https://sqlite.org/wal.html>, "the WAL-reset bug").
const SQLITE_OLDEST: i32 = 3_051_003;

/// How long SQLite waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Scans at the same time. A scan keeps a core busy, and there are not many.
const SCANS_MAX: usize = 2;

/// One connection for each scan, one for the state that stands, one for the point reads that
/// come while it is taken.
const READERS: u32 = 4;

/// How long a reader waits for a connection. They are held for microseconds, so a second
/// means that something is stuck.
const READER_TIMEOUT: Duration = Duration::from_secs(1);

/// The page cache of a reader, in KiB (SQLite wants them with a minus sign). Each commit empties it,
/// so a large one would mostly be memory that nobody looks at again.
const READER_CACHE_KIB: i32 = -512;

/// Pages that the log holds before SQLite folds it into the file, in the commit that finds it so long.
/// Whoever waits for that commit waits for this, too. SQLite's own number is 1,000; with fewer the
/// slowest of a hundred requests are faster, and with far fewer it happens too often.
const CHECKPOINT_PAGES: u32 = 400;

/// Statements kept prepared per connection: more than any service has.
const STATEMENTS: usize = 64;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite cannot open or create the file.
    #[error("cannot open {path}: {cause}")]
    Unusable {
        /// `DATABASE_PATH` as given.
        path: String,
        /// What SQLite, the pool or the operating system said.
        cause: String,
    },
    /// The schema cannot be brought up to date.
    #[error("{path}: {cause}")]
    Schema {
        /// `DATABASE_PATH` as given.
        path: String,
        /// What is wrong with it.
        cause: MigrateError,
    },
    /// The library that is compiled in has a known bug that loses data.
    #[error("SQLite {0} is too old to be trusted with a write-ahead log")]
    LibraryTooOld(&'static str),
    /// SQLite takes the path for something that is no file, like `:memory:`.
    #[error("{0} is no file that can be found again")]
    NoFile(String),
    /// The operating system gave no thread.
    #[error("cannot start the writing thread: {0}")]
    NoThread(std::io::Error),
}

/// A service's database. Cheap to clone; all clones share one writer.
#[derive(Clone, Debug)]
pub struct Db {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    place: Place,
    readers: r2d2::Pool<SqliteConnectionManager>,
    standing: Arc<Standing>,
    scans: Arc<Semaphore>,
    writer: Writer,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Db {
    /// Opens or creates the file, brings its schema up to date and starts the writer.
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose text is one line that a person can act on.
    pub fn open(path: &Path, owner: Owner, migrations: &[Migration]) -> Result<Self, OpenError> {
        if rusqlite::version_number() < SQLITE_OLDEST {
            return Err(OpenError::LibraryTooOld(rusqlite::version()));
        }
        let shown = path.display().to_string();
        let unusable = |cause: &dyn ToString| OpenError::Unusable {
            path: shown.clone(),
            cause: cause.to_string(),
        };

        let mut connection = open_writer(path).map_err(|error| unusable(&error))?;
        if connection.path().is_none_or(str::is_empty) {
            return Err(OpenError::NoFile(shown));
        }
        migrate(&mut connection, owner, migrations)
            .map_err(|cause| OpenError::Schema { path: shown.clone(), cause })?;
        let readers = open_readers(path).map_err(|error| unusable(&error))?;
        let place = Place::of(path).map_err(|error| unusable(&error))?;
        let standing = readers.get().map_err(|error| unusable(&error))?;
        let standing = Arc::new(Standing::new(standing));
        let (writer, thread) = Writer::start(connection, place.clone(), Arc::clone(&standing))
            .map_err(OpenError::NoThread)?;
        let shared = Shared {
            place,
            readers,
            standing,
            scans: Arc::new(Semaphore::new(SCANS_MAX)),
            writer,
            thread: Mutex::new(Some(thread)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs a point read at once, on the calling thread and on one state of the file. For
    /// statements that find their few rows by an index: they take microseconds, less than handing
    /// them to another thread, and the next commit waits for them.
    ///
    /// # Errors
    ///
    /// What `query` returns, or a [`DbError`] when no connection is free.
    pub fn read<T, E>(&self, query: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        match self.shared.standing.view() {
            Some(mut view) => watched(view.connection().map_err(DbError::from)?, query),
            None => self.read_apart(query),
        }
    }

    /// Runs a long read on a thread made for waiting, on one state of the file. For lists and
    /// sums. It goes on to its end when nobody waits for it any more, and counts as long.
    ///
    /// # Errors
    ///
    /// What `query` returns, or a [`DbError`] when no connection is free.
    pub async fn scan<T, E>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let turn = Arc::clone(&self.shared.scans).acquire_owned().await;
        let turn = turn.map_err(|_| DbError::Closing)?;
        let db = self.clone();
        let context = RequestContext::current();
        let work = move || {
            let _turn = turn;
            RequestContext::scope_sync(context, || db.read_apart(query))
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|lost| Err(DbError::Panicked(lost.to_string()).into()))
    }

    /// Runs a read on a connection and a state of its own.
    fn read_apart<T, E>(&self, query: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let connection = self.shared.readers.get().map_err(DbError::from)?;
        let snapshot = Snapshot::of(&connection).map_err(DbError::from)?;
        watched(snapshot.connection(), query)
    }

    /// Runs `work` in a transaction on the writing thread and returns once its outcome is on
    /// disk. An `Err` undoes everything that `work` wrote.
    ///
    /// `work` may run twice (see [`super::writer`]), so what its caller has to know,
    /// like the id of a new row, is chosen before and moved in. It changes rows; if it changes the schema, it undoes that itself when it
    /// fails.
    ///
    /// # Errors
    ///
    /// What `work` returns, or a [`DbError`] when the database refused.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.shared.writer.run(work).await
    }

    /// Commits since the start. What was read after a look at this number is current for as
    /// long as the number stays the same; that is all a cache needs to know.
    pub fn commits(&self) -> u64 {
        self.shared.writer.commits()
    }

    /// Jobs that wait for the writer.
    pub fn write_queue_depth(&self) -> usize {
        self.shared.writer.depth()
    }

    /// Whether the file answers and is still the one that was opened.
    pub fn is_connected(&self) -> bool {
        self.shared.place.is_there()
            && self
                .read(|connection| -> Result<i64, DbError> {
                    let mut query =
                        connection.prepare_cached("SELECT count(*) FROM sqlite_schema")?;
                    Ok(query.query_row([], |row| row.get(0))?)
                })
                .is_ok()
    }

    /// Finishes the queued writes, folds the write-ahead log into the file and ends the
    /// writing thread. Later writes are refused.
    pub async fn close(&self) {
        self.shared.writer.stop().await;
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Joining blocks, so it happens where blocking is allowed.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Runs a read, and shows its statements if the request is recorded.
fn watched<T, E>(
    connection: &Connection,
    query: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let span = RequestContext::current_span();
    let span = span.and_then(|span| span.child(SpanKind::Transaction, || "read".to_owned()));
    let watch = span.as_ref().map(|_| Watch::start(connection));
    let outcome = query(connection);
    if let (Some(span), Some(watch)) = (span, watch) {
        watch.finish().write_to(&span);
        span.finish(None, None);
    }
    outcome
}

fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A commit is on disk before it is reported, not merely before the next checkpoint.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    Ok(connection)
}

fn open_readers(path: &Path) -> Result<r2d2::Pool<SqliteConnectionManager>, r2d2::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let manager = SqliteConnectionManager::file(path).with_flags(flags).with_init(|connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "cache_size", READER_CACHE_KIB)?;
        connection.pragma_update(None, "query_only", "ON")
    });
    r2d2::Pool::builder()
        .max_size(READERS)
        .min_idle(Some(1))
        .connection_timeout(READER_TIMEOUT)
        // A local file does not go away between two requests the way a server does.
        .test_on_check_out(false)
        .build(manager)
}
