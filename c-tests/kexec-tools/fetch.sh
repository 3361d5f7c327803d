#!/bin/sh
# Fetches Debian's source package of kexec-tools, as it is, and unpacks it to the directory given,
# unless it is there. Uses apt with its own sources, derived from the machine's (or from
# XTASK_DEBIAN_MIRROR and XTASK_DEBIAN_KEYRING); nothing is installed.
#
# usage: fetch.sh DIRECTORY
set -eu

[ ! -e "$1/configure" ] || exit 0
mkdir -p "$(dirname "$1")"
to=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cache=$to.apt
rm -rf "$cache/parts"
mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/parts"
: >"$cache/sources.list"
if [ -n "${XTASK_DEBIAN_MIRROR:-}" ]; then
    signed=${XTASK_DEBIAN_KEYRING:+[signed-by=$XTASK_DEBIAN_KEYRING]}
    echo "deb-src $signed $XTASK_DEBIAN_MIRROR stable main" >"$cache/sources.list"
else
    # The machine's Debian suites, for sources; archives of third parties do not have them.
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        grep -q '^URIs:.*debian' "$file" || continue
        sed 's/^Types:.*/Types: deb-src/' "$file" >"$cache/parts/$(basename "$file")"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        sed -n '/debian/s/^deb \(.*\)/deb-src \1/p' "$file" >>"$cache/sources.list"
    done
fi

apt() {
    LC_ALL=C apt-get -q -y -o Debug::NoLocking=1 -o Dir::State::lists="$cache/lists" \
        -o Dir::Cache="$cache" -o Dir::Etc::sourcelist="$cache/sources.list" \
        -o Dir::Etc::sourceparts="$cache/parts" -o APT::Sandbox::User= \
        -o Acquire::Languages=none "$@"
}
apt update
(cd "$cache" && apt --download-only source kexec-tools)
# The upstream tarball is all that is needed: Debian's changes are packaging. A partial tree
# must not be taken for a complete one.
rm -rf "$to" "$to.new"
mkdir -p "$to.new"
set -- "$cache"/kexec-tools_*.orig.tar.*z
tar -C "$to.new" --strip-components=1 -xf "$1"
mv "$to.new" "$to"
