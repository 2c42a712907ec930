#!/usr/bin/env bash
# Takes one part of a running shop away, and gives it back.
#
#   scripts/service.sh stop catalog     stops it, and it stays down
#   scripts/service.sh start catalog    starts it again and waits until it is healthy
#   scripts/service.sh kill catalog     pulls the plug (kill -9); it is started again at once, or,
#                                       if it has died often of late, after up to five seconds
#
# The parts are cart, catalog, order, payment and nginx; DATA_DIR (data) says which shop.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ ${1:-} != --help && ${1:-} != -h ]] || { help && exit; }
[[ $# = 2 ]] || { help && exit 2; }
what=$1 part=$2
hold=$RUN_DIR/$part.hold # as long as this file is there, the keeper lets the part be

[[ " ${PARTS[*]} " = *" $part "* ]] || fail "there is no part named $part: it is one of ${PARTS[*]}"
living "$part.keeper" >/dev/null || fail "no shop is running in $DATA_DIR"

# The ports are those of the running shop, whatever the environment says here.
# shellcheck source=/dev/null
source "$RUN_DIR/ports"

# Tells the part to stop, each time it is asked: one that is just starting may not hear.
is_down() {
    local pid
    pid=$(living "$part") || return 0
    kill -s "$(stop_signal_of "$part")" "$pid" 2>/dev/null || true
    kill -CONT "$pid" 2>/dev/null || true # one that sleeps (SIGSTOP) cannot hear
    return 1
}

case $what in
    stop)
        touch "$hold"
        # Requests in flight may take 10 s. What is killed then may be a whole group: nginx.
        if ! within 12 is_down && pid=$(living "$part"); then
            kill -KILL -- "-$pid"
        fi
        ;;
    start)
        rm -f "$hold"
        within 10 healthy "$part" || fail "$part does not become healthy; see the shop's log"
        ;;
    kill)
        pid=$(living "$part") || fail "$part is not running"
        kill -KILL "$pid"
        ;;
    *) help && exit 2 ;;
esac
