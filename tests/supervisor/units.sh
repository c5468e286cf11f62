#!/bin/sh
# The unit, users and directories, read by systemd's own tools in a directory of their own: nothing
# unknown in them, and each user that reeved looks up is made. Usage: units.sh BUILD_DIR SOURCE_DIR.
set -u
build=$1
source=$2
for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed" >&2; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: systemd-tmpfiles --root changes owners" >&2; exit 77; }
root=$(mktemp -d) || exit 99
trap 'rm -rf "$root"' EXIT
bad=0
fail() { echo "FAILED: $*"; bad=1; }

mkdir -p "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d" "$root/etc"
cp "$source/agent/daemon/systemd/reeve.sysusers.conf" "$root/usr/lib/sysusers.d/reeve.conf"
cp "$source/agent/daemon/systemd/reeve.tmpfiles.conf" "$root/usr/lib/tmpfiles.d/reeve.conf"
out=$(systemd-sysusers --root="$root" reeve.conf 2>&1) || fail "sysusers: $out"
for user in reeve _reeve-open _reeve-discover _reeve-broker _reeve-plughost _reeve-report; do
	grep -q "^$user:" "$root/etc/passwd" || fail "sysusers makes no $user"
	grep -q "\"$user\"" "$source/agent/daemon/reeved_setup.c" || fail "reeved does not know $user"
done
grep -q '^reeve-operators:' "$root/etc/group" || fail "sysusers makes no group reeve-operators"
out=$(systemd-tmpfiles --root="$root" --create reeve.conf 2>&1) || fail "tmpfiles: $out"
[ "$(stat -c %a "$root/var/lib/reeve/keys" 2>/dev/null)" = 700 ] || fail "keys/ is not 0700"
[ "$(stat -c %a "$root/var/lib/reeve" 2>/dev/null)" = 711 ] || fail "the state directory is not 0711"

# The program's path is the installed one; here it is the built one.
sed "s|^ExecStart=.*|ExecStart=$build/bin/reeved|; /^Documentation=/d" \
	"$build/agent/daemon/reeved.service" >"$root/reeved.service"
out=$(systemd-analyze verify "$root/reeved.service" 2>&1)
[ -z "$out" ] || fail "systemd-analyze verify: $out"
# The exposure may fall, not rise.
level=$(systemd-analyze security --offline=yes "$root/reeved.service" 2>/dev/null |
	sed -n 's/.*exposure level for reeved.service: \([0-9.]*\).*/\1/p')
if [ -n "$level" ]; then
	echo "exposure level $level"
	awk -v l="$level" 'BEGIN { exit !(l <= 4.3) }' || fail "exposure level $level, was 4.3"
fi
exit $bad
