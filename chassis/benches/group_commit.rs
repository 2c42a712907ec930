//! What sharing a commit is worth: one write at a time, and many at once.

#![expect(clippy::expect_used, reason = "a benchmark that cannot begin has nothing to tell")]

use chassis::storage::{Db, DbError, Migration, Owner};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::task::JoinSet;

const TABLE: Migration =
    Migration { name: "table", sql: "CREATE TABLE notes (text TEXT NOT NULL) STRICT;" };

const OWNER: Owner = Owner { mark: b"note", table: "notes" };

async fn write(db: Db) -> Result<usize, DbError> {
    db.write(|tx| {
        let mut insert = tx.prepare_cached("INSERT INTO notes (text) VALUES ('a note')")?;
        Ok::<_, DbError>(insert.execute([])?)
    })
    .await
}

fn group_commit(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Db::open(&folder.path().join("notes.db"), OWNER, &[TABLE]).expect("a database");
    let mut group = criterion.benchmark_group("durable writes");
    for at_once in [1_u64, 8, 32, 128] {
        group.throughput(Throughput::Elements(at_once));
        group.bench_with_input(BenchmarkId::from_parameter(at_once), &at_once, |bencher, _| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut writes = JoinSet::new();
                    for _ in 0..at_once {
                        writes.spawn(write(db.clone()));
                    }
                    while let Some(written) = writes.join_next().await {
                        written.expect("no panic").expect("a commit");
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, group_commit);
criterion_main!(benches);
