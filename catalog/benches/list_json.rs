//! What it costs to read all products and to encode them: why the encoded list is kept.

#![expect(clippy::expect_used, reason = "a benchmark that cannot begin has nothing to tell")]

use catalog::store;
use chassis::storage::Db;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rusqlite::Connection;

const MORE_PRODUCTS: &str = "
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO products (name, price_cents, stock, received, created_at, updated_at)
    SELECT printf('Product %d', i), 1999, 10, 10,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n WHERE i <= ?1";

fn list_json(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("list of products");
    for count in [12_u32, 1_000, 10_000] {
        let path = folder.path().join(format!("{count}.db"));
        let _schema = Db::open(&path, catalog::BLUEPRINT.owner, catalog::BLUEPRINT.migrations)
            .expect("a database");
        let connection = Connection::open(&path).expect("the same file");
        connection.execute(MORE_PRODUCTS, [count - 12]).expect("more products");
        let products = store::list_products(&connection).expect("products");
        group.bench_function(BenchmarkId::new("read", count), |bencher| {
            bencher.iter(|| store::list_products(&connection));
        });
        group.bench_function(BenchmarkId::new("encode", count), |bencher| {
            bencher.iter(|| serde_json::to_vec(&products));
        });
    }
    group.finish();
}

criterion_group!(benches, list_json);
criterion_main!(benches);
