#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_shell.sh - shellcheck has nothing to say about any script.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

scripts() {
	project_files | while read -r path; do
		case $path in
		*.sh) echo "$path" ;;
		*.*) ;;
		*) head -n 1 "$path" | grep -qE '^#!.*\<(ba)?sh\>' && echo "$path" ;;
		esac
	done
	echo .ci/run
}

not_executable() {
	scripts | while read -r path; do
		[ "$(head -c 2 "$path")" = '#!' ] && [ ! -x "$path" ] && echo "$path"
	done
}

shellcheck_all() {
	local -a all
	mapfile -t all < <(scripts)
	shellcheck -x -P tests:tests/e2e:SCRIPTDIR "${all[@]}"
}

if command -v shellcheck >/dev/null; then
	check "shellcheck has nothing to say" shellcheck_all
else
	skip "shellcheck has nothing to say" "no shellcheck"
fi
none "every script with #! can be executed" "$(not_executable)"
check "there are scripts to look at" test "$(scripts | wc -l)" -gt 8
plan
