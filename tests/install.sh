#!/bin/sh
# What the tests need beside Python: a browser, Node.js for the glTF validator, systemd to check the units, Redis, and what makes hosts
# of network namespaces. Debian and its like, as root or by sudo.
set -eu
cd "$(dirname "$0")"

missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v openssl >/dev/null || missing="$missing openssl"
command -v setpriv >/dev/null || missing="$missing util-linux"
command -v ip >/dev/null || missing="$missing iproute2"
command -v nft >/dev/null || missing="$missing nftables"
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null; then
        echo "please install:$missing" >&2
        exit 1
    fi
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
# Only Prometheus' tool: the whole package would begin a server. Tests that need it are skipped without it.
if ! command -v promtool >/dev/null && [ ! -x ../.venv/bin/promtool ] && command -v apt-get >/dev/null; then
    unpacked=$(mktemp -d)
    if (cd "$unpacked" && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .) >/dev/null 2>&1; then
        mkdir -p ../.venv/bin
        cp "$unpacked/usr/bin/promtool" ../.venv/bin/promtool
    else
        echo "promtool could not be had; the alert rules are not tested" >&2
    fi
    rm -r "$unpacked"
fi
mkdir -p ../.venv
npm ci --silent --no-audit --no-fund
