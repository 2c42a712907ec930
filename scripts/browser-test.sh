#!/usr/bin/env bash
# Runs the browser tests against a shop of their own: free ports, an empty folder, no rate
# limit. It needs the release binaries and the packages that test.sh installs.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ $# = 0 ]] || { help && exit; }
cd "$REPO"

# Prints the first of five neighboring ports that nobody listens on. Somebody might take one
# before the shop does; then up.sh says so, and the tests fail at once rather than strangely.
five_free_ports() {
    local first port
    while :; do
        first=$((20000 + RANDOM % 10000)) # below the range from which the kernel picks by itself
        for ((port = first; port < first + 5; port++)); do
            ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue 2
        done
        echo "$first"
        return
    done
}

DATA_DIR=$(mktemp -d)
SHOP_PORT=$(five_free_ports)
CART_PORT=$((SHOP_PORT + 1))
CATALOG_PORT=$((SHOP_PORT + 2))
ORDER_PORT=$((SHOP_PORT + 3))
PAYMENT_PORT=$((SHOP_PORT + 4))
API_KEY=secret-key-123
LAB=1
RATE_LIMIT=off
export DATA_DIR SHOP_PORT CART_PORT CATALOG_PORT ORDER_PORT PAYMENT_PORT API_KEY LAB RATE_LIMIT

close() {
    local outcome=$?
    ((outcome == 0)) || tail -n 40 "$DATA_DIR/run/log" || true
    scripts/down.sh
    rm -rf "$DATA_DIR"
    exit "$outcome"
}
trap close EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scripts/up.sh --no-build --detach
export SHOP_URL=http://127.0.0.1:$SHOP_PORT
export SHOP_STOP_CATALOG="'$REPO/scripts/service.sh' stop catalog"
export SHOP_START_CATALOG="'$REPO/scripts/service.sh' start catalog"
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
npm --prefix e2e/browser test
