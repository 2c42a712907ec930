#!/usr/bin/env bash
# Walks through the three flows of a running shop: fill a cart, place an order, pay it. Each
# request is shown as a curl command to copy, with its answer; the script ends with an error
# if an answer is not what it should be.
#
# DATA_DIR (data) or SHOP_URL says which shop. Every run is a user of its own.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
[[ $# = 0 ]] || { help && exit; }
need curl:curl

URL=$(shop_url)
USER_ID=demo-$(date +%s)-$$
KEY=${API_KEY%%,*}
status=''
body=''

headline() {
    printf '\n\n=== %s\n' "$*"
}

quoted() { # words...
    local word
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./:-]+$ ]] || word="'$word'"
        printf ' %s' "$word"
    done
}

pretty() { # with whatever the machine has
    jq . <<<"$body" 2>/dev/null || python3 -m json.tool <<<"$body" 2>/dev/null || echo "$body"
}

# Sends a request, shows it and its answer, and keeps both for the steps after it.
ask() { # curl arguments...
    local answer
    printf '\n$ curl -H %s%s\n' "$(shown_key)" "$(quoted "$@")"
    # nginx gives up after 15 s; whoever waits longer waits in vain.
    answer=$(curl -sS --max-time 20 -H "X-API-Key: $KEY" -w '\n%{http_code}' "$@") ||
        fail "nobody answers at $URL: open the shop with scripts/up.sh"
    status=${answer##*$'\n'}
    body=${answer%$'\n'*}
    echo "$status"
    [[ -z $body ]] || pretty
}

expect() { # status, text of the body
    [[ $status = "$1" ]] || fail "expected status $1"
    [[ ${body// /} = *"${2// /}"* ]] || fail "expected to read: $2"
}

# A field of the last answer. Fine for a name that occurs once; more would need a JSON parser.
field() { # name
    sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$body"
}

headline "1. Browse, and fill a cart"
ask "$URL/api/catalog/products/1"
expect 200 '"name":"Laptop"'
laptop_price=$(field price)
ask "$URL/api/catalog/products/2"
expect 200 '"name":"Mouse"'
mouse_price=$(field price)
ask -X POST "$URL/api/cart/$USER_ID/add?product_id=1&quantity=1"
expect 200 '"message":"Item added"'
ask -X POST "$URL/api/cart/$USER_ID/add?product_id=2&quantity=2"
expect 200 '"product_id":2,"quantity":2'
echo "A product that the catalog does not know is refused, and the cart stays as it was:"
ask -X POST "$URL/api/cart/$USER_ID/add?product_id=999"
expect 404 'Product 999 not found in catalog'
ask "$URL/api/cart/$USER_ID"
expect 200 '"cart":[{"product_id":1,"quantity":1},{"product_id":2,"quantity":2}]'

headline "2. Place an order: the catalog puts the goods aside"
ask -X POST "$URL/api/orders?user_id=$USER_ID" -H 'Content-Type: application/json' \
    -d "[{\"product_id\":1,\"quantity\":1,\"price\":$laptop_price},{\"product_id\":2,\"quantity\":2,\"price\":$mouse_price}]"
[[ $status != 409 ]] || fail "too many demos have bought laptops; scripts/reset.sh fills the shelf again"
expect 201 '"status":"CREATED"'
order_id=$(field order_id)
total=$(field total_amount)

headline "3. Pay it: the payment tells the order by a webhook"
ask -X POST "$URL/api/pay?order_id=$order_id&amount=$total"
expect 200 '"status":"PAID"'
ask "$URL/api/payments/$order_id"
expect 200 '"status":"COMPLETED"'
ask "$URL/api/orders/$order_id"
expect 200 '"status":"PAID"'

printf '\nAll as expected: order %s of %s is paid.\n' "$order_id" "$total"
