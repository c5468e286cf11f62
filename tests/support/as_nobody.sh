#!/bin/sh
# Runs a test program as uid 65534, so that what must hold without root is tried without root.
# Skips (77) when not started by root, or when nobody cannot reach the build directory.
[ "$(id -u)" = 0 ] || { echo "skipped: only root can become another user" >&2; exit 77; }
command -v setpriv >/dev/null || { echo "skipped: setpriv is not installed" >&2; exit 77; }
as="setpriv --reuid 65534 --regid 65534 --clear-groups"
$as test -x "$1" || { echo "skipped: uid 65534 cannot reach $1" >&2; exit 77; }
cd /
exec $as env -u TMPDIR "$@"
