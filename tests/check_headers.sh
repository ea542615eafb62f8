#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_headers.sh - every header compiles alone, the public ones as C++ too,
# and every public primitive is complete: header, test, page.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Werror)
paths=(-I. -Ilibtrace/include)
# Kinds without files of their own: queue.h makes a joinable queue.
outside="joinablequeue"

# Twice: an include guard must hold.
compiles() {
	local header=$1
	shift
	printf '#include "%s"\n#include "%s"\nint unused_;\n' "$header" "$header" |
		"$@" "${paths[@]}" "${warnings[@]}" -fsyntax-only -
}

c_headers_alone() {
	local header bad=0
	while read -r header; do
		compiles "$header" "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wstrict-prototypes -x c || bad=1
	done < <(project_files | grep -E '^(libtrace|mpstat)/.*\.h$')
	return $bad
}

public_headers() {
	local header bad=0
	for header in libtrace/include/mptrace/*.h; do
		compiles "mptrace/$(basename "$header")" "$@" || bad=1
	done
	return $bad
}

# A program sees the installed directory only.
public_headers_outside() {
	local paths=(-Ilibtrace/include)
	public_headers "${CC:-cc}" -std=c11 -D_DEFAULT_SOURCE -x c
}

umbrella_is_complete() {
	local header name bad=0
	for header in libtrace/include/mptrace/*.h; do
		name=$(basename "$header")
		[ "$name" = mptrace.h ] && continue
		grep -q "^#include <mptrace/$name>" libtrace/include/mptrace/mptrace.h ||
			{ echo "mptrace.h does not include $name"; bad=1; }
	done
	return $bad
}

kinds() {
	sed -nE 's/^KIND\([A-Z0-9_]+, *[0-9]+, *([a-z0-9_]+),.*/\1/p' libtrace/contract/kinds.def
}

primitives_lack() {
	local kind
	kinds | while read -r kind; do
		[[ " $outside " == *" $kind "* ]] && continue
		[ -e "libtrace/include/mptrace/$kind.h" ] || echo "$kind: no public header"
		[ -e "libtrace/$kind.c" ] || echo "$kind: no libtrace/$kind.c"
		[ -e "tests/api/${kind}_test.c" ] || echo "$kind: no tests/api/${kind}_test.c"
		[ ! -d docs/api ] || ls docs/api/*"$kind"* >/dev/null 2>&1 ||
			echo "$kind: no page in docs/api"
	done
}

check "every header compiles alone, twice" c_headers_alone
check "public headers need nothing but themselves" public_headers_outside
if command -v g++ >/dev/null; then
	check "public headers are C++11" public_headers g++ -std=c++11 -x c++
	check "public headers are C++20" public_headers g++ -std=c++20 -x c++
else
	skip "public headers are C++11" "no g++"
	skip "public headers are C++20" "no g++"
fi
check "mptrace.h includes every public header" umbrella_is_complete
check "kinds.def was read" test "$(kinds | wc -l)" -ge 4
none "every public primitive has its header, source, test and page" "$(primitives_lack)"
plan
