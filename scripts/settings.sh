# What every script knows about a shop: its settings, where its files are, and how to tell one
# of its processes from somebody else's. To be sourced.
# shellcheck shell=bash

source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

export SHOP_PORT=${SHOP_PORT:-8080}
export CART_PORT=${CART_PORT:-8001}
export CATALOG_PORT=${CATALOG_PORT:-8002}
export ORDER_PORT=${ORDER_PORT:-8003}
export PAYMENT_PORT=${PAYMENT_PORT:-8004}
export API_KEY=${API_KEY-secret-key-123} # an empty key is a mistake that the services report
export LAB=${LAB:-1}
export RATE_LIMIT=${RATE_LIMIT:-on}

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DATA_DIR=${DATA_DIR:-$REPO/data}
[[ $DATA_DIR = /* ]] || DATA_DIR=$PWD/$DATA_DIR
export DATA_DIR
RUN_DIR=$DATA_DIR/run # what is only true while the shop runs: process ids, nginx's configuration
PARTS=(cart catalog order payment nginx)

port_variable_of() { # part
    if [[ $1 = nginx ]]; then echo SHOP_PORT; else echo "${1^^}_PORT"; fi
}

port_of() { # part
    local variable
    variable=$(port_variable_of "$1")
    echo "${!variable}"
}

# The signal that ends a part gently: it takes nothing new, and finishes what it has begun.
stop_signal_of() { # part
    if [[ $1 = nginx ]]; then echo QUIT; else echo TERM; fi
}

# --- Waiting ---

# Tries a command again and again until it succeeds, for so many seconds. The clock decides and
# not the number of tries, because a try may take long.
within() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.02
    done
}

# --- Processes ---

# The kernel hands out process ids again. Together with the instant at which a process was
# born, an id is unique, so that is what we write down and compare before we kill anything.
birth_of() { # process id
    local stat fields
    [[ ${1:-} ]] || return 1 # /proc//stat is about the whole machine
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1 # ended, its parent has just not looked yet
    echo "${fields[19]}"
}

remember() { # name, process id
    local birth
    birth=$(birth_of "$2") && echo "$2 $birth" >"$RUN_DIR/$1.pid"
}

# Prints the id of a process we remember, if it still is that process.
living() { # name
    local pid birth
    { read -r pid birth <"$RUN_DIR/$1.pid"; } 2>/dev/null || return 1
    [[ $(birth_of "$pid") = "$birth" ]] || return 1
    echo "$pid"
}

# The names of all processes of this shop that are alive: the supervisor, its keepers (one per
# part), and the parts themselves.
living_names() {
    local part name
    for part in "${PARTS[@]}"; do
        for name in "$part.keeper" "$part"; do
            living "$name" >/dev/null && echo "$name"
        done
    done
    living supervisor >/dev/null && echo supervisor
    return 0
}

# Ids and names of those who have the lock of the folder open. All that up.sh starts inherits it,
# so this finds also what no file names any more: workers of an nginx that was killed.
holders() {
    local file pid name
    for file in /proc/[0-9]*/fd/9; do
        [[ $file -ef $RUN_DIR/lock ]] || continue
        pid=${file#/proc/}
        pid=${pid%%/*}
        { read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue # it has just ended
        echo "$pid $name"
    done
}

# --- Asking ---

# Whether a part says within two seconds that it is well. Bash speaks enough HTTP for that, and
# starting a program for every question would take longer than starting the shop. It cannot say
# how long connecting may take, so a process of its own asks, and is ended if it hears nothing.
healthy() { # part
    local status=''
    read -r -t 2 status < <(health_of "$1" 2>/dev/null) || kill "$!" 2>/dev/null || true
    [[ $status = 200 ]]
}

health_of() { # part
    local status
    exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$1")"
    printf 'GET /health HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n' >&3
    read -r -t 2 _ status _ <&3 && echo "$status"
}

# Where the shop is: whichever SHOP_URL names, or the one that is open in DATA_DIR. If nobody has
# said where, and none is, one that runs in containers has the same port.
shop_url() {
    local url=${SHOP_URL:-}
    if [[ ! $url ]] && ! { read -r url <"$RUN_DIR/open"; } 2>/dev/null; then
        [[ $DATA_DIR = "$REPO/data" && -z $(living_names) ]] ||
            fail "no shop is open in $DATA_DIR: scripts/up.sh opens it, and SHOP_URL names another"
        url=http://127.0.0.1:$SHOP_PORT
    fi
    echo "${url%/}"
}

# The header with the key, to be shown in a command. Of several keys it is the first. A key of
# your own is not printed: logs are read by others.
shown_key() {
    local variable=API_KEY
    [[ $API_KEY != *,* ]] || variable='{API_KEY%%,*}'
    if [[ ${API_KEY%%,*} = secret-key-123 ]]; then
        echo "'X-API-Key: secret-key-123'"
    else
        echo "\"X-API-Key: \$$variable\""
    fi
}

# What to try first.
greet() {
    local address=http://127.0.0.1:$SHOP_PORT
    printf '\n  The shop is open:  %s/\n  A first request:   curl -H %s %s/api/catalog\n\n' \
        "$address" "$(shown_key)" "$address"
}
