#!/usr/bin/env bash
# Keeps the four services and nginx running: starts them side by side, turns what they say
# into one log, starts again whatever dies, and stops all of them when it is told to.
#
# up.sh runs this after it has checked, built and locked everything. Each part has a keeper of its own
# (`keep_running`), so a part that keeps failing does not hold up the others.
set -uo pipefail
source "$(dirname "$0")/settings.sh"
cd "$REPO" || exit

# Tenths of a second before a part that died is started again: at once the first time, then
# ever later, so that one that cannot run does not keep the machine busy.
PAUSES=(1 2 5 10 20 50)
STEADY_S=10       # whoever ran that long starts over with the shortest pause
START_S=15        # nothing here needs that long to become healthy
STOP_S=12         # requests in flight may take 10 s, then a service gives up by itself
BIN_DIR=${CARGO_TARGET_DIR:-target}/release

keepers=()
writer=''

# --- One log ---

# A line in the form of the services' own.
say() { # level, name, what
    local now=$EPOCHREALTIME
    TZ=UTC printf '%(%FT%T)T.%.3sZ %5s %-7s %s\n' "${now%[.,]*}" "${now#*[.,]}" "$@" 2>/dev/null
}

# All parts write to one pipe, whole lines at a time, and this takes them from there. On a terminal
# it colors the names. Ctrl-C goes to everything in the terminal; the last words of a service come
# after it. And the folder is not locked by its log (9).
write_log() {
    local -A colors=([cart]=33 [catalog]=36 [order]=32 [payment]=35 [nginx]=34)
    local name script=''
    trap '' INT TERM HUP
    trap - PIPE
    [[ -t 1 && -z ${NO_COLOR:-} ]] || exec cat 9>&-
    for name in "${!colors[@]}"; do
        script+="s/^([^ ]+ +[A-Z]+ )($name) /\1\x1b[${colors[$name]}m\2\x1b[0m /;"
    done
    exec stdbuf -oL sed -E "$script" 9>&-
}

# --- One part ---

keep_running() { # name, command...
    local name=$1 stop_signal child='' stopping='' code born failures=0 pause
    shift
    stop_signal=$(stop_signal_of "$name")
    trap : INT HUP # the supervisor decides, and says TERM
    trap 'stopping=yes; [[ -z $child ]] || kill -s "$stop_signal" "$child" 2>/dev/null' TERM
    remember "$name.keeper" "$BASHPID"
    while [[ -z $stopping ]]; do
        if [[ -e $RUN_DIR/$name.hold ]]; then # `service.sh stop` wants it to stay down
            sleep 0.05
            continue
        fi
        born=$SECONDS
        setsid "$@" & # a session of its own: Ctrl-C does not reach it
        child=$!
        remember "$name" "$child"
        [[ -z $stopping ]] || kill -s "$stop_signal" "$child" 2>/dev/null # told to stop just now
        # A signal ends `wait` early. Its complaint about a killed process is said better below.
        while wait "$child" 2>/dev/null; code=$?; kill -0 "$child" 2>/dev/null; do :; done
        kill -KILL -- "-$child" 2>/dev/null # what a killed nginx leaves behind would keep the port
        child=
        [[ -z $stopping && ! -e $RUN_DIR/$name.hold ]] || continue
        [[ -e $RUN_DIR/open ]] || exit 1 # it never ran: a mistake that trying again does not mend
        ((SECONDS - born < STEADY_S)) || failures=0
        pause=${PAUSES[failures]}
        ((failures + 1 == ${#PAUSES[@]})) || failures=$((failures + 1))
        say WARN "$name" \
            "stopped ($(reason "$code")); starting it again in $((pause / 10)).$((pause % 10)) s"
        while ((pause-- > 0)) && [[ -z $stopping ]]; do sleep 0.1; done
    done
    rm -f "$RUN_DIR/$name.pid" "$RUN_DIR/$name.keeper.pid"
}

reason() { # exit code
    if (($1 > 128)); then echo "SIG$(kill -l "$1")"; else echo "exit code $1"; fi
}

# Starts a part and its keeper, with 8 as their log.
launch() { # name, command...
    keep_running "$@" >&8 2>&1 8>&- &
    keepers+=($!)
}

# --- All of them ---

launch_all() {
    mkfifo "$RUN_DIR/log.pipe"
    write_log <"$RUN_DIR/log.pipe" &
    writer=$!
    exec 8>"$RUN_DIR/log.pipe"
    export HOST=127.0.0.1
    export CART_SERVICE_URL=http://127.0.0.1:$CART_PORT
    export CATALOG_SERVICE_URL=http://127.0.0.1:$CATALOG_PORT
    export ORDER_SERVICE_URL=http://127.0.0.1:$ORDER_PORT
    export PAYMENT_SERVICE_URL=http://127.0.0.1:$PAYMENT_PORT
    launch cart env PORT="$CART_PORT" DATABASE_PATH="$DATA_DIR/carts.db" "$BIN_DIR/cart"
    launch catalog env PORT="$CATALOG_PORT" DATABASE_PATH="$DATA_DIR/products.db" "$BIN_DIR/catalog"
    launch order env PORT="$ORDER_PORT" DATABASE_PATH="$DATA_DIR/orders.db" "$BIN_DIR/order"
    launch payment env PORT="$PAYMENT_PORT" DATABASE_PATH="$DATA_DIR/payments.db" "$BIN_DIR/payment"
    launch nginx env OUT_DIR="$RUN_DIR/nginx" SHOP_LISTEN="127.0.0.1:$SHOP_PORT" \
        CART_ADDR="127.0.0.1:$CART_PORT" CATALOG_ADDR="127.0.0.1:$CATALOG_PORT" \
        ORDER_ADDR="127.0.0.1:$ORDER_PORT" PAYMENT_ADDR="127.0.0.1:$PAYMENT_PORT" nginx/start.sh
    exec 8>&-
}

wait_until_healthy() {
    local part index end=$((SECONDS + START_S))
    for part in "${PARTS[@]}"; do
        until healthy "$part"; do
            for index in "${!keepers[@]}"; do
                kill -0 "${keepers[index]}" 2>/dev/null || give_up "${PARTS[index]} did not start"
            done
            ((SECONDS < end)) || give_up "$part does not become healthy"
            sleep 0.02
        done
    done
}

give_up() { # why
    say ERROR shop "$1, so the shop stays closed; its own line above says why"
    stop 1
}

# Tells the keepers to stop, again and again until they are gone: nginx cannot hear before it has
# read its configuration, and is deaf to QUIT until then.
# shellcheck disable=SC2317 # `within` calls it
have_stopped() {
    ! kill -TERM "${keepers[@]}" 2>/dev/null
}

# shellcheck disable=SC2317 # `within` calls it
are_gone() {
    ! kill -0 "${keepers[@]}" "$writer" 2>/dev/null
}

stop() { # exit code
    local part pid
    trap '' INT TERM HUP
    rm -f "$RUN_DIR/open"
    say INFO shop stopping
    for part in "${PARTS[@]}"; do # a part that sleeps (SIGSTOP) cannot hear
        pid=$(living "$part") && kill -CONT "$pid" 2>/dev/null
    done
    within "$STOP_S" have_stopped
    for part in "${PARTS[@]}"; do # also one whose keeper was killed
        pid=$(living "$part") && kill -KILL -- "-$pid" 2>/dev/null
    done
    # The log ends with the last who can write to it; nobody waits for one that somebody keeps.
    within 2 are_gone || kill -KILL "${keepers[@]}" "$writer" 2>/dev/null
    rm -rf "$RUN_DIR"/{cart,catalog,order,payment,nginx}*.pid "$RUN_DIR"/*.hold "$RUN_DIR/log.pipe" \
        "$RUN_DIR/ports" "$RUN_DIR/nginx"
    say INFO shop stopped
    rm -f "$RUN_DIR/supervisor.pid" # last, because with it gone the next shop may start here
    exit "$1"
}

remember supervisor $$
rm -f "$RUN_DIR"/*.hold "$RUN_DIR/log.pipe" "$RUN_DIR/open"
trap 'stop 0' INT TERM HUP
trap '' PIPE # a reader who goes away must not cut the stop short
declare -p SHOP_PORT CART_PORT CATALOG_PORT ORDER_PORT PAYMENT_PORT >"$RUN_DIR/ports"
launch_all
wait_until_healthy
echo "http://127.0.0.1:$SHOP_PORT" >"$RUN_DIR/open"
greet 2>/dev/null || stop 1 # nobody reads this any more
wait -n "${keepers[@]}" "$writer" # until a signal comes: none of them ends by itself
say ERROR shop "a keeper was killed, or nobody reads this log any more"
stop 1
