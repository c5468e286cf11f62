#!/bin/sh
# A generated file must be what its generator prints now: fresh.sh GENERATOR FILE
set -eu
if "$1" | diff -u "$2" - >&2; then
	exit 0
fi
echo "$2 is stale; next: $1 > $2" >&2
exit 1
