#!/bin/sh
# with_verbs.sh REEVE SOURCE SCDOC OUTPUT [VERB]: a manual page whose line @VERBS@ is reeve's own verb
# table, or of it what belongs to VERB.
set -eu
verbs=$(mktemp)
trap 'rm -f "$verbs"' EXIT
"$1" --scdoc ${5:+"$5"} >"$verbs"
sed -e "/^@VERBS@\$/{
r $verbs
d
}" "$2" | "$3" >"$4"
