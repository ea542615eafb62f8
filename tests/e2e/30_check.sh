#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 30_check.sh - the verdict: fine, a problem, unknown.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

# ---- a deadlock --------------------------------------------------------------

name=stuck-$$
MPTRACE_NAME=$name "$programs/demo" 0.2 >"$TMPDIR/demo.log" 2>&1 &
demo=$!
pid_of[demo]=$demo
started+=(demo) # ends with this script, whatever happens
is_stuck() {
	"$mpstat" check -p "$demo" >"$out" 2>"$err"
	status=$?
	[ "$status" -eq 1 ]
}
await is_stuck
expect "a deadlock is exit status 1" 1
check "it is called one" grep -qi "deadlock" "$out"
check "it names one process" grep -q "transfer-a" "$out"
check "it names the other" grep -q "transfer-b" "$out"
check "it names one lock" grep -q "account-A" "$out"
check "it names the other lock" grep -q "account-B" "$out"
check "it says what to do" grep -q "What to do: ." "$out"
check "it says how much was looked at" \
	grep -qE '^1 problem found in 8 processes, 5 objects' "$out"
look check -p "$demo" --json
expect "the same as JSON" 1
json_is "the verdict is in it" "$out" "d['verdict'] == 'problem' and d['problems'] == 1"
json_is "the finding has evidence, advice, processes and objects" "$out" \
	"[f for f in d['findings'] if f['evidence'] and f['advice'] and len(f['processes']) == 2 \
	and len(f['objects']) == 2]"
timeout 10 "$mpstat" check -p "$demo" 2>"$err" | true
check "the verdict outlives a reader that goes early" \
	test "${PIPESTATUS[0]}" -eq 1 -a ! -s "$err"
look check -p "$demo" --no-bpf
expect "the same without eBPF" 1
look check -g "$name"
expect "the same by the name of its domain" 1
look -p "$demo" -b -n 1
check "a frame of text tells it as well" grep -qi "deadlock" "$out"
{ kill -KILL "$demo"; wait "$demo"; } 2>/dev/null
ended[demo]=yes
gone() {
	"$mpstat" list -g "$name" >"$out" 2>"$err"
	[ $? -eq 3 ]
}
check "after kill -9 of everything nothing is left" await gone

# ---- all is well -------------------------------------------------------------

start_sleeper || exit 1
look check -p "$sleeper"
expect "a process that sleeps for a time is fine" 0
check "it is said how much was looked at" \
	grep -qE '^No problem found in 1 process, 0 objects' "$out"
look check -p "$sleeper" --no-bpf
expect "without eBPF it is fine as well" 0
look check -p "$sleeper" --json
json_is "the document says fine" "$out" "d['verdict'] == 'fine' and d['unknown'] == []"
end_by_kill sleeper

# ---- unknown -----------------------------------------------------------------

# A semaphore in shared memory: whoever has that could post it.
cat >"$TMPDIR/futex.py" <<'END'
import multiprocessing
lock = multiprocessing.Lock()
lock.acquire()
print("ready", flush=True)
lock.acquire()
END
start futex "$python" "$TMPDIR/futex.py" || exit 1
blind() {
	"$mpstat" check -p "${pid_of[futex]}" >"$out" 2>"$err"
	status=$?
	[ "$status" -eq 3 ]
}
await blind
expect "a wait that nobody can explain is not called fine: exit status 3" 3
check "it is said which process and where" \
	grep -qE "^unknown: process ${pid_of[futex]} \\(.*\\) sleeps in .*futex" "$out"
check "it is said that not everything was looked at" \
	grep -q "^No problem found, but not everything could be looked at" "$out"
look check -p "${pid_of[futex]}" --no-bpf
expect "the same without eBPF" 3
look check -p "${pid_of[futex]}" --json
json_is "the document says unknown" "$out" \
	"d['verdict'] == 'unknown' and d['unknown_count'] == 1 and len(d['unknown']) == 1"

# Who may load nothing is not blind because of it: of an own process all is known.
if am_root; then
	cp "$mpstat" "$TMPDIR/mpstat" && chmod 755 "$TMPDIR" "$TMPDIR/mpstat"
	start own setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'echo ready; exec sleep 1000' || exit 1
	for option in "" --no-bpf; do
		# Nothing, or one word.
		# shellcheck disable=SC2086
		as_nobody "$TMPDIR/mpstat" check -p "${pid_of[own]}" $option >"$out" 2>"$err"
		status=$?
		expect "fine for a user without rights ${option:-as it is}" 0
		# shellcheck disable=SC2086
		as_nobody "$TMPDIR/mpstat" list -p "${pid_of[own]}" $option >"$out" 2>"$err"
		status=$?
		expect "list for a user without rights ${option:-as it is}" 0
		none "want of eBPF hides no domain ${option:-as it is}" \
			"$(grep -E '^Not all is seen:.*\b(life|eBPF)\b' "$out")"
	done
	end_by_kill own
else
	skip "a user without rights" "not root"
fi

# ---- the same verdict with eBPF and without ----------------------------------

cat >"$TMPDIR/sleepers.py" <<'END'
import fcntl, os, pty, select, signal, socket, sys, tempfile, time
tcp = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(tcp.getsockname())
server = tcp.accept()
pair = socket.socketpair()
unix = socket.socket(socket.AF_UNIX)
unix.bind("")
unix.listen()
empty, full, (master, terminal) = os.pipe(), os.pipe(), pty.openpty()
os.set_blocking(full[1], False)
try:
    while os.write(full[1], b"x" * 4096):
        pass
except BlockingIOError:
    os.set_blocking(full[1], True)
locked = tempfile.NamedTemporaryFile()
fcntl.flock(locked, fcntl.LOCK_EX)
def epoll():
    poll = select.epoll()
    poll.register(empty[0])
    poll.poll()
def child():
    if os.fork() == 0:
        time.sleep(1000)
    os.wait()
sleeps = {
    "tcp-accept": tcp.accept, "tcp-recv": lambda: client.recv(1),
    "unix-accept": unix.accept, "unix-recv": lambda: pair[0].recv(1),
    "pipe-read": lambda: os.read(empty[0], 1), "pipe-write": lambda: os.write(full[1], b"x" * 4096),
    "terminal": lambda: os.read(terminal, 1), "select": lambda: select.select([empty[0]], [], []),
    "epoll": epoll, "signal": lambda: signal.sigwait([signal.SIGUSR1]), "pause": signal.pause,
    "time": lambda: time.sleep(1000), "child": child,
    "file-lock": lambda: fcntl.flock(open(locked.name), fcntl.LOCK_EX),
}
for name, sleep in sleeps.items():
    pid = os.fork()
    if pid == 0:
        sleep()
        os._exit(0)
    print(pid, name, flush=True)
print("ready", flush=True)
time.sleep(1000)
END
# The verdict about a process that has just gone to sleep may change once: both are asked
# until they are the same, ten seconds.
same_verdict() {
	"$mpstat" check -p "$1" --no-bpf >"$out" 2>"$err"
	without=$?
	look check -p "$1"
	[ "$status" -eq "$without" ]
}
start sleepers "$python" "$TMPDIR/sleepers.py" || exit 1
while read -r pid name; do
	[ "$pid" = ready ] && break
	if [ "$name" != unix-recv ]; then
		await same_verdict "$pid"
		check "the same verdict with eBPF and without: $name" test "$status" -eq "$without"
	fi
	# Each waits for time, the outside, or somebody who could still do something; whether a
	# socket has a timeout only eBPF tells.
	[ "$name" = unix-recv ] || check "it is fine: $name" test "$status" -eq 0
done <"$TMPDIR/sleepers.log"
kill -KILL -- "-${pid_of[sleepers]}"
finish sleepers

# ---- notes and --strict ------------------------------------------------------

cat >"$TMPDIR/zombie.py" <<'END'
import os, sys, time
if os.fork() == 0:
    os._exit(0)
print("ready", flush=True)
time.sleep(1000)
END
start zombie "$python" "$TMPDIR/zombie.py" || exit 1
# Every child is one for a moment.
zombie_is_told() {
	look check -p "${pid_of[zombie]}"
	grep -q "^note: 1 child" "$out"
}
await zombie_is_told
expect "one zombie is a note: exit status 0" 0
check "the note is printed" grep -q "^note: 1 child of .* has ended" "$out"
look check -p "${pid_of[zombie]}" --no-bpf
expect "a note without eBPF, too" 0
look check --strict -p "${pid_of[zombie]}" --no-bpf
expect "and a problem with --strict" 1
look check --strict -p "${pid_of[zombie]}"
expect "with --strict it is a problem" 1
check "and called one" grep -q "^PROBLEM: 1 child of .* has ended" "$out"
look check --strict --json -p "${pid_of[zombie]}"
json_is "the document counts it" "$out" "d['strict'] and d['problems'] == 1"

end_by_kill futex
end_by_kill zombie
plan
