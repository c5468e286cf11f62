#!/usr/bin/env bash
# A clean Debian in a folder, as an installer leaves it, with a few servers: for tests that count what
# such a host shows. Made once by debootstrap from the mirror this machine's apt uses, kept as a
# tarball outside the repository, and unpacked for each test.
# Usage: debian_root.sh DIR    unpacks into DIR (made if missing, must be empty)
# Exit: 0 done, 77 cannot be had here (the reason on stdout), 1 failed.
# RV_TEST_CACHE names another folder for the tarball.
set -uo pipefail
suite=bookworm
packages=nginx-light,openssl,ssl-cert,openssh-server,postgresql-common
dir=${1:?usage: debian_root.sh DIR}
cache=${RV_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/reeve-tests}
tarball="$cache/debian-$suite-$(printf '%s' "$packages" | cksum | cut -d' ' -f1).tar"
work=

skip() {
	printf 'SKIPPED: %s\n' "$*"
	exit 77
}

fail() {
	printf 'debian_root.sh: %s\n' "$*" >&2
	exit 1
}

clean() { [ -z "$work" ] || rm -rf --one-file-system "$work"; }
trap clean EXIT

# The first of apt's sources that has the suite.
mirror() {
	command -v apt-get >/dev/null || return 1
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		awk -v suite=$suite '$2 == suite && $3 == "main" { print $1; exit }'
}

proxy() {
	local Proxy=
	[ -z "${http_proxy:-}" ] || return 0
	eval "$(apt-config shell Proxy Acquire::http::Proxy 2>/dev/null)"
	[ -z "$Proxy" ] || export http_proxy=$Proxy
}

make() {
	local url log
	[ "$(id -u)" = 0 ] || skip "debootstrap needs root"
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	url=$(mirror)
	[ -n "$url" ] || skip "apt here has no source for Debian $suite"
	proxy
	work=$(mktemp -d /var/tmp/reeve-debian.XXXXXX) || fail "no room in /var/tmp"
	log="$cache/debootstrap.log"
	# debootstrap puts a start-stop-daemon in place that starts nothing.
	timeout 900 debootstrap --variant=minbase --include="$packages" "$suite" "$work/root" "$url" \
		>"$log" 2>&1 || skip "debootstrap of $suite failed: $(tail -n 1 "$log")"
	rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
	tar -C "$work/root" --one-file-system --numeric-owner -cf "$tarball.new" . || fail "tar"
	mv "$tarball.new" "$tarball" || fail "mv"
}

mkdir -p "$cache" || fail "no cache folder $cache"
chmod 0700 "$cache"
# Two tests at once make it once.
exec 9>"$cache/lock" || fail "no lock in $cache"
flock -w 900 9 || fail "another process has been making it for 15 minutes"
[ -s "$tarball" ] || make
mkdir -p "$dir" || fail "mkdir $dir"
[ -z "$(ls -A "$dir")" ] || fail "$dir is not empty"
tar -C "$dir" --numeric-owner --same-owner -xpf "$tarball" 2>/dev/null ||
	[ "$(id -u)" != 0 ] || fail "unpacking into $dir"
exit 0
