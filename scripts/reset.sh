#!/usr/bin/env bash
# Puts the shop back to its first day: the seeded products, no carts, no orders, no payments.
#
# A running shop is asked to do it (this needs LAB=1, which is how up.sh starts it). If no shop
# runs in DATA_DIR (data), its four database files are deleted; the next start makes new ones.
# SHOP_URL=http://127.0.0.1:8080 names a shop that runs elsewhere, such as in containers.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ $# = 0 ]] || { help && exit; }

reset_running() {
    local url service status
    need curl:curl
    url=$(shop_url)
    for service in payment order catalog cart; do # who sends messages goes first
        echo "POST $url/lab/$service/reset"
        # nginx gives up after 15 s; whoever waits longer waits in vain.
        status=$(curl -sS --max-time 20 -o /dev/null -w '%{http_code}' -X POST \
            -H "X-API-Key: ${API_KEY%%,*}" "$url/lab/$service/reset") || fail "nobody answers at $url"
        [[ $status != 401 ]] || fail "the shop at $url does not know this key: set API_KEY"
        [[ $status != 404 ]] || fail "the lab of this shop is closed: start it with LAB=1, or stop it first"
        [[ $status = 2?? ]] || fail "$service answered $status; run this again when it is well"
    done
    echo "the shop at $url is as on its first day"
}

delete_files() {
    local file
    for file in carts products orders payments; do
        file=$DATA_DIR/$file.db
        echo "deleting $file"
        rm -f "$file" "$file-wal" "$file-shm"
    done
}

if [[ ${SHOP_URL:-} || $(living_names) ]]; then
    reset_running
else
    delete_files
fi
