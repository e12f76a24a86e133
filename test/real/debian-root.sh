#!/usr/bin/env bash
# Lays a root of another Debian suite beside this system, for servers that it has in another version.
# usage (as root): debian-root.sh SUITE DIR PACKAGE,PACKAGE,… [DIRECTORY OF APT'S CONFIGURATION]
# needs: apt-get install --no-install-recommends debootstrap
set -euo pipefail
suite=$1 dir=$2 packages=$3 apt=${4:-/etc/apt}
# The mirror is the one that this machine's own apt uses.
mirror=$({ cat "$apt"/sources.list.d/*.sources 2>/dev/null || true; } | awk '/^URIs:/ { print $2; exit }')
[ -n "$mirror" ] || mirror=$({ cat "$apt/sources.list" 2>/dev/null || true; } |
  awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }')
[ -n "$mirror" ] || { echo "apt names no mirror in $apt" >&2; exit 1; }
rm -rf "$dir.part"
# The debootstrap of Debian 12 knows neither the name of a later suite (it takes the script of sid) nor its keys.
debootstrap --no-check-gpg --variant=minbase --include="$packages" "$suite" "$dir.part" "$mirror" \
  /usr/share/debootstrap/scripts/sid
rm -rf "$dir.part"/var/cache/apt/archives/*.deb "$dir.part"/usr/share/doc/* "$dir.part"/usr/share/locale/*
# What is mounted in an old root outlives a run that was killed.
while mountpoint -q "$dir/proc"; do umount --lazy "$dir/proc"; done
rm -rf "$dir"
mv "$dir.part" "$dir"
