#!/bin/sh
# Renders the configuration and becomes nginx, in the foreground. up.sh, the tests and the
# container all start nginx this way. The settings are those of render.sh.
set -eu

# nginx opens the access log by name, which fails for a socket or somebody else's file.
if ! (: >>/dev/stdout) 2>/dev/null; then
    echo "nginx: cannot open standard output by name, so requests are not logged" >&2
    export ACCESS_LOG=off
fi
"$(dirname "$0")/render.sh"
exec nginx -p "$OUT_DIR/" -c nginx.conf
