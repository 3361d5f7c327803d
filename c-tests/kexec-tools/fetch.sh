#!/bin/sh
# Fetches Debian's source package of kexec-tools, as it is, and unpacks it to the directory given.
# apt with sources of its own, derived from the machine's; nothing is installed.
#
# usage: fetch.sh DIRECTORY
set -eu

to=$1
cache=$to.apt
mkdir -p "$cache/lists/partial" "$cache/archives/partial"
# The machine's Debian suites, for sources; third parties' archives are no help here.
: >"$cache/sources.list"
for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    grep -q '^URIs:.*debian' "$file" || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$cache/$(basename "$file")"
done
grep -h '^deb .*debian' /etc/apt/sources.list 2>/dev/null | sed 's/^deb /deb-src /' \
    >"$cache/sources.list" || :
mkdir -p "$cache/parts"
mv "$cache"/*.sources "$cache/parts/" 2>/dev/null || :

apt() {
    LC_ALL=C apt-get -q -y -o Debug::NoLocking=1 -o Dir::State::lists="$cache/lists" \
        -o Dir::Cache="$cache" -o Dir::Etc::sourcelist="$cache/sources.list" \
        -o Dir::Etc::sourceparts="$cache/parts" -o APT::Sandbox::User= \
        -o Acquire::Languages=none "$@"
}
apt update
(cd "$cache" && apt --download-only source kexec-tools)
rm -rf "$to"
mkdir -p "$to"
# The upstream tarball is all that is needed: Debian's changes are packaging.
tar -C "$to" --strip-components=1 -xf "$cache"/kexec-tools_*.orig.tar.*z
