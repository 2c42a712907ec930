//! A writer that does what the test says: it is kept busy for as long as the test wants, and
//! whatever is queued meanwhile is its next batch.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use chassis::storage::{Db, DbError, DbResult, Migration, Owner};
use rusqlite::Transaction;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const OWNER: Owner = Owner { mark: b"test", table: "numbers" };

const NUMBERS: Migration = Migration {
    name: "0001_numbers",
    sql: "CREATE TABLE numbers (n INTEGER NOT NULL PRIMARY KEY CHECK (n < 1000000)) STRICT;",
};

pub struct Desk {
    pub db: Db,
    pub folder: TempDir,
}

/// Ends the job that keeps the writer busy.
pub struct Busy {
    release: Sender<()>,
    job: JoinHandle<DbResult<()>>,
}

impl Desk {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let db =
            Db::open(&folder.path().join("numbers.db"), OWNER, &[NUMBERS]).expect("a file opens");
        Self { db, folder }
    }

    /// Keeps the writer busy, and returns once it is.
    pub async fn occupy(&self) -> Busy {
        let (release, hold) = channel::<()>();
        let (begun, wait) = channel();
        let hold = Mutex::new(hold);
        let db = self.db.clone();
        let job = tokio::spawn(async move {
            db.write(move |_| -> DbResult<()> {
                begun.send(()).expect("the test waits");
                wait_for(&hold);
                Ok(())
            })
            .await
        });
        tokio::task::spawn_blocking(move || wait.recv()).await.expect("it waits").expect("it runs");
        Busy { release, job }
    }

    /// Inserts a number and returns once that is acknowledged.
    pub async fn insert(&self, n: i64) {
        let insert = move |tx: &Transaction<'_>| -> DbResult<usize> {
            Ok(tx.execute("INSERT INTO numbers (n) VALUES (?1)", [n])?)
        };
        self.db.write(insert).await.expect("it is written");
    }

    /// Queues an insert behind what keeps the writer busy, and returns once it is queued.
    pub async fn queue(&self, n: i64) -> JoinHandle<DbResult<i64>> {
        self.queue_with(n, |_| Ok(())).await
    }

    /// The same with something that the job does after its insert.
    pub async fn queue_with(
        &self,
        n: i64,
        then: impl Fn(&Transaction<'_>) -> DbResult<()> + Send + 'static,
    ) -> JoinHandle<DbResult<i64>> {
        let before = self.db.write_queue_depth();
        let db = self.db.clone();
        let job = tokio::spawn(async move {
            db.write(move |tx| {
                tx.execute("INSERT INTO numbers (n) VALUES (?1)", [n])?;
                then(tx)?;
                Ok(n)
            })
            .await
        });
        while self.db.write_queue_depth() == before {
            tokio::task::yield_now().await;
        }
        job
    }

    pub fn numbers(&self) -> Vec<i64> {
        self.db
            .read(|connection| -> DbResult<Vec<i64>> {
                let mut query = connection.prepare("SELECT n FROM numbers ORDER BY n")?;
                let numbers = query.query_map([], |row| row.get(0))?;
                Ok(numbers.collect::<rusqlite::Result<_>>()?)
            })
            .expect("the file can be read")
    }
}

impl Busy {
    pub async fn end(self) {
        self.release.send(()).expect("the job waits");
        outcome(self.job).await.expect("it commits");
    }
}

pub fn wait_for(hold: &Mutex<Receiver<()>>) {
    let _ = hold.lock().expect("nobody panicked").recv();
}

pub async fn outcome<T>(job: JoinHandle<DbResult<T>>) -> DbResult<T> {
    job.await.expect("the caller does not panic")
}

pub fn refused() -> DbError {
    DbError::Unwritable(serde_json::from_str::<()>("no").expect_err("it is no JSON"))
}

/// Something for a job to do, and how often it was done.
pub fn counted() -> (Arc<AtomicU32>, impl Fn(&Transaction<'_>) -> DbResult<()> + Send + 'static) {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let count = move |_: &Transaction<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    (runs, count)
}
