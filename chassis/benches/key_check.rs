//! What the API key costs each request, with one key and while keys are being replaced.

#![expect(clippy::expect_used, reason = "a benchmark that cannot begin has nothing to tell")]

use axum::http::{HeaderMap, HeaderValue};
use chassis::http::auth::{API_KEY_HEADER, ApiKeys};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn key_check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key check");
    for (name, list) in
        [("one key", "secret-key-123"), ("three keys", "a-new-key,secret-key-123,b")]
    {
        let keys = ApiKeys::parse(list).expect("a list of keys");
        for presented in ["secret-key-123", "wrong"] {
            let mut headers = HeaderMap::new();
            headers.insert(API_KEY_HEADER, HeaderValue::from_static(presented));
            group.bench_function(BenchmarkId::new(name, presented), |bencher| {
                bencher.iter(|| keys.admit(&headers));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, key_check);
criterion_main!(benches);
