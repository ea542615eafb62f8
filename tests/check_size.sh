#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_size.sh - functions of at most 60 lines, files of at most 600.  Median
# and 90th percentile of function lengths are reported, not enforced.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

function_limit=60
file_limit=600

# "LINES NAME FILE:LINE" of each C function.
functions() {
	project_files | grep -E '\.[ch]$' |
		ctags -L - -f - --languages=C --langmap=C:.c.h --kinds-C=f --fields=ne --sort=no |
		awk -F '\t' '{
			line = end = 0
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) line = substr($i, 6)
				if ($i ~ /^end:/) end = substr($i, 5)
			}
			if (end) print end - line + 1, $1, $2 ":" line
		}'
}

long_functions() {
	functions | awk -v limit=$function_limit '$1 > limit { print $3 ": " $2 " has " $1 " lines" }'
}

# The length below which $1 percent of the functions of files $2... are.
percentile() {
	functions | grep -E " ($2)/" | awk '{ print $1 }' | sort -n |
		awk -v part="$1" '{ length_[NR] = $1 } END { print length_[int((NR - 1) * part / 100) + 1] }'
}

long_files() {
	project_files | grep -E '\.([ch]|def|sh|py)$|^Makefile$' | while read -r path; do
		lines=$(wc -l <"$path")
		[ "$lines" -gt $file_limit ] && echo "$path has $lines lines"
	done
}

if command -v ctags >/dev/null && ctags --version | grep -q Universal; then
	check "functions were found" test "$(functions | wc -l)" -gt 50
	none "no function is longer than $function_limit lines" "$(long_functions)"
	note "$(functions | wc -l) functions; product: median $(percentile 50 'libtrace|mpstat')," \
		"p90 $(percentile 90 'libtrace|mpstat') lines;" \
		"tests: median $(percentile 50 tests), p90 $(percentile 90 tests)"
else
	skip "no function is longer than $function_limit lines" "no universal-ctags"
fi
none "no file is longer than $file_limit lines" "$(long_files)"
plan
