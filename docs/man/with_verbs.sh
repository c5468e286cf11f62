#!/bin/sh
# with_verbs.sh REEVE SOURCE SCDOC OUTPUT: a manual page whose line @VERBS@ is reeve's own verb table.
set -eu
verbs=$(mktemp)
trap 'rm -f "$verbs"' EXIT
"$1" --scdoc >"$verbs"
sed -e "/^@VERBS@\$/{
r $verbs
d
}" "$2" | "$3" >"$4"
