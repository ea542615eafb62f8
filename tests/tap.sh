# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# tap.sh - TAP for scripts: source it, call `check` for each claim, `plan` last.
# Does not own: how TAP is read (run.sh).

tap_count=0

pass() {
	echo "ok $((tap_count += 1)) - $1"
}

# fail NAME [LINE]...
fail() {
	echo "not ok $((tap_count += 1)) - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

# check NAME COMMAND...: passes when the command succeeds; shows what it said if not.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "$said"
	fi
}

# none NAME TEXT: passes when TEXT is empty; TEXT lists what is wrong.
none() {
	if [ -z "$2" ]; then
		pass "$1"
	else
		fail "$1" "$2"
	fi
}

skip() {
	echo "ok $((tap_count += 1)) - $1 # SKIP $2"
}

# Shown by the runner even when all is well.
note() {
	echo "# note: $*"
}

plan() {
	echo "1..$tap_count"
}

# The files of the project, tracked or about to be, one path a line; outside
# of a git clone all files but what was built.
project_files() {
	local path
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -co --exclude-standard
	else
		find . -name .git -prune -o -path ./build -prune -o -type f -printf '%P\n'
	fi | sort -u | while read -r path; do
		[ -f "$path" ] && echo "$path"
	done
}
