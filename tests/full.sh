#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# full.sh - what takes longer than `make check`, as steps that count as tests.
#
#   tests/full.sh          everything: `make check-full`
#   tests/full.sh bounded  the share that .ci/run affords
#
# Steps: clang without warnings, the interface as it is kept (abi.sh), unit, api and crash
# tests under the address and undefined-behaviour sanitizers (a leak fails), the fuzz targets
# (each over its corpus and 10 s on; unbounded 10 minutes), and, unbounded, threads as members
# under the thread sanitizer, valgrind on the unit tests, the models of tests/spin in larger
# sizes, a kill at every instruction of the library's calls (in MPT_STEP runs of the step
# tests, each at every MPT_STEP-th), calls of the library in a sandbox that forbids one system
# call after the other, 1,000 random process trees, healthy programs watched for a minute
# each, 100,000 kills in a storm over all primitives, mutants of the library that the crash
# tests must find, and the api and crash tests twenty times over.
# MPT_STEP=n changes the number of those runs (7), STORM_KILLS=n the 100,000, REPEAT=n the
# twenty.
# The last line is "N passed, N failed, N skipped".

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2

BUILD=$(realpath -m "${BUILD:-build}")
# Each step names its own switches.
unset MAKEFLAGS MAKELEVEL CC SAN WERROR T
fine=${MPT_STEP:-7} kills=${STORM_KILLS:-100000}
unset MPT_STEP MPT_STEP_AT STORM_KILLS
passed=0 failed=0 skipped=0

step() {
	printf '\n== %s\n' "$*"
}

# Adds the last line of a test run, read from the file $1.
add_run() {
	local p f s
	if read -r p f s < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$1") &&
		[ -n "$s" ]; then
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	else
		failed=$((failed + 1))
	fi
}

# Runs a command that counts as one test.
one() {
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		return 1
	fi
}

skip() {
	echo "skipped: $*"
	skipped=$((skipped + 1))
}

# Runs tests/run.sh in build directory $1, with pattern $2 if there is one, and adds
# its sums.
tests_in() {
	local out=$BUILD/full-run.log
	BUILD=$1 tests/run.sh "${@:2}" | tee "$out"
	add_run "$out"
}

build() {
	make --no-print-directory -j"$(nproc)" WERROR=1 tests "$@"
}

clang_step() {
	step "clang, no warning"
	command -v clang >/dev/null || { skip "no clang (Debian package clang)"; return; }
	one build BUILD="$BUILD/clang" CC=clang || return
	[ "$1" = bounded ] && return
	step "unit, api and crash tests as built by clang"
	SUITES="unit api crash" tests_in "$BUILD/clang"
}

abi_step() {
	step "the interface, against the one that is kept"
	command -v abidw >/dev/null || { skip "no abidw (Debian package abigail-tools)"; return; }
	one build BUILD="$BUILD" || return
	BUILD="$BUILD" one tests/abi.sh
}

sanitizer_step() {
	step "unit, api, crash and bpf tests under the address and undefined-behaviour sanitizers"
	one build BUILD="$BUILD" SAN=address,undefined || return
	# The step tests stop a program at chosen instructions; here most of those would be
	# the sanitizer's own.
	SUITES="unit api crash bpf" EXCLUDE=step TEST_TIMEOUT=300 tests_in "$BUILD/san-address-undefined"
}

# Members of a domain are threads: those of one process stand for those of several, on one
# mapping, where the sanitizer sees them.
thread_step() {
	local test
	step "threads as members, under the thread sanitizer"
	one make --no-print-directory -j"$(nproc)" WERROR=1 BUILD="$BUILD" SAN=thread \
		"$BUILD"/san-thread/tests/{api/hammer,crash/threads_all}_test || return
	for test in hammer threads_all; do
		SUITES="api crash" TEST_TIMEOUT=600 tests_in "$BUILD/san-thread" "$test"
	done
}

valgrind_step() {
	step "unit tests under valgrind"
	command -v valgrind >/dev/null || { skip "no valgrind (Debian package valgrind)"; return; }
	one build BUILD="$BUILD" || return
	# valgrind 3.19 does not know pidfd_open.
	SUITES=unit EXCLUDE=unit/kill_test TEST_TIMEOUT=600 \
		TEST_WRAPPER="valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99" \
		tests_in "$BUILD"
}

# Where `make check` samples.  Each run kills at every $fine-th instruction and begins one later
# than the run before, in domains of its own: together they kill at every one.  A run takes
# some minutes on two processors; the time that each test may take grows with the fineness
# (support.c).
fine_step() {
	local at
	one build BUILD="$BUILD" || return
	for ((at = 0; at < fine; at++)); do
		step "step tests, a kill at each ${fine}th instruction, from $at on"
		MPT_STEP=$fine MPT_STEP_AT=$at SUITES=crash TEST_TIMEOUT=7200 tests_in "$BUILD" step
	done
}

forbidden_step() {
	step "a failure of each allocation and system call, EPERM too"
	one build BUILD="$BUILD" || return
	FAIL_FORBIDDEN=1 SUITES=crash TEST_TIMEOUT=1200 tests_in "$BUILD" crash/fail_
}

storm_step() {
	step "a storm over all primitives, ${kills} kills"
	one build BUILD="$BUILD" || return
	STORM_KILLS=$kills SUITES=crash TEST_TIMEOUT=14400 tests_in "$BUILD" storm_all
}

mutants_step() {
	local out=$BUILD/mutants.log
	step "mutants of the library that the crash tests must find"
	one build BUILD="$BUILD" || return
	tests/crash/mutants.py | tee "$out"
	passed=$((passed + $(grep -c '^ok' "$out"))) failed=$((failed + $(grep -c '^not ok' "$out")))
	rm -f "$out"
}

repeat_step() {
	local round times=${REPEAT:-20}
	step "api and crash tests $times times"
	one build BUILD="$BUILD" || return
	for ((round = 1; round <= times; round++)); do
		echo "-- round $round of $times"
		SUITES="api crash" tests_in "$BUILD"
	done
}

# Two minutes of computing.
spin_step() {
	step "the models, in larger sizes, and all of their mutants"
	SPIN=full SUITES=check TEST_TIMEOUT=3600 tests_in "$BUILD" check_spin
}

trees_step() {
	step "1,000 random process trees against their truth"
	one build BUILD="$BUILD" || return
	LIFE_TREES=1000 SUITES=e2e TEST_TIMEOUT=1800 tests_in "$BUILD" 70_life
}

healthy_step() {
	step "healthy programs, each watched for a minute"
	one build BUILD="$BUILD" || return
	HEALTHY_SECONDS=60 SUITES=e2e TEST_TIMEOUT=3600 tests_in "$BUILD" 82_healthy
}

# Can clang link a fuzz target?
has_libfuzzer() {
	printf '%s\n' 'int LLVMFuzzerTestOneInput(const char *, long);' \
		'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' |
		clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null - 2>/dev/null
}

fuzz_step() {
	local seconds=600 out=$BUILD/fuzz-run.log
	[ "$1" = bounded ] && seconds=10
	step "fuzz targets, each over its corpus and $seconds s on"
	has_libfuzzer || { skip "no libFuzzer (Debian packages clang, libclang-rt-dev)"; return; }
	one make --no-print-directory -j"$(nproc)" WERROR=1 fuzz BUILD="$BUILD" || return
	BUILD=$BUILD tests/fuzz/run.sh "$seconds" | tee "$out"
	passed=$((passed + $(grep -c '^ok' "$out"))) failed=$((failed + $(grep -c '^not ok' "$out")))
	rm -f "$out"
}

clang_step "${1:-}"
abi_step
sanitizer_step
fuzz_step "${1:-}"
if [ "${1:-}" != bounded ]; then
	thread_step
	valgrind_step
	fine_step
	forbidden_step
	spin_step
	trees_step
	healthy_step
	storm_step
	mutants_step
	repeat_step
fi
rm -f "$BUILD/full-run.log"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
