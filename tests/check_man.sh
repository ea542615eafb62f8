#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_man.sh - the man pages are well-formed.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

pages() {
	project_files | grep -E '^docs/.*\.[1357]$'
}

well_formed() {
	local -a all
	mapfile -t all < <(pages)
	[ ${#all[@]} -gt 0 ] || return
	mandoc -T lint -W warning "${all[@]}"
}

check "there are man pages" test "$(pages | wc -l)" -ge 1
if command -v mandoc >/dev/null; then
	check "mandoc has nothing to say" well_formed
else
	skip "mandoc has nothing to say" "no mandoc"
fi
plan
