#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_toplevel.sh - `ls` shows the house and nothing else; what is generated
# stays in build/.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

house='LICENSE Makefile README.md bpf docs libtrace mpstat tests'

seen() {
	project_files | cut -d/ -f1 | grep -v '^\.' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Products of compilers and interpreters among the sources.
generated() {
	find . -path ./.git -prune -o -path ./build -prune -o \
		\( -name '*.o' -o -name '*.d' -o -name '*.so*' -o -name '*.a' -o -name '*.pyc' \
		-o -name '__pycache__' -o -name 'core' -o -name 'core.*' -o -name 'a.out' \
		-o -name '*.gcda' -o -name '*.gcno' -o -name '*~' \) -print
}

check "the top level is: $house" test "$(seen)" = "$house"
none "nothing generated lies outside of build/" "$(generated)"
[ "$(seen)" = "$house" ] || echo "# it is: $(seen)"
plan
