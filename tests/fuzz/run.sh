#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh - runs every fuzz target: first over its corpus, then for some time.
#
#   tests/fuzz/run.sh [SECONDS [TARGET...]]   60 seconds each; 0: only the corpus
#
# `make fuzz` builds them.  An input that breaks something is left in $BUILD/fuzz/found and
# named; once that is repaired it belongs into tests/fuzz/corpus/TARGET.  What libFuzzer said
# is in $BUILD/fuzz/TARGET.log; coverage is shown as a note.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh

BUILD=$(realpath -m "${BUILD:-build}")
seconds=${1:-60}
shift
targets=("$@")
found=$BUILD/fuzz/found
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
unset "${!MPTRACE_@}"

# Files are written for each input: in memory where that can be had.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 2
export TMPDIR
trap 'rm -rf -- "$TMPDIR"' EXIT
mkdir -p "$found" || exit 2
if [ ${#targets[@]} -eq 0 ]; then
	for source in tests/fuzz/fuzz_*.c; do
		source=${source##*/fuzz_}
		targets+=("${source%.c}")
	done
fi

# An input that takes 25 s counts as a hang: a slow machine needs 2.
fuzz() {
	local target=$1
	shift
	"$BUILD/fuzz/$target" -timeout=25 -rss_limit_mb=2048 -max_len=1024 -len_control=0 \
		-print_final_stats=1 -artifact_prefix="$found/$target-" "$@" \
		>"$BUILD/fuzz/$target.log" 2>&1 && return
	grep -E 'not so:|ERROR|runtime error|SUMMARY|Test unit written' "$BUILD/fuzz/$target.log"
	return 1
}

# Edges and features covered, inputs run.
coverage() {
	awk '/ cov: / { sub(/^.* cov: /, "cov: "); last = $0 }
		/stat::number_of_executed_units/ { runs = $2 }
		END { split(last, word); printf "%s edges, %s features, %s runs", word[2], word[4], runs }' \
		"$BUILD/fuzz/$1.log"
}

for target in "${targets[@]}"; do
	if [ ! -x "$BUILD/fuzz/$target" ]; then
		fail "$target was built" "make fuzz"
		continue
	fi
	check "$target survives its corpus" fuzz "$target" -runs=0 "tests/fuzz/corpus/$target"
	[ "$seconds" -gt 0 ] || continue
	mkdir -p "$TMPDIR/$target"
	# What is found goes into the first directory, and away with it.
	check "$target survives $seconds s" fuzz "$target" -max_total_time="$seconds" \
		"$TMPDIR/$target" "tests/fuzz/corpus/$target"
	note "$target: $(coverage "$target")"
done
plan
