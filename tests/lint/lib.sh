# Shared by the lints. Each is a bash script of its own: exit 0 clean, 1 found something, 77 skipped.
set -uo pipefail
root=$(cd "${RV_LINT_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd) || exit 1
found=0

bad() {
	printf '%s\n' "$*"
	found=1
}

skip() {
	printf 'SKIPPED: %s\n' "$*"
	exit 77
}

need() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# Our C files below the given folders, relative to the root.
c_files() { (cd "$root" && find "$@" -name '*.[ch]' -type f 2>/dev/null | LC_ALL=C sort); }

# A source without comments, lines kept.
without_comments() { gcc -fpreprocessed -dD -E "$1" 2>/dev/null | grep -v '^# '; }

finish() {
	[ $found = 0 ] && echo "clean${1:+: $1}"
	exit $found
}
