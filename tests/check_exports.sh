#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_exports.sh - the library offers what the public headers declare, no more
# and no less, and the static archive disturbs no other name.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
BUILD=${BUILD:-build}

# Functions declared in public headers: preprocessed, bodies dropped, one
# declaration at a time.
declared() {
	local header
	for header in libtrace/include/mptrace/*.h; do
		"${CC:-cc}" -E -P -Ilibtrace/include "$header"
	done | tr '\n' ' ' | awk '
	{
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "{") depth++
			if (depth == 0) printf "%s", c
			if (c == "}" && --depth == 0) printf "\n"
			if (c == ";" && depth == 0) printf "\n"
		}
	}' | grep -vE '\<(static|typedef)\>' | grep -oE '\<mpt_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}

# Names of section-less version nodes are not symbols.
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort -u
}

versions() {
	nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | grep -v '@@MPTRACE_[0-9]'
}

soname() {
	readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p'
}

library=$BUILD/libmptrace.so.0
archive=$BUILD/libmptrace.a
check "the library was built" test -s "$library" -a -s "$archive"
check "functions were found in the headers" test "$(declared | wc -l)" -gt 10
none "everything declared is exported" "$(comm -23 <(declared) <(exported "$library"))"
none "everything exported is declared" "$(comm -13 <(declared) <(exported "$library"))"
none "every export has its version" "$(versions "$library")"
check "the soname is libmptrace.so.0" test "$(soname "$library")" = libmptrace.so.0
none "the archive defines mpt_ names only" \
	"$(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | grep -v '^mpt_')"
note "$(exported "$library" | wc -l) functions exported"
plan
