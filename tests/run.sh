#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh - runs test programs, reads their TAP, counts.
#
#   tests/run.sh [PATTERN]     only tests whose path contains PATTERN
#
# A test is  tests/{api,crash,unit,bpf}/x_test.c  (built below $BUILD; those of bpf skip
# where the kernel does not let us, and are not there with BPF=0),
# tests/e2e/x.sh or x.py  and  tests/check_x.sh.  Each prints TAP.  It finds:
#   the current directory   the root of the repository
#   $BUILD                  absolute path of what was built: $BUILD/mpstat,
#                           $BUILD/programs/x
#   $TMPDIR                 a directory of its own, removed afterwards
#   standard input          empty; no MPTRACE_* variable is set
# A file in tests/e2e without #! is a library of the scripts there.  Lines that
# begin with "# note: " are shown even when the test passes.
#
# Switches (environment): SUITES="api crash unit bpf check e2e"  TEST_TIMEOUT=300 (seconds)
# EXCLUDE=text (tests whose path contains it count as one skipped each)
# TEST_JOBS=2 (programs at once; e2e scripts always run alone, as they look at
# the whole machine)  TEST_WRAPPER="valgrind ..." (before each program of the first four).
#
# A program fails as a whole when it is killed, times out, leaves processes
# behind, exits non-zero without having said why, or when its plan does not
# match what it printed.  The last line is "N passed, N failed, N skipped".

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2

pattern=${1:-}
BUILD=$(realpath -m "${BUILD:-build}")
export BUILD
results=$BUILD/test-results
# Stepping through a program takes as long as the machine is busy.
limit=${TEST_TIMEOUT:-300}
jobs=${TEST_JOBS:-2}
shown_lines=120

export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
unset "${!MPTRACE_@}" CMOCKA_XML_FILE CMOCKA_TEST_FILTER LINES COLUMNS

# Prints "SUITE SOURCE" for each test of one suite.
list_suite() {
	local source
	case $1 in
	api | crash | unit | bpf) set -- "$1" tests/"$1"/*_test.c ;;
	e2e) set -- e2e tests/e2e/*.sh tests/e2e/*.py ;;
	check) set -- check tests/check_*.sh ;;
	*) echo "run.sh: no suite is called $1" >&2; return 1 ;;
	esac
	for source in "${@:2}"; do
		[[ -e $source && $source == *"$pattern"* ]] || continue
		[[ $1 != e2e || $(head -c 2 "$source") == '#!' ]] || continue
		[[ $1 != bpf || -e $BUILD/${source%.c} ]] || continue
		echo "$1 $source"
	done
}

# Sets `command` to what runs the test.
command_of() {
	case $1 in
	api | crash | unit | bpf)
		# Wrapper and its options are words.
		# shellcheck disable=SC2206
		command=(${TEST_WRAPPER:-} "$BUILD/${2%.c}") ;;
	*) command=("./$2") ;;
	esac
}

# Prints the processes of session $1 that live: one "pid (name)" per line.
session_members() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" '
		{ name = $0; sub(/^[0-9]+ \(/, "", name); sub(/\) [^)]*$/, "", name)
		  split(substr($0, length($1) + length(name) + 5), rest, " ") }
		rest[4] == session && rest[1] !~ /[ZX]/ { print $1, "(" name ")" }'
}

# Prints who of session $1 still runs after a grace time.
left_behind() {
	local tries=0 found
	while found=$(session_members "$1") && [ -n "$found" ]; do
		[ $((tries += 1)) -gt 20 ] && { echo "$found"; return; }
		sleep 0.1
	done
}

end_session() {
	local pid
	session_members "$1" | while read -r pid _; do
		kill -KILL "$pid" 2>/dev/null
	done
}

# Reads TAP, prints "passed failed skipped complaint...".
count_tap() {
	awk '
	/^[ \t]*1\.\.[0-9]+/ { sub(/^[ \t]*1\.\./, ""); plan += $0; plans++; next }
	/^Bail out!/ { bail = $0 }
	/^(not )?ok([ \t]|$)/ {
		if (tolower($0) ~ /#[ \t]*skip/) skipped++
		else if ($1 == "ok") passed++
		else failed++
	}
	END {
		seen = passed + failed + skipped
		printf "%d %d %d ", passed, failed, skipped
		if (bail) print bail
		else if (!plans) print "printed no plan"
		else if (plan == 0) print "planned no test"
		else if (plan != seen) printf "planned %d tests, reported %d\n", plan, seen
	}' "$1"
}

# Why the program failed as a whole, if it did: $1 status, $2 failed tests.
verdict() {
	if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
		echo "stopped after $limit seconds or killed"
	elif [ "$1" -gt 128 ] && [ "$1" -lt 193 ]; then
		echo "died of signal $(kill -l $(($1 - 128)))"
	elif [ "$1" -ne 0 ] && [ "$2" -eq 0 ]; then
		echo "exited with $1"
	fi
}

# Runs one test; leaves x.out, x.err and x.result (see report).
run_one() {
	local suite=$1 source=$2 base start status session left
	local -a command complaints=()
	base=$results/${source#tests/}
	mkdir -p "$(dirname "$base")"
	command_of "$suite" "$source"
	TMPDIR=$(mktemp -d -p "$scratch") || return
	export TMPDIR
	start=$EPOCHREALTIME
	# setsid makes what it starts findable; sh tells the session's number.
	# The $ are for that shell.
	# shellcheck disable=SC2016
	# The outer braces keep bash's own words about a killed program away.
	{
		setsid -w sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$base.sid" \
			timeout -k 5 "$limit" "${command[@]}" \
			</dev/null >"$base.out" 2>"$base.err"
		status=$?
	} 2>/dev/null
	session=$(<"$base.sid")
	left=$(left_behind "$session")
	if [ -n "$left" ]; then
		complaints+=("left processes behind: $left")
		end_session "$session"
	fi
	rm -rf -- "$TMPDIR" "$base.sid"
	local passed failed skipped said
	read -r passed failed skipped said < <(count_tap "$base.out")
	local why
	why=$(verdict "$status" "$failed")
	[ -n "$why" ] && complaints+=("$why")
	[ -n "$said" ] && complaints+=("$said")
	# Times may come with a comma in some locales, not in C.
	printf '%d %d %d %s %s\n' "$passed" "$((failed + ${#complaints[@]}))" "$skipped" \
		"$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" \
		"$(IFS=';'; echo "${complaints[*]}" | tr '\n' ' ')" >"$base.result"
}

show_tail() {
	local total
	total=$(wc -l <"$1")
	[ "$total" -gt "$shown_lines" ] &&
		echo "    ... $((total - shown_lines)) lines above these: $1"
	tail -n "$shown_lines" "$1" | sed 's/^/    /'
}

# Prints the line of one finished test, adds to the sums.
report() {
	local source=$1 base passed failed skipped seconds said
	base=$results/${source#tests/}
	if ! read -r passed failed skipped seconds said <"$base.result"; then
		passed=0 failed=1 skipped=0 seconds=0 said="run.sh could not run it"
	fi
	printf '%-4s %-40s %4d passed %3d failed %3d skipped %6ss\n' \
		"$([ "$failed" -eq 0 ] && echo ok || echo FAIL)" "$source" \
		"$passed" "$failed" "$skipped" "$seconds"
	sum_passed=$((sum_passed + passed))
	sum_failed=$((sum_failed + failed))
	sum_skipped=$((sum_skipped + skipped))
	sed -n 's/^# note: /    /p' "$base.out" 2>/dev/null
	[ "$skipped" -gt 0 ] && grep -iE '^(not )?ok.*#[[:space:]]*skip' "$base.out" | sed 's/^/    /'
	[ "$failed" -gt 0 ] || return 0
	failures+=("$source")
	[ -n "$said" ] && echo "    $said"
	show_tail "$base.out"
	[ -s "$base.err" ] && { echo "    standard error:"; show_tail "$base.err"; }
	return 0
}

# Reads "SUITE SOURCE" lines, runs $1 at once, reports each when it is done.
run_list() {
	local at_once=$1 suite source pid
	local -A running=()
	while read -r suite source; do
		if [ "${#running[@]}" -ge "$at_once" ]; then
			wait -n -p pid
			report "${running[$pid]}"
			unset "running[$pid]"
		fi
		run_one "$suite" "$source" &
		running[$!]=$source
	done
	while [ "${#running[@]}" -gt 0 ]; do
		wait -n -p pid
		report "${running[$pid]}"
		unset "running[$pid]"
	done
}

# A run that is stopped takes its tests with it.
stop() {
	trap '' INT TERM HUP
	local file
	for file in "$results"/*.sid "$results"/*/*.sid; do
		[ -s "$file" ] && end_session "$(<"$file")"
	done
	echo "run.sh: stopped"
	exit 130
}
scratch=$(mktemp -d) || exit 2
# A test that lets another user into its own directory lets it through here.
chmod 711 "$scratch"
trap 'rm -rf -- "$scratch"' EXIT
trap stop INT TERM HUP

sum_passed=0 sum_failed=0 sum_skipped=0
failures=()
rm -rf -- "$results"
mkdir -p "$results" || exit 2

together=() alone=()
for suite in ${SUITES:-api crash unit bpf check e2e}; do
	while read -r line; do
		if [ -n "${EXCLUDE:-}" ] && [[ $line == *"$EXCLUDE"* ]]; then
			printf 'skip %s (EXCLUDE=%s)\n' "${line#* }" "$EXCLUDE"
			sum_skipped=$((sum_skipped + 1))
		elif [ "$suite" = e2e ]; then
			alone+=("$line")
		else
			together+=("$line")
		fi
	done < <(list_suite "$suite")
done
[ ${#together[@]} -gt 0 ] && run_list "$jobs" < <(printf '%s\n' "${together[@]}")
[ ${#alone[@]} -gt 0 ] && run_list 1 < <(printf '%s\n' "${alone[@]}")

if [ $((sum_passed + sum_failed)) -eq 0 ]; then
	echo "run.sh: no test was executed${pattern:+ (pattern: $pattern)}"
	sum_failed=1
fi
[ ${#failures[@]} -gt 0 ] && printf 'failed: %s\n' "${failures[@]}"
echo "$sum_passed passed, $sum_failed failed, $sum_skipped skipped"
[ "$sum_failed" -eq 0 ]
