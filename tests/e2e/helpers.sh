# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# helpers.sh - starting programs, running mpstat, looking at what it said.
# Sourced by the scripts here after tap.sh.  Does not own: TAP (tap.sh).

mpstat=$BUILD/mpstat
# Used by the scripts.
# shellcheck disable=SC2034
programs=$BUILD/programs
python=/usr/bin/python3 # Debian's: it has jsonschema

declare -A fifo_of pid_of ended
started=()

# look ARGUMENT...: runs mpstat; sets status, and the files $out and $err.
out=$TMPDIR/out
err=$TMPDIR/err
look() {
	"$mpstat" "$@" >"$out" 2>"$err"
	status=$?
}

# await COMMAND...: until it succeeds; fails after ten seconds.
await() {
	local until=$((SECONDS + 10))
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.05
	done
}

# start NAME COMMAND...: runs it in the background until it printed "ready".  Its input
# stays open until `finish NAME`; what it prints is in $TMPDIR/NAME.log.  In a session
# of its own: with -p, orphans of the target's session are looked at too, and those of a
# test's session are none of its business.
start() {
	local name=$1 fd
	shift
	mkfifo "$TMPDIR/$name.in"
	exec {fd}<>"$TMPDIR/$name.in"
	: >"$TMPDIR/$name.log"
	fifo_of[$name]=$fd
	setsid "$@" <"$TMPDIR/$name.in" >"$TMPDIR/$name.log" 2>&1 {fd}>&- &
	pid_of[$name]=$!
	started+=("$name")
	await grep -q '^ready' "$TMPDIR/$name.log" && return
	echo "# $name did not start:"
	sed 's/^/# /' "$TMPDIR/$name.log"
	return 1
}

# tell NAME LINE: writes a line to its input.
tell() {
	echo "$2" >&"${fifo_of[$1]}"
}

# finish NAME: ends its input and waits for it.
finish() {
	local fd=${fifo_of[$1]:-}
	[ -n "$fd" ] || return 0
	exec {fd}>&-
	fifo_of[$1]=
	wait "${pid_of[$1]}" 2>/dev/null
	ended[$1]=yes # its number may be another's now
}

# A process that sleeps for a time; sets sleeper.
start_sleeper() {
	start sleeper sh -c 'echo ready; exec sleep 1000'
	# shellcheck disable=SC2034
	sleeper=${pid_of[sleeper]}
}

# It does not look at its input.
end_by_kill() {
	kill -KILL "${pid_of[$1]}"
	finish "$1"
}

finish_all() {
	local name
	[ "$BASHPID" = $$ ] || return # a child that was hit before its exec
	for name in "${started[@]}"; do
		[ -n "${ended[$name]:-}" ] && continue
		kill -KILL "${pid_of[$name]}" 2>/dev/null
		finish "$name"
	done
}
trap finish_all EXIT

# The lines of a file as diagnostics of a failed test.
show() {
	echo "status $status"
	sed 's/^/stdout: /' "$out" | head -n 30
	sed 's/^/stderr: /' "$err" | head -n 10
}

# expect NAME STATUS [STDERR-LINE]: about the last look.  Without the line nothing may be
# on stderr; with it, exactly that line, after the program's name.
expect() {
	local name=$1 said
	said=$(<"$err")
	if [ "$status" -ne "$2" ]; then
		fail "$name" "expected status $2" "$(show)"
	elif [ $# -lt 3 ] && [ -n "$said" ]; then
		fail "$name" "nothing was expected on stderr" "$(show)"
	elif [ $# -ge 3 ] && [ "$said" != "mpstat: $3" ]; then
		fail "$name" "expected: mpstat: $3" "$(show)"
	else
		pass "$name"
	fi
}

# Python over a JSON file: `d` is the document (or the list of lines for .ndjson).
# json_is NAME FILE EXPRESSION: passes when the expression is true.
json_is() {
	check "$1" "$python" - "$2" "$3" <<'END'
import json, sys
path, expression = sys.argv[1:]
text = open(path, encoding="utf-8").read()
try:
    d = json.loads(text)
except json.JSONDecodeError:
    d = [json.loads(line) for line in text.splitlines()]
def rows(key, **wanted):
    return [r for r in d[key] if all(r.get(k) == v for k, v in wanted.items())]
def one(key, **wanted):
    found = rows(key, **wanted)
    assert len(found) == 1, f"{len(found)} rows of {key} with {wanted}"
    return found[0]
value = eval(expression)
if not value:
    print(f"{expression} is {value!r}")
    print(text[:3000])
    sys.exit(1)
END
}

# harmless FILE...: valid UTF-8, and no control, format or unassigned character but newlines.
harmless() {
	"$python" - "$@" <<'END'
import sys, unicodedata
for path in sys.argv[1:]:
    text = open(path, "rb").read().decode("utf-8", errors="strict")
    for c in text:
        if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cn", "Cs"):
            sys.exit(f"{path}: {c!r} in {text[max(0, text.index(c) - 40):][:80]!r}")
END
}

am_root() {
	[ "$(id -u)" -eq 0 ]
}

# Runs a command as a user without any right; only for root.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
