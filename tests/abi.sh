#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# abi.sh - may a program that was linked with the last release go on with this library?
#
#   tests/abi.sh         compares build/libmptrace.so with what is kept in tests/abi/
#   tests/abi.sh keep    keeps what it is now; done by whoever adds to the interface,
#                        in the same commit
#
# BUILD=dir says where the library is, with debugging information.  Exits 0: the same;
# 1: something was added and is not kept yet; 2: something was changed or taken away, which
# needs a new version in libtrace/libmptrace.map or a new soname.

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 3

library=${BUILD:-build}/libmptrace.so.0
kept=tests/abi/libmptrace.abi

work=$(mktemp -d) || exit 3
trap 'rm -rf -- "$work"' EXIT

# Handles: what the public headers name and do not define is the library's own affair.  (To
# leave that to --headers-dir is not enough: it goes by the base names of files.)
handles() {
	cat libtrace/include/mptrace/*.h >"$work/headers"
	sed -nE 's/^struct (mpt_[a-z_]+);$/\1/p' "$work/headers" | sort -u |
		while read -r name; do
			grep -q "^struct $name {" "$work/headers" || echo "$name"
		done | paste -sd '|'
}

dump() {
	printf '[suppress_type]\n  type_kind = struct\n  name_regexp = ^(%s)$\n  drop = yes\n' \
		"$(handles)" >"$work/handles.suppr"
	abidw --headers-dir libtrace/include --drop-private-types --exported-interfaces-only \
		--suppressions "$work/handles.suppr" \
		--no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed \
		"$library" >"$1"
}

if [ "${1:-}" = keep ]; then
	dump "$kept" &&
		sed -i '1a <!-- SPDX-License-Identifier: BSD-2-Clause -->' "$kept"
	exit
fi
now=$work/now
dump "$now" || exit 3
abidiff "$kept" "$now"
status=$?
# The bits of its status: 1, 2 it could not compare; 4 a difference; 8 one that breaks.
[ $((status & 3)) -eq 0 ] || exit 3
[ $((status & 8)) -eq 0 ] || exit 2
if [ $((status & 4)) -ne 0 ]; then
	abidiff --deleted-fns --changed-fns --deleted-vars --changed-vars "$kept" "$now" >/dev/null
	[ $(($? & 4)) -eq 0 ] || exit 2
	echo "abi.sh: something was added; tests/abi.sh keep" >&2
	exit 1
fi
