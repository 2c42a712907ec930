#!/usr/bin/env bash
# Runs a lesson in the terminal: asks you to predict, shows each request as a curl command with
# its answer, and checks in the end what has really happened.
#
#   scripts/lesson.sh            lists the lessons
#   scripts/lesson.sh 5          runs lesson 5; the exit code says whether its check passed
#   scripts/lesson.sh 5 --skip down   leaves out a step, to see that the check notices
#
# SHOP_URL or DATA_DIR (data) says which shop, API_KEY which key. LAB_TAG is the tag that limits
# faults to your own requests; without it every run has a tag of its own. The lessons are data,
# in frontend/lessons/; the dashboard runs the same ones.
set -euo pipefail
source "$(dirname "$0")/settings.sh"
need curl:curl jq:jq

LESSONS=$REPO/frontend/lessons
URL=$(shop_url)
# Some steps speak to a service directly, and it is one of the same shop.
# shellcheck source=/dev/null
[[ ${SHOP_URL:-} || ! -e $RUN_DIR/ports ]] || source "$RUN_DIR/ports"
KEY=${API_KEY%%,*}
LOOK_S=0.3    # between two looks of a step that waits
LINES=14      # of a long answer; the rest is for those who paste the command
ALONE=yes     # nobody sits there: ask nothing
[[ ! -t 0 || ! -t 1 ]] || ALONE=''

# --- Arguments ---

number='' skip=''
while (($#)); do
    case $1 in
        --help | -h) help && exit ;;
        --skip) skip=${2:?--skip needs the name of a step} && shift ;;
        *) [[ -z $number && $1 =~ ^[0-9]+$ ]] || fail "there is no option $1; see scripts/lesson.sh --help"
           number=$((10#$1)) ;;
    esac
    shift
done
if [[ -z $number ]]; then
    jq -r '.[] | "\(.number | tostring | (" " * (3 - length)) + .)  \(.title)"' "$LESSONS/index.json"
    printf '\n  scripts/lesson.sh 1 runs the first one.\n'
    exit
fi
file=$(jq -r --argjson number "$number" '.[] | select(.number == $number) | .file' "$LESSONS/index.json")
[[ $file ]] || fail "there is no lesson $number"
lesson=$(<"$LESSONS/$file")
[[ ! $skip ]] || jq -e --arg skip "$skip" 'any(.setup[], .steps[]; .id == $skip)' <<<"$lesson" >/dev/null ||
    fail "lesson $number has no step named $skip"

work=$(mktemp -d)
memory=$work/memory.json

PORTS=$(printf '{"cart":%d,"catalog":%d,"order":%d,"payment":%d}' "$CART_PORT" "$CATALOG_PORT" "$ORDER_PORT" "$PAYMENT_PORT")

# Runs a jq program that knows the words of a lesson and what was answered so far.
lab() { # program, jq options...
    local program=$1
    shift
    jq -L "$REPO/scripts" --slurpfile known "$memory" --arg key "$KEY" "$@" \
        "include \"lesson\"; def memory: \$known[0]; def key: \$key; $program"
}

random_hex() { # bytes
    od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

begin() {
    local run
    run=$(random_hex 4)
    jq -n --arg run "$run" --arg tag "${LAB_TAG:-lesson-$run}" --arg user "lesson$number-$run" \
        --argjson ghost "$((100000000 + 0x$run % 900000000))" \
        '{tag: $tag, run: $run, number: $ghost, user: $user}' >"$memory"
}

# --- One step ---

# Finds out what a step takes: sets missing, within, at_once, commands and traces, and writes
# down what curl is to do for each request: $work/0.curl, $work/1.curl ...
plan() { # step
    local lines index
    mapfile -t lines < <(lab "plan(memory; key; \$url; \$ports)" --raw-output --arg url "$URL" --argjson ports "$PORTS" <<<"$1")
    missing=${lines[0]} within=${lines[1]} at_once=${lines[2]} commands=() traces=()
    for ((index = 3; index < ${#lines[@]}; index += 2)); do
        traces+=("$(random_hex 16)")
        base64 -d <<<"${lines[index]}" | sed "s/TRACE/00-${traces[-1]}-$(random_hex 8)-01/" >"$work/$(((index - 3) / 2)).curl"
        commands+=("$(base64 -d <<<"${lines[index + 1]}")")
    done
}

# No answer is an answer, too: status 0.
send() { # index
    : >"$work/$1.head"
    : >"$work/$1.body"
    curl -sS --globoff --max-time 20 -K "$work/$1.curl" -D "$work/$1.head" -o "$work/$1.body" \
        -w '%{http_code} %{time_total}' >"$work/$1.facts" 2>/dev/null || true
}

# Sends the planned requests, one after the other or all at once.
exchange() {
    local index
    for index in "${!commands[@]}"; do
        if [[ $at_once = true ]]; then send "$index" & else send "$index"; fi
    done
    wait
}

# Reads what came back, learns from it, and tells how the step went. Starting jq takes longer
# than anything it does here, so it does all of it at once.
settle() { # step; sets answers and outcome
    local index status seconds lines given=()
    for index in "${!commands[@]}"; do
        read -r status seconds <"$work/$index.facts" || true
        given+=(--rawfile "head$index" "$work/$index.head" --rawfile "body$index" "$work/$index.body")
        given+=(--argjson "status$index" "$((10#${status:-0}))" --argjson "seconds$index" "${seconds:-0}" --arg "trace$index" "${traces[index]}")
    done
    mapfile -t lines < <(lab "settle(memory; \$step; \$ARGS.named; ${#commands[@]})" -n -c --argjson step "$1" "${given[@]}")
    answers=${lines[0]} outcome=${lines[2]//\"/}
    printf '%s\n' "${lines[1]}" >"$memory"
}

# Runs a step that has requests. Its outcome: done, unexpected, late or blocked.
run_step() { # step
    local end=''
    while :; do
        plan "$1"
        outcome=blocked
        [[ $end || $missing = 0 ]] || return 0
        [[ $end ]] || end=$((SECONDS + within))
        exchange
        settle "$1"
        [[ $outcome = late ]] && ((SECONDS < end)) || return 0
        sleep "$LOOK_S"
    done
}

# --- What you see ---

paused() {
    [[ ! $ALONE ]] || return 0
    read -r -s -p '  (Enter runs it) ' || true
    printf '\r\e[K' # the hint goes, the command comes in its place
}

show_answers() {
    local index body lines texts
    mapfile -t texts < <(lab '.[] | in_short, (.body | if . == null then "" else tojson end)' --raw-output <<<"$answers")
    for ((index = 0; index < ${#texts[@]}; index += 2)); do
        printf '  -> %s\n' "${texts[index]}"
        body=${texts[index + 1]}
        [[ $body ]] || continue
        ((${#body} <= 300)) || body=$(jq . <<<"$body")
        lines=$(wc -l <<<"$body")
        head -n "$LINES" <<<"$body" | sed 's/^/     /'
        ((lines <= LINES)) || printf '     ... (%d lines in all)\n' "$lines"
    done
}

show_commands() {
    local -i index
    for index in "${!commands[@]}"; do
        ((index < 3)) || { printf '  $ ... %d in all\n' "${#commands[@]}" && break; }
        printf '  $ %s\n' "${commands[index]}"
    done
}

# A look into a service's file, if the file and the program are on this machine.
look_inside() { # step
    local service query binary database
    local -A names=([cart]=carts [catalog]=products [order]=orders [payment]=payments)
    service=$(jq -r .sql.service <<<"$1")
    query=$(lab '.sql.query | fill_text(memory)' --raw-output <<<"$1")
    binary=${CARGO_TARGET_DIR:-$REPO/target}/release/$service
    database=$DATA_DIR/${names[$service]}.db
    printf '  $ DATABASE_PATH=%q %q sql "%s"\n' "$database" "$binary" "$query"
    if [[ -x $binary && -f $database ]]; then
        DATABASE_PATH=$database "$binary" sql "$query" | sed 's/^/     /' || true
    else
        echo "     (that file is not on this machine)"
    fi
}

tell_step() { # step, position, count
    local about note
    mapfile -t about < <(lab '(.do | fill_text(memory)), has("sql")' --raw-output <<<"$1")
    printf '\n[%s/%s] %s\n' "$2" "$3" "${about[0]}"
    paused
    if [[ ${about[1]} = true ]]; then
        look_inside "$1"
    else
        run_step "$1"
        if [[ $outcome = blocked ]]; then
            echo "  not possible: it needs what an earlier step did not bring"
        else
            show_commands
            show_answers
        fi
        [[ $outcome != unexpected ]] || printf '  ! expected %s\n' "$(jq -c .expect <<<"$1")"
        [[ $outcome != late ]] || echo "  ! waited in vain"
    fi
    note=$(lab '.note // empty | fill_text(memory)' --raw-output <<<"$1")
    [[ -z $note ]] || printf '  %s\n' "$note" | fold -s -w 96
}

predict() {
    local choice answer
    printf '\nWhat do you think?  %s\n' "$(jq -r .question.text <<<"$lesson")"
    jq -r '.question.choices | to_entries[] | "  \(.key + 1)  \(.value)"' <<<"$lesson"
    answer=$(jq '.question.answer + 1' <<<"$lesson")
    [[ ! $ALONE ]] || return 0
    read -r -p 'Your prediction: ' choice || choice=''
    prediction=$([[ $choice = "$answer" ]] && echo "You predicted it. " || echo "You predicted something else. ")
}

# --- The lesson ---

finish() { # leaves the shop as it was, also when the lesson was stopped half-way
    local code=$? step cleaned=yes
    trap - EXIT
    trap '' INT TERM
    if [[ -s $memory ]]; then
        while read -r step; do
            run_step "$step" || true
            [[ $outcome = blocked ]] || jq -e 'all(.status > 0 and .status < 500)' <<<"$answers" >/dev/null || cleaned=''
        done < <(jq -c '.cleanup[]' <<<"$lesson")
        if [[ $cleaned ]]; then
            printf '\nCleaned up: your faults, carts and products are gone.\n'
        else
            printf '\nNot all could be cleaned up: scripts/reset.sh puts the whole shop back.\n'
        fi
    fi
    rm -rf "$work"
    exit "$code"
}

check() {
    local step
    while read -r step; do
        run_step "$step"
    done < <(jq -c '.check.ask[]' <<<"$lesson")
    printf '\nCheck\n'
    lab '.check.that | judge(memory)' <<<"$lesson" >"$work/points.json"
    jq -r '.[] | if .holds then "  [x] \(.say)" else "  [ ] \(.say): \(.missing)" end' "$work/points.json"
    jq -e 'all(.holds)' "$work/points.json" >/dev/null
}

status=$(curl -sS -o /dev/null --max-time 5 -w '%{http_code}' -H "X-API-Key: $KEY" "$URL/lab/cart/faults" 2>/dev/null) ||
    fail "nobody answers at $URL: open the shop with scripts/up.sh"
[[ $status != 401 ]] || fail "the shop at $URL does not know this key: set API_KEY"
[[ $status != 404 ]] || fail "the lab of the shop at $URL is closed: start it with LAB=1"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
begin
prediction=''
jq -r '"Lesson \(.number): \(.title)\n\n\(.why)" + (if .care then "\n\nMind: \(.care)" else "" end)' <<<"$lesson" | fold -s -w 96
printf '\nYour tag is %s, your user name %s.\n' "$(jq -r .tag "$memory")" "$(jq -r .user "$memory")"
predict
mapfile -t steps < <(jq -c '.setup[], .steps[]' <<<"$lesson")
position=0
for step in "${steps[@]}"; do
    position=$((position + 1))
    [[ $skip && $(jq -r '.id // empty' <<<"$step") = "$skip" ]] || tell_step "$step" "$position" "${#steps[@]}"
done
printf '\nWhat to look at\n'
lab ".look[] | \"  - \" + .text + (if .link then \" $URL/\" + (.link | fill_text(memory)) else \"\" end)" --raw-output <<<"$lesson"
passed=yes
check || passed=''
printf '\n%s%s\n' "$prediction" "$(jq -r .question.because <<<"$lesson")" | fold -s -w 96
if [[ $passed ]]; then printf '\nLesson %s: passed.\n' "$number"; else printf '\nLesson %s: not passed.\n' "$number"; fi
[[ $passed ]]
