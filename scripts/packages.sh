# Installs what a script needs and the machine lacks, or names it; and how a script explains itself.
# To be sourced.
# shellcheck shell=bash

# Debian keeps nginx where only root looks, and rustup keeps cargo where no script does.
PATH=$PATH:/usr/sbin:${HOME:-/nowhere}/.cargo/bin

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Prints the comment at the top of the script: one text for readers of both.
help() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# Each argument is command:package. On Debian and Ubuntu, as root or with sudo, the packages
# of missing commands are installed; elsewhere the script ends and says what to install.
need() {
    local pair packages=() sudo=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
    done
    ((${#packages[@]})) || return 0
    command -v apt-get >/dev/null ||
        fail "please install: ${packages[*]} (names as in Debian), then run this again"
    if ((EUID)); then
        command -v sudo >/dev/null || fail "please install, as root: apt-get install ${packages[*]}"
        sudo=(sudo)
    fi
    echo "installing ${packages[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    if [[ " ${packages[*]} " = *" nginx "* && -d /run/systemd/system ]]; then
        # The package also starts a web server of its own, on port 80.
        "${sudo[@]}" systemctl disable --now --quiet nginx
    fi
}

need_rust() {
    command -v cargo >/dev/null || fail "Rust is missing: install it from https://rustup.rs, then run this again"
    need cc:build-essential # SQLite is compiled from its C source
}
