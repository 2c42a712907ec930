#!/usr/bin/env bash
# Takes one part of a running shop away, and gives it back.
#
#   scripts/service.sh stop catalog     stops it, and it stays down
#   scripts/service.sh start catalog    starts it again and waits until it is healthy
#   scripts/service.sh kill catalog     pulls the plug (kill -9); it is started again at once
#
# The parts are cart, catalog, order, payment and nginx; DATA_DIR (data) says which shop.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ $# = 2 ]] || { help && exit 2; }
what=$1 part=$2
hold=$RUN_DIR/$part.hold # as long as this file is there, the keeper lets the part be

[[ " ${PARTS[*]} " = *" $part "* ]] || fail "there is no part named $part: it is one of ${PARTS[*]}"
living "$part.keeper" >/dev/null || fail "no shop is running in $DATA_DIR"

# The ports are those of the running shop, whatever the environment says here.
# shellcheck source=/dev/null
source "$RUN_DIR/ports"

case $what in
    stop)
        touch "$hold"
        if pid=$(living "$part"); then
            kill -TERM "$pid" 2>/dev/null || true
            kill -CONT "$pid" 2>/dev/null || true # one that sleeps (SIGSTOP) cannot hear
            for ((tries = 0; tries < 600; tries++)); do # of 20 ms; requests in flight may take 10 s
                living "$part" >/dev/null || exit 0
                sleep 0.02
            done
            kill -KILL "$pid"
        fi
        ;;
    start)
        rm -f "$hold"
        for ((tries = 0; tries < 500; tries++)); do # of 20 ms
            ! healthy "$part" || exit 0
            sleep 0.02
        done
        fail "$part does not become healthy; see the shop's log"
        ;;
    kill)
        pid=$(living "$part") || fail "$part is not running"
        kill -KILL "$pid"
        ;;
    *) help && exit 2 ;;
esac
