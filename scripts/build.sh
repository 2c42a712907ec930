#!/usr/bin/env bash
# Builds the services: one program that is known by four names, target/release/cart and so on. What
# is given to this script is passed on to cargo.
set -euo pipefail
source "$(dirname "$0")/packages.sh"
cd "$(dirname "$0")/.."

need_rust
cargo build --release --locked -p shop "$@"
RELEASE=${CARGO_TARGET_DIR:-target}/release
for service in cart catalog order payment; do
    # Four links to one file, so that its pages are in memory once.
    [[ $RELEASE/$service -ef $RELEASE/shop ]] || ln -f "$RELEASE/shop" "$RELEASE/$service"
done
