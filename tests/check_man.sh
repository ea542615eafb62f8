#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_man.sh - the man pages are well-formed, and every function has one.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
BUILD=${BUILD:-build}

pages() {
	project_files | grep -E '^docs/.*\.[1357]$'
}

well_formed() {
	local -a all
	mapfile -t all < <(pages)
	[ ${#all[@]} -gt 0 ] || return
	mandoc -T lint -W warning "${all[@]}"
}

without_page() {
	nm -D --defined-only "$BUILD/libmptrace.so.0" | sed -n 's/.* T \(mpt_[a-z0-9_]*\).*/\1/p' |
		while read -r name; do
			grep -qE "^\.Nm $name( |$)" docs/api/*.3 || echo "$name"
		done
}

check "there are man pages" test "$(pages | wc -l)" -ge 1
if command -v mandoc >/dev/null; then
	check "mandoc has nothing to say" well_formed
else
	skip "mandoc has nothing to say" "no mandoc"
fi
none "every exported function has a page" "$(without_page)"
check "functions were found" test "$(nm -D "$BUILD/libmptrace.so.0" | grep -c ' T mpt_')" -gt 10
plan
