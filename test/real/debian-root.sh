#!/usr/bin/env bash
# Lays a root of another Debian suite beside this system, for servers that it has in another version.
# usage (as root): debian-root.sh SUITE DIR PACKAGE,PACKAGE,…
# needs: apt-get install --no-install-recommends debootstrap
set -euo pipefail
suite=$1 dir=$2 packages=$3
# The mirror is the one that this machine's own apt uses.
mirror=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^URIs:/ { print $2; exit }')
[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' /etc/apt/sources.list)
[ -n "$mirror" ] || { echo 'apt names no mirror' >&2; exit 1; }
rm -rf "$dir.part"
# The debootstrap of Debian 12 knows neither the name of a later suite (it takes the script of sid) nor its keys.
debootstrap --no-check-gpg --variant=minbase --include="$packages" "$suite" "$dir.part" "$mirror" \
  /usr/share/debootstrap/scripts/sid
rm -rf "$dir.part"/var/cache/apt/archives/*.deb "$dir.part"/usr/share/doc/* "$dir.part"/usr/share/locale/*
mv "$dir.part" "$dir"
