#!/bin/sh
# Writes a complete nginx configuration into OUT_DIR: nginx.conf and routes.conf, the file with
# the API keys, and the folders for temporary files. nginx needs nothing else, so it runs as any user and on
# a read-only root.
#
# Settings, all from the environment:
#   OUT_DIR        where to write (no default)
#   SHOP_LISTEN    address and port of the shop (127.0.0.1:8080)
#   CART_ADDR CATALOG_ADDR ORDER_ADDR PAYMENT_ADDR
#                  where the services are (127.0.0.1:8001 to 127.0.0.1:8004)
#   API_KEY        the accepted keys, with commas between (secret-key-123)
#   LAB            1 opens /lab, 0 closes it (0)
#   RATE_LIMIT     on, or off for load tests (on)
#   ACCESS_LOG     on, or off for load tests (on)
#   FRONTEND_DIR   the dashboard (frontend, beside this folder)
set -eu
umask 077 # the configuration holds the keys
export LC_ALL=C

fail() {
    printf 'nginx: %s\n' "$*" >&2
    exit 1
}

NGINX_DIR=$(cd "$(dirname "$0")" && pwd)
[ -n "${OUT_DIR:-}" ] || fail "OUT_DIR is not set: name a folder to write to"
: "${SHOP_LISTEN:=127.0.0.1:8080}"
: "${CART_ADDR:=127.0.0.1:8001}"
: "${CATALOG_ADDR:=127.0.0.1:8002}"
: "${ORDER_ADDR:=127.0.0.1:8003}"
: "${PAYMENT_ADDR:=127.0.0.1:8004}"
: "${LAB:=0}"
: "${RATE_LIMIT:=on}"
: "${ACCESS_LOG:=on}"
: "${FRONTEND_DIR:=$(dirname "$NGINX_DIR")/frontend}"
API_KEY=${API_KEY-secret-key-123} # an empty list is a mistake, not a wish for the demo key

# --- Nothing reaches the configuration that nginx could read as more than a value ---

one_of() { # name, value, what it may be
    for choice in $3; do
        [ "$2" != "$choice" ] || return 0
    done
    fail "$1 is '$2': it must be one of $3"
}

has_line_break() {
    [ "$(printf '%s' "$1" | tr -d '\n')" != "$1" ]
}

address() { # name, value
    if has_line_break "$2" || ! printf '%s' "$2" | grep -qxE '[][0-9A-Za-z.:_-]+:[0-9]+'; then
        fail "$1 is '$2': it must be an address and a port, such as 127.0.0.1:8080"
    fi
}

quotable() { # name, value
    if has_line_break "$2" || printf '%s' "$2" | grep -q "[\"'\$\\]"; then
        fail "$1 is '$2': the path of the shop must not hold quotes, dollar signs or backslashes"
    fi
}

folder() { # name, value; prints the whole path, of which the value may be only the end
    path=$(cd "$2" 2>/dev/null && pwd) || fail "$1 is '$2': there is no such folder"
    quotable "$1" "$path"
    printf '%s\n' "$path"
}

one_of LAB "$LAB" "0 1"
one_of RATE_LIMIT "$RATE_LIMIT" "on off"
one_of ACCESS_LOG "$ACCESS_LOG" "on off"
address SHOP_LISTEN "$SHOP_LISTEN"
address CART_ADDR "$CART_ADDR"
address CATALOG_ADDR "$CATALOG_ADDR"
address ORDER_ADDR "$ORDER_ADDR"
address PAYMENT_ADDR "$PAYMENT_ADDR"
quotable OUT_DIR "$OUT_DIR"
quotable FRONTEND_DIR "$FRONTEND_DIR"
quotable NGINX_DIR "$NGINX_DIR"

for kind in body proxy fastcgi uwsgi scgi; do
    mkdir -p "$OUT_DIR/tmp/$kind"
done
OUT_DIR=$(folder OUT_DIR "$OUT_DIR")
FRONTEND_DIR=$(folder FRONTEND_DIR "$FRONTEND_DIR")

# --- The keys: one anchored, fully escaped regular expression each ---

# The same rule as in the services: visible ASCII, commas between, no empty key.
keys() {
    printf '%s\n' "$API_KEY" | tr ',' '\n' | sed 's/^[[:blank:]]*//; s/[[:blank:]]*$//'
}
if keys | grep -qx ''; then
    fail "API_KEY holds an empty key: list one or more, with commas between"
fi
if keys | grep -q '[^!-~]' || has_line_break "$API_KEY"; then
    fail "API_KEY may hold only visible ASCII characters"
fi
# A backslash is written as \x5c, because nginx and the expression would each take one away.
keys | sed 's/\\/\\x5c/g; s/[^0-9A-Za-z\\]/\\&/g; s/.*/"~^&$" 1;/' >"$OUT_DIR/api-keys.conf"

# --- The configuration ---

# Started as root, the workers give root up, unless the page is where only root may read
# (a clone below /root).
user=""
if [ "$(id -u)" = 0 ]; then
    user="user root;"
    if group=$(id -gn nobody 2>/dev/null) &&
        setpriv --reuid=nobody --regid="$group" --clear-groups test -r "$FRONTEND_DIR/." 2>/dev/null; then
        user="user nobody $group;"
    fi
fi

set --
[ "$LAB" = 1 ] || set -- "$@" -e '/# LAB=1 begins/,/# LAB=1 ends/d'
[ "$RATE_LIMIT" = on ] || set -- "$@" -e '/limit_req/d' -e '/limit_conn/d'
[ "$ACCESS_LOG" = on ] || set -- "$@" -e 's/access_log .*;/access_log off;/'

value() { # keeps sed from reading a value as more than text
    printf '%s' "$1" | sed 's/[&|\\]/\\&/g'
}

for file in nginx.conf routes.conf; do
    sed "$@" \
        -e "s|@USER@|$user|" \
        -e "s|@OUT_DIR@|$(value "$OUT_DIR")|g" \
        -e "s|@NGINX_DIR@|$(value "$NGINX_DIR")|g" \
        -e "s|@FRONTEND_DIR@|$(value "$FRONTEND_DIR")|g" \
        -e "s|@SHOP_LISTEN@|$SHOP_LISTEN|" \
        -e "s|@CART_ADDR@|$CART_ADDR|" \
        -e "s|@CATALOG_ADDR@|$CATALOG_ADDR|" \
        -e "s|@ORDER_ADDR@|$ORDER_ADDR|" \
        -e "s|@PAYMENT_ADDR@|$PAYMENT_ADDR|" \
        "$NGINX_DIR/$file.template" >"$OUT_DIR/$file"
done
