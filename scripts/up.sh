#!/usr/bin/env bash
# Opens the shop: builds the four services, starts them with nginx in front, and shows one log.
# Ctrl-C stops all of it.
#
#   scripts/up.sh             build and run in the foreground
#   scripts/up.sh --detach    return once all is healthy; scripts/down.sh stops it
#   scripts/up.sh --no-build  use the binaries that are there
#
# Settings, from the environment:
#   SHOP_PORT (8080)  CART_PORT (8001)  CATALOG_PORT (8002)  ORDER_PORT (8003)  PAYMENT_PORT (8004)
#   DATA_DIR (data)   where the four database files are; one running shop per folder
#   API_KEY (secret-key-123)  the accepted keys, with commas between
#   LAB (1)           0 closes the lab: no faults, no reset, no look inside
#   RATE_LIMIT (on)   off for load tests
# What else the services understand (target/release/cart --help) is passed on to them, except
# HOST, PORT, DATABASE_PATH and the addresses of the other services: those follow from the above.
#
# A service that dies is started again. Should this script itself be killed with -9, the
# services go on, each with its keeper, until scripts/down.sh stops them.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
cd "$REPO"

BIN_DIR=${CARGO_TARGET_DIR:-target}/release
build=yes
detach=''
for argument in "$@"; do
    case $argument in
        --no-build) build='' ;;
        --detach) detach=yes ;;
        --help | -h) help && exit ;;
        *) fail "there is no option $argument; see scripts/up.sh --help" ;;
    esac
done

check_that_it_is_not_running() {
    [[ -z $(living_names) ]] || fail "a shop is running in $DATA_DIR already; scripts/down.sh stops it"
    [[ -z $(holders) ]] || refuse_held_folder
}

# Somebody has the lock whom no file names: a shop in its first moments, or the last of a killed one.
refuse_held_folder() {
    local pid name names=''
    while read -r pid name; do
        names+="${names:+, }$name (process $pid)"
    done < <(holders)
    fail "another shop is being started in $DATA_DIR, or is left of one: ${names:-just gone}; scripts/down.sh ends it"
}

check_ports() {
    local part port variable problems=() owner
    local -A users=()
    for part in "${PARTS[@]}"; do
        port=$(port_of "$part")
        variable=$(port_variable_of "$part")
        if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
            problems+=("$variable is '$port': it must be a number from 1 to 65535")
        elif [[ ${users[$port]:-} ]]; then
            problems+=("$part and ${users[$port]} both want port $port: change $variable")
        elif (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            owner=$(owner_of "$port")
            problems+=("$part cannot have port $port, it is taken${owner:+ by $owner}: free it or set $variable")
        fi
        users[$port]=$part
    done
    ((${#problems[@]} == 0)) || fail "$(printf '%s\n' "not started" "${problems[@]/#/  }")"
}

# The program behind a port and its process id, as far as we may know.
owner_of() { # port
    command -v ss >/dev/null || return 0
    ss -Hltnp "sport = :$1" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1
}

# Of two that start at the same moment, one gets the lock. The supervisor, the keepers and the
# services inherit the open file that holds it, so it is free again when the last of them is gone.
lock_folder() {
    mkdir -p "$RUN_DIR"
    exec 9>"$RUN_DIR/lock"
    if ! flock --nonblock 9; then
        exec 9>&- # or we would be among those who are named
        refuse_held_folder
    fi
}

start_detached() {
    local log=$RUN_DIR/log supervisor
    rm -f "$RUN_DIR/open" # left behind by a shop that was killed
    setsid scripts/supervise.sh </dev/null >"$log" 2>&1 &
    supervisor=$!
    # It gives up by itself after 15 s, and then has to stop what has started.
    within 45 has_decided "$supervisor" || fail "the shop neither opens nor gives up; see $log"
    if [[ ! -e $RUN_DIR/open ]]; then
        cat "$log" >&2
        exit 1
    fi
    greet
    echo "  Its log is $log; scripts/down.sh stops it."
}

has_decided() { # process id of the supervisor
    [[ -e $RUN_DIR/open ]] || ! kill -0 "$1" 2>/dev/null
}

check_that_it_is_not_running
check_ports
if [[ $build ]]; then
    echo "building the four services; the first time this takes some minutes"
    scripts/build.sh
fi
for service in cart catalog order payment; do
    [[ -x $BIN_DIR/$service ]] || fail "$BIN_DIR/$service is missing: run this without --no-build"
done
need nginx:nginx setsid:util-linux flock:util-linux stdbuf:coreutils
lock_folder
if [[ $detach ]]; then
    start_detached
else
    exec scripts/supervise.sh
fi
