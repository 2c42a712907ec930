#!/usr/bin/env bash
# Measures the shop beside the limits of this machine, in one run, and prints the tables that
# docs/benchmarks.md keeps: minimum, median and maximum of several rounds. It takes about
# fifteen minutes and wants a machine that does nothing else.
#
#   scripts/bench.sh                     five rounds of two seconds for each row
#   scripts/bench.sh --rounds 1          a first glance; --seconds and --rows are understood, too
#   scripts/bench.sh --build             also a clean release build, and the size of the programs
#
# BENCH_DIR (data/bench) is where the shop's files are meanwhile: it decides which disk is measured.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
cd "$REPO"
TARGET=${CARGO_TARGET_DIR:-target}

build=''
options=()
for argument in "$@"; do
    case $argument in
        --build) build=yes ;;
        --help | -h) help && exit ;;
        *) options+=("$argument") ;;
    esac
done

# From nothing, in a folder of its own, with all that the machine has.
measure_build() {
    local folder began size
    folder=$(mktemp -d)
    began=$SECONDS
    CARGO_TARGET_DIR=$folder scripts/build.sh --quiet
    printf '\n## Building\n\n| what | measured | to reach |\n|---|---:|---|\n'
    printf '| clean release build, %s cores | %s s | at most 90 |\n' "$(nproc)" "$((SECONDS - began))"
    size=$(wc -c <"$folder/release/shop")
    printf '| the program with the four services | %s KiB | at most 24 MiB |\n' "$((size / 1024))"
    rm -rf "$folder"
}

need nginx:nginx
scripts/build.sh
cargo build --release --locked -p bench
folder=${BENCH_DIR:-$REPO/data/bench}
[[ ! -e $folder ]] || fail "$folder is there already: remove it or set BENCH_DIR"
mkdir -p "$folder"
trap 'DATA_DIR=$folder scripts/down.sh >/dev/null; rm -rf "$folder"' EXIT # also if it is interrupted
export ORDER_EXPIRES_S=86400 # orders that nobody pays must not expire into a later round
[[ ! $build ]] || measure_build
"$TARGET/release/bench" --repository "$REPO" --folder "$folder" "${options[@]}"
