#!/bin/sh
# Fetches optional tools of the tests that this machine lacks, from its own Debian archive, into
# target/c-tests/tools. Nothing is installed. Tests find them there; without them they report what
# they skip.
#
# usage: c-tests/tools.sh [package...]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/target/c-tests/apt
tools=$root/target/c-tests/tools
[ $# -gt 0 ] || set -- clang-19 musl-tools mandoc golang-go

# Packages fetched before are already there.
stamp="$tools/.$(echo "$@" | tr ' ' '_')"
[ ! -e "$stamp" ] || exit 0
mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$tools"
apt() {
    LC_ALL=C apt-get -q -y -o Debug::NoLocking=1 -o Dir::State::lists="$cache/lists" \
        -o Dir::Cache="$cache" -o Dir::Cache::archives="$cache/archives" \
        -o APT::Sandbox::User= -o APT::Install-Recommends=false -o Acquire::Languages=none "$@"
}
[ -e "$cache/updated" ] || { apt update && touch "$cache/updated"; }
apt --download-only install "$@"
for package in "$cache"/archives/*.deb; do
    dpkg-deb -x "$package" "$tools"
done
touch "$stamp"
