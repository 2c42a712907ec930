#!/usr/bin/env bash
# Closes the shop that up.sh started in DATA_DIR (data), also when up.sh itself was killed.
# Requests in flight finish first. Nothing else is touched: a process is stopped only if both
# its id and the instant of its birth are what we wrote down when we started it, or if it has
# inherited the lock of the folder.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ $# = 0 ]] || { help && exit; }

STOP_S=15 # a little more than the supervisor itself waits before it kills

signal() { # signal, names...
    local name pid signal=$1
    shift
    for name in "$@"; do
        pid=$(living "$name") || continue
        kill -s "$signal" "$pid" 2>/dev/null || true # it may have ended just now
    done
}

# Ids and births of all processes of the shop.
alive() {
    local name
    for name in $(living_names); do
        cat "$RUN_DIR/$name.pid" 2>/dev/null || true # it has just ended and taken its file along
    done
}

# Those of the processes we know of that are still there. A process deletes its own file a moment
# before it ends, so at the very end the files alone would be too early.
lingering() {
    local pid birth
    while read -r pid birth; do
        [[ $(birth_of "$pid") != "$birth" ]] || echo "$pid"
    done <<<"$known"
}

# The supervisor stops everything by itself. Without it, the keepers stop their parts, and a
# part without a keeper is stopped here. All are told again until they are gone, because a part
# that is just starting may not hear.
is_closed() {
    local part
    [[ $(living_names) || $(lingering) ]] || return 0
    if living supervisor >/dev/null; then
        signal TERM supervisor
    else
        signal TERM "${PARTS[@]/%/.keeper}"
        for part in "${PARTS[@]}"; do
            signal "$(stop_signal_of "$part")" "$part"
        done
        signal CONT "${PARTS[@]}"
    fi
    return 1
}

# Ends those who are left of a shop that was killed, such as the workers of an nginx.
nothing_is_left() { # signal
    local pid name
    while read -r pid name; do
        kill -s "$1" "$pid" 2>/dev/null || true
    done < <(holders)
    [[ -z $(holders) ]]
}

if [[ -z $(living_names) && -z $(holders) ]]; then
    echo "no shop is running in $DATA_DIR"
    exit
fi
known=$(alive)
if ! within "$STOP_S" is_closed; then
    mapfile -t stubborn < <(living_names)
    echo "killing what does not stop: ${stubborn[*]}"
    signal KILL "${stubborn[@]}"
fi
within 2 nothing_is_left TERM || within 2 nothing_is_left KILL ||
    fail "this does not end: $(holders)"
rm -rf "$RUN_DIR"/*.pid "$RUN_DIR"/*.hold "$RUN_DIR/log.pipe" "$RUN_DIR/open" "$RUN_DIR/ports" "$RUN_DIR/nginx"
echo "the shop in $DATA_DIR is closed"
