#!/usr/bin/env bash
# Everything that must hold before a change is merged. CI runs this script and nothing else,
# so green here means green there. What the tests need and the machine lacks is installed.
set -euo pipefail
source "$(dirname "$0")/packages.sh"
[[ $# = 0 ]] || { help && exit; }
cd "$(dirname "$0")/.."

# The tests choose all settings themselves; those of a shop that somebody runs must not leak in.
unset HOST PORT DATABASE_PATH DATA_DIR API_KEY ALLOW_DEMO_KEY WEBHOOK_SECRET LAB RATE_LIMIT ACCESS_LOG
unset SHOP_URL SHOP_PORT CART_PORT CATALOG_PORT ORDER_PORT PAYMENT_PORT ORDER_EXPIRES_S LOG_FORMAT RUST_LOG
unset CART_SERVICE_URL CATALOG_SERVICE_URL ORDER_SERVICE_URL PAYMENT_SERVICE_URL CART_VALIDATION
unset OTEL_EXPORTER_OTLP_ENDPOINT WORKER_THREADS FRONTEND_DIR SHOP_BIN_DIR KEEP_DB
unset RELIABILITY_SECONDS RELIABILITY_ROUNDS RELIABILITY_SEED

# A run takes less than 25 minutes on two idle cores with nothing built before, and on a busy machine
# up to twice as long. A step that hangs ends then, with all that it has started, and the run fails.
LIMIT_S=3000

step() {
    local left=$((LIMIT_S - SECONDS)) running code=0
    printf '\n==> %s\n' "$*"
    # In the background, so that this script hears Ctrl-C and can pass it on: `timeout` has a group
    # of processes of its own. With -m, because without it bash makes the step deaf to Ctrl-C.
    set -m
    timeout --kill-after=10 "$((left > 0 ? left : 1))" "$@" </dev/null &
    set +m
    running=$!
    trap 'kill -TERM "$running" 2>/dev/null' INT TERM
    wait "$running" || code=$?
    ((code < 128)) || wait "$running" || true # a signal ends the first one early
    trap - INT TERM
    ((code != 124 && code != 137)) || echo "given up: $((LIMIT_S / 60)) minutes are over" >&2
    return "$code"
}

need update-ca-certificates:ca-certificates curl:curl jq:jq strace:strace nginx:nginx \
    node:nodejs npm:npm chromium:chromium shellcheck:shellcheck
need_rust
step shellcheck -x --source-path=SCRIPTDIR scripts/*.sh nginx/*.sh .ci/run
step npm --prefix e2e/browser ci --no-audit --no-fund

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --locked -- -D warnings
step cargo clippy --workspace --exclude e2e --all-targets --all-features --locked -- -D warnings
step env RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
step scripts/build.sh
step cargo test --workspace --locked
# What no normal build has: spans for a collector, and the door of the trace-context tests.
step cargo test -p cart -p catalog -p order -p payment --locked \
    --features otlp,trace-context-harness --test it traces::
step scripts/browser-test.sh
