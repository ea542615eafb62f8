#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# demo.sh - the main job on a small real workload: `make demo`.
#
# Starts build/programs/demo (producers, a bounded queue that fills, consumers,
# a contended lock, after some seconds two processes in a deadlock).  On a
# terminal that has a screen it opens the viewer on it.  Else it waits for the deadlock and
# prints a batch frame, the verdict of `mpstat check` and where the JSON is; it
# fails when the verdict does not name the deadlock.  Whatever happens, the
# workload ends with it.

set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
shown=${BUILD#"$PWD"/}
log=$BUILD/demo.log
deadline=60 # seconds for the deadlock to stand
workload=

finish() {
	trap '' INT TERM HUP
	[ -n "$workload" ] || return
	# The workload is a session of its own: minus means all of its group.
	kill -KILL -- "-$workload" 2>/dev/null
	wait "$workload" 2>/dev/null
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
	echo "demo: $*" >&2
	[ -s "$log" ] && sed 's/^/    /' "$log" >&2
	exit 1
}

say() {
	printf '\n$ %s\n' "$*"
}

# Waits until the workload printed a line that begins with $1.
await_line() {
	local tries=0
	until grep -q "^$1" "$log"; do
		kill -0 "$workload" 2>/dev/null || fail "the workload ended by itself:"
		[ $((tries += 1)) -gt $((deadline * 5)) ] &&
			fail "the workload did not print '$1' within $deadline s:"
		sleep 0.2
	done
}

for program in "$BUILD/programs/demo" "$BUILD/mpstat"; do
	[ -x "$program" ] || fail "$program is not there; make builds it"
done

: >"$log" || fail "cannot write $log"
setsid "$BUILD/programs/demo" >"$log" 2>&1 </dev/null &
workload=$!
await_line 'demo: pid'
pid=$(sed -n 's/^demo: pid //p' "$log" | head -n 1)

if [ -t 0 ] && [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	"$BUILD/mpstat" -p "$pid"
	exit
fi

echo "demo: the workload is pid $pid; waiting for its two processes to block each other"
await_line 'demo: deadlock built'

say "$shown/mpstat top -b -n 1 -p $pid"
"$shown/mpstat" top -b -n 1 -p "$pid" || fail "no frame (exit code $?)"

say "$shown/mpstat check -p $pid"
verdict=$("$shown/mpstat" check -p "$pid")
code=$?
printf '%s\n(exit code %d: 1 says that a problem was found)\n' "$verdict" "$code"

say "$shown/mpstat snapshot --json -o $shown/demo.json -p $pid"
"$shown/mpstat" snapshot --json -o "$shown/demo.json" -p "$pid" || fail "no JSON (exit code $?)"
echo "the same as JSON: $shown/demo.json ($(wc -c <"$shown/demo.json") bytes)"

[ "$code" -eq 1 ] || fail "check should have exited with 1, not $code"
grep -qi deadlock <<<"$verdict" || fail "check did not name the deadlock"
