# What the words of a lesson mean: paths, names, requests and conditions. The same as in
# frontend/js/lessons/; both are held together by tests that run every lesson both ways.

def text: if type == "string" then . else tojson end;

# --- Paths ---

def step($segment):
  if type == "array" then
    if $segment == "length" then length
    elif $segment | test("^\\[[a-z_]+=.*\\]$") then
      ($segment | capture("^\\[(?<field>[a-z_]+)=(?<value>.*)\\]$")) as $match
      | map(select(type == "object" and (.[$match.field] | text) == $match.value))
    elif $segment | test("^[0-9]+$") then .[$segment | tonumber]
    else null end
  elif type == "object" then .[$segment]
  else null end;

# What stands at a path; null if there is nothing.
def at($path): reduce ($path | split("."))[] as $segment (.; step($segment));

# --- Names in braces ---

def name_pattern: "\\{(?<path>[a-z][a-z0-9_.]*)\\}";

def names: [tojson | scan("\\{[a-z][a-z0-9_.]*\\}") | .[1:-1]] | unique;

def known($memory; $path): $memory | at($path) != null;

def fill_text($memory):
  if test("^" + name_pattern + "$") then
    .[1:-1] as $path | if known($memory; $path) then $memory | at($path) else . end
  else
    reduce (names[] | select(. as $path | known($memory; $path))) as $path
      (.; ($memory | at($path) | text) as $value | split("{\($path)}") | join($value))
  end;

def fill($memory): walk(if type == "string" then fill_text($memory) else . end);

# --- Requests ---

def usual($memory; $key; $has_body):
  {"X-API-Key": $key, baggage: "lab=\($memory.tag)"} + (if $has_body then {"Content-Type": "application/json"} else {} end);

# The requests of a step, each with all it is sent with.
def requests($memory; $key):
  . as $step | range(1; (.times // 1) + 1) as $copy
  | ($step.requests // [$step.request])[]
  | fill($memory + {copy: ($copy | tostring)})
  | .headers = (usual($memory; $key; has("body")) + (.headers // {}) | with_entries(select(.value != null)));

def needs($memory):
  (.requests // .request // .sql) | names - ["copy"] | map(select(known($memory; .) | not));

# One request as a file of options for curl, whose strings are quoted like those of JSON.
def curl_options($url; $trace):
  ["url = \($url + .path | tojson)", "request = \(.method)"]
  + (.headers | to_entries | map("header = \("\(.key): \(.value)" | tojson)"))
  + ["header = \("traceparent: \($trace)" | tojson)"]
  + (if has("body") then ["data-raw = \(.body | tojson | tojson)"] else [] end)
  | join("\n");

# The same as a command to copy; a key of your own is not printed.
def curl_command($url; $key):
  def shown: if test("^[A-Za-z0-9_./:=-]+$") then . else @sh end;
  (if $key == "secret-key-123" then . else .headers |= with_entries(if .value == $key then .value = "$API_KEY" else . end) end)
  | ["curl -i" + (if .method == "GET" then "" else " -X \(.method)" end)]
  + (.headers | to_entries | map("-H " + (if .value == "$API_KEY" then "\"\(.key): $API_KEY\"" else "\(.key): \(.value)" | @sh end)))
  + (if has("body") then ["--data-raw \(.body | tojson | @sh)"] else [] end)
  + [$url + .path | shown] | join(" ");

# What a step takes, line by line: how many names are missing, how long it may wait, whether its
# requests go at once, and each request for curl and for the reader. Some go past nginx.
def plan($memory; $key; $url; $ports):
  (if .direct then "http://127.0.0.1:\($ports[.direct])" else $url end) as $origin
  | (needs($memory) | length), (.within_s // 0), (.at_once // false),
    (requests($memory; $key) | (curl_options($origin; "TRACE"), curl_command($origin; $key)) | @base64);

# --- Answers ---

# What curl wrote, as a lesson sees it: header names in lower case, the body read as JSON.
def answer($head; $body; $status; $seconds; $trace):
  {
    status: $status,
    headers: ($head | split("\r\n") | map(capture("^(?<key>[^ :]+): *(?<value>.*)$")? | .key |= ascii_downcase) | from_entries),
    body: (try ($body | fromjson) catch null),
    ms: ($seconds * 1000 | floor),
    trace: $trace
  };

# The memory after a step was answered.
def learn($step; $answers):
  (if $step | has("requests") or has("times") then {answers: $answers} else $answers[0] end) as $answer
  | (if $step.id then .[$step.id] = $answer else . end)
  | reduce (($step.keep // {}) | to_entries[]) as $kept
      (.; .[$kept.key] = (. as $memory | $answer | at($kept.value | fill_text($memory))));

def unexpected($answers):
  has("expect") and ([.expect] | flatten) as $allowed | $answers | any(.status as $status | $allowed | index([$status]) | not);

# Status, time, and the headers that say something about the shop.
def in_short:
  (if .status == 0 then "no answer" else "\(.status) in \(.ms) ms" end)
  + (.headers | to_entries | map(select(.key | test("^(x-degraded|idempotency-replayed|retry-after)$")) | "   \(.key): \(.value)") | join(""));

# --- Conditions ---

def ask($question; $found; $wanted):
  if $question == "exists" then ($found != null) == $wanted
  elif $found == null then false
  elif $question == "equals" then $found == $wanted
  elif $question == "not" then $found != $wanted
  elif $question == "at_least" then ($found | type) == "number" and $found >= $wanted
  elif $question == "at_most" then ($found | type) == "number" and $found <= $wanted
  elif $question == "contains" then ($found | type) == "string" and ($found | contains($wanted | text))
  else error("no such question: \($question)") end;

def brief: text | if length > 60 then .[:57] + "..." else . end;

# Each condition with whether it holds and, if not, what is missing.
def judge($memory):
  map(
    (del(.say, .path) | to_entries[0]) as {key: $question, value: $template}
    | ($template | fill($memory)) as $wanted
    | (.path | fill_text($memory)) as $path
    | ($memory | at($path)) as $found
    | {say: (.say // .path), holds: ask($question; $found; $wanted),
       missing: "wanted \($question | gsub("_"; " ")) \($wanted | brief), found \(if $found == null then "nothing" else $found | brief end)"});

# What came of a step: its answers, the memory with them, and how it went. `$given` holds what
# curl wrote about each request.
def settle($memory; $step; $given; $count):
  [range($count) | tostring as $index | answer($given["head" + $index]; $given["body" + $index];
    $given["status" + $index]; $given["seconds" + $index]; $given["trace" + $index])] as $answers
  | ($memory | learn($step; $answers)) as $next
  | $answers, $next,
    (if $step.until // [] | judge($next) | all(.holds) | not then "late"
     elif $step | unexpected($answers) then "unexpected"
     else "done" end);
