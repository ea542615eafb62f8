#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 10_cli.sh - the command line: help, wrong words, exit codes, output files.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

commands="top list snapshot check records doctor help version"

# ---- help --------------------------------------------------------------------

look help
expect "help succeeds" 0
for command in $commands; do
	check "help names $command" grep -q "^  $command " "$out"
done
cp "$out" "$TMPDIR/general"
look --help
expect "--help succeeds" 0
check "--help is the same as help" cmp "$out" "$TMPDIR/general"
for command in $commands; do
	look help "$command"
	expect "help $command succeeds" 0
	check "help $command begins with its usage" \
		grep -q "^Usage: mpstat $command " "$out"
	[ "$command" = help ] && continue
	cp "$out" "$TMPDIR/one"
	look "$command" --help
	expect "$command --help succeeds" 0
	check "$command --help is the same as help $command" cmp "$out" "$TMPDIR/one"
done
too_wide() {
	for command in $commands; do
		"$mpstat" help "$command" | awk -v c="$command" 'length > 100 { print c ": " $0 }'
	done
}
none "no line of help is wider than 100 columns" "$(too_wide)"
look --version
expect "--version succeeds" 0
cp "$out" "$TMPDIR/version"
check "it begins with name and number" grep -qE '^mpstat \(mptrace\) [0-9]+\.[0-9]+' "$out"
check "it says whether eBPF is built in" grep -qE '^eBPF: (built in|not built)$' "$out"

# ---- wrong words -------------------------------------------------------------

look --nonsense
expect "an unknown option" 2 "unknown option '--nonsense'; see mpstat help top"
check "nothing is printed then" test ! -s "$out"
look check -x
expect "an unknown letter" 2 "unknown option '-x'; see mpstat help check"
look chekc
expect "an unknown command" 2 "unknown command 'chekc', did you mean 'check'? see mpstat help"
look help chekc
expect "help of an unknown command" 2 "no command 'chekc', did you mean 'check'?"
look -p none
expect "a pid that is none" 2 "'none' is not a list of process ids; see mpstat help top"
look -d 0.01
expect "a delay too short" 2 \
	"the delay '0.01' is not within 0.1 and 3600 seconds; see mpstat help top"
look snapshot --format yaml
expect "an unknown format" 2 "unknown format 'yaml'; there is: text, json"
look snapshot --format text --json
expect "two formats" 2 "--json and --format text contradict each other"
look -b -n 1 --screen nonsense
expect "an unknown screen" 2 "there is no screen 'nonsense'; see mpstat help top"
look -b -n 1 --screen processes -s nonsense
expect "an unknown column" 2 "no screen shown has a column 'nonsense'; columns are called as in \
mpstat snapshot --json"
look -P ALL 1 5
expect "sysstat's options get one line" 2 \
	"this is the multi-process mpstat; for per-CPU figures use sysstat's mpstat"
look 1 2 3
expect "a third number" 2 "'3' is one word too many; see mpstat help top"
look 0
expect "an interval of nothing" 2 \
	"the interval '0' is not a time of 0.1 to 3600 seconds; see mpstat help top"
ln -s "$mpstat" "$TMPDIR/mpstat-ipc"
"$TMPDIR/mpstat-ipc" -x >"$out" 2>"$err"
check "messages carry the name it was called by" \
	grep -qx "mpstat-ipc: unknown option '-x'; see mpstat-ipc help top" "$err"
escape=$'\e[31m'
look "${escape}x"
check "escapes in words do not reach the terminal" harmless "$err"

# What doctor prints: headings, empty lines, answers, and below them what helps.
nothing_else() {
	! grep -vE "^$|^[A-Za-z][a-zA-Z ]+$|^(works|limited|fails|absent|unseen) +[A-Za-z]|^ {24}help: ." \
		"$out"
}

# No line of "eBPF programs", if there are any, says works.
none_works() {
	! sed -n '/^eBPF programs$/,/^$/p' "$1" | grep "^works"
}

# ---- targets -----------------------------------------------------------------

start_sleeper || exit 1
gone=$(sh -c 'echo $$')
for command in top snapshot check records list; do
	look "$command" -p "$gone"
	expect "$command of a process that has ended" 3 "there is no process $gone: it has ended, \
or the number is of another container; ps shows what runs"
done
look check -p "$sleeper,$gone"
expect "one of two is missing" 3 "there is no process $gone: it has ended, or the number is of \
another container; ps shows what runs"
look check -g "no such group"
expect "a group that is not there" 3 "there is no domain and no command called 'no such group'; \
'mpstat list' shows the domains"
look check -i "$TMPDIR/missing"
expect "a kept segment that is not there" 3 \
	"cannot read the kept segment $TMPDIR/missing: No such file or directory"
mkdir "$TMPDIR/empty"
look check -i "$TMPDIR/empty"
expect "a directory without kept segments" 3 \
	"there is no kept segment (*.mptrace) in $TMPDIR/empty"
look list -p "$sleeper"
expect "list of a process without any domain" 0
check "it says so" grep -qx \
	"There is no domain in what was looked at: process $sleeper and descendants." "$out"
start threaded "$python" -c 'import threading, time, sys
t = threading.Thread(target=time.sleep, args=(1000,), daemon=True); t.start()
print("ready", t.native_id, flush=True); sys.stdin.read()'
thread=$(sed -n 's/^ready //p' "$TMPDIR/threaded.log")
look check -p "$thread"
expect "a thread instead of a process" 3 \
	"$thread is a thread of process ${pid_of[threaded]}; use -p ${pid_of[threaded]}"
finish threaded
if am_root; then
	cp "$mpstat" "$TMPDIR/mpstat" && chmod 755 "$TMPDIR" "$TMPDIR/mpstat"
	as_nobody "$TMPDIR/mpstat" check -p "$sleeper" >"$out" 2>"$err"
	status=$?
	expect "a process of another user" 3 "no right to look into process $sleeper: it belongs to \
root and this is nobody; run as that user or as root"
	look doctor
	expect "doctor as root" 0
	for right in CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_SYS_PTRACE; do
		check "root has or has not $right" \
			grep -qE "^(works +$right +here|limited +$right +not here): ." "$out"
	done
	check "every answer is a state, a name and a text, or a help" nothing_else
	as_nobody "$TMPDIR/mpstat" doctor >"$out" 2>"$err"
	status=$?
	expect "doctor without any right" 0
	check "it says what helps" grep -q "help: sudo mpstat" "$out"
	check "it says whose processes are seen" grep -q "only processes of nobody" "$out"
	for right in CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_SYS_PTRACE; do
		check "it says that $right is missing" \
			grep -qE "^limited +$right +not here: ." "$out"
	done
	check "nothing was loaded, so nothing was given up" \
		grep -qE "^works +given up +nothing was loaded" "$out"
	check "no program of ours works then" \
		none_works "$out"
	check "the answers keep their form" nothing_else
	cp "$mpstat" "$TMPDIR/capped"
	if grep -qx "eBPF: built in" "$TMPDIR/version" &&
		PATH=$PATH:/usr/sbin:/sbin setcap cap_bpf,cap_perfmon+ep "$TMPDIR/capped" 2>/dev/null &&
		as_nobody "$TMPDIR/capped" doctor >"$out" 2>"$err"; then
		status=0
		expect "doctor with two capabilities" 0
		check "it says that they are here" grep -qE "^works +CAP_BPF +here: ." "$out"
		check "it says that others are not" grep -qE "^limited +CAP_SYS_PTRACE +not here" "$out"
		check "nothing is left of them after loading" grep -qE \
			"^works +given up +(.* were given up after loading \(CapEff 0000000000000000\)|nothing was)" \
			"$out"
	else
		skip "doctor with two capabilities" "no setcap, or no eBPF"
	fi
	start counted "$programs/counted"
	as_nobody "$TMPDIR/mpstat" list >"$out" 2>"$err"
	status=$?
	expect "list of a domain that belongs to another user" 0
	check "it says that not all is seen, and why" \
		grep -qE "^Not all is seen: (.*; )?segment: .* belongs to user 0; run as" "$out"
	as_nobody "$TMPDIR/mpstat" check >"$out" 2>"$err"
	status=$?
	expect "check of a domain that belongs to another user" 3
	check "it says that this is unknown, and what it needs" \
		grep -q "^unknown: segment: .* belongs to user 0; run as" "$out"
	finish counted
	if unshare -pfn --mount-proc true 2>/dev/null; then
		unshare -pfn --mount-proc -- "$mpstat" list >"$out" 2>"$err"
		status=$?
		expect "list where nobody uses the library" 0
		check "it says so, and what else there is" \
			grep -qx "No program that uses libmptrace runs here. Other programs are shown \
by 'mpstat -p PID' and 'mpstat -a'." "$out"
	else
		skip "list where nobody uses the library" "no right to make namespaces"
	fi
	# A /proc of its own: that of the machine is not touched.
	hide() {
		unshare -m true 2>/dev/null || return 77
		unshare -m -- sh -c 'mount -t proc -o hidepid=2 proc /proc 2>/dev/null || exit 77
			exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' sh "$@"
	}
	hide true
	if [ $? -eq 77 ]; then
		skip "a process hidden by hidepid" "cannot mount a /proc"
	else
		hide "$TMPDIR/mpstat" check -p "$sleeper" >"$out" 2>"$err"
		status=$?
		expect "a process hidden by hidepid" 3 "process $sleeper exists, but /proc hides it \
(mounted with hidepid); run as its user or as root"
	fi
else
	skip "rights of others" "not root"
fi

# ---- without a terminal ------------------------------------------------------

look </dev/null
expect "without a terminal: one frame, then the end" 0
check "the frame shows something" test -s "$out"
look -p "$sleeper" 0.1 3
expect "sysstat's INTERVAL COUNT" 0
check "as many frames as asked for" test "$(grep -c "^[^ ].*process $sleeper" "$out")" -eq 3
look -p "$sleeper" -b -n 2 -d 100ms --json
expect "documents one after the other" 0
check "one document per line" test "$(wc -l <"$out")" -eq 2
look --color=always -p "$sleeper" -b -n 1
check "frames of text have no control characters" harmless "$out"

# ---- signals and pipes -------------------------------------------------------

for signal in INT TERM; do
	: >"$out"
	"$mpstat" -p "$sleeper" -b -d 0.1 >"$out" 2>"$err" &
	pid=$!
	check "frames come until SIG$signal" await test -s "$out"
	kill -s "$signal" "$pid"
	wait "$pid"
	status=$?
	expect "SIG$signal ends frames in good order" 0
done
for command in "top -b -d 0.1" "snapshot" "help" "records -d 0.1" "list" "snapshot --json"; do
	# Words of a command.
	# shellcheck disable=SC2086
	{ timeout 10 "$mpstat" $command -- 2>"$err"; echo $? >"$TMPDIR/status"; } | true
	status=$(<"$TMPDIR/status")
	: >"$out"
	case $command in records*) continue ;; esac
	expect "'$command' to a reader that has gone is quiet" 0
done
look_closed() {
	"$mpstat" "$@" >&- 2>"$err"
	status=$?
	: >"$out"
}
for command in version list snapshot check doctor help; do
	look_closed "$command"
	expect "$command with stdout closed" 4 "cannot write standard output: Bad file descriptor"
done
"$mpstat" version <&- >"$out" 2>&-
check "stdin and stderr closed do not matter" test $? -eq 0

# ---- -o FILE -----------------------------------------------------------------

file=$TMPDIR/report
(umask 027 && "$mpstat" snapshot -p "$sleeper" -o "$file")
check "-o writes the file" test -s "$file"
check "with the mode that umask says" test "$(stat -c %a "$file")" = 640
chmod 604 "$file"
look snapshot -p "$sleeper" --json -o "$file"
expect "-o over an old file" 0
check "an old file's mode stays" test "$(stat -c %a "$file")" = 604
check "nothing but the file is left" test "$(find "$TMPDIR" -name 'report*' | wc -l)" -eq 1
ln -s report "$TMPDIR/link"
look version -o "$TMPDIR/link"
expect "-o through a symbolic link" 0
check "the link stays one" test -L "$TMPDIR/link"
check "what it points to is replaced" grep -q mptrace "$file"
look version -o -
expect "-o - is standard output" 0
check "and is written" grep -q mptrace "$out"
look version -o "$TMPDIR/no/such/directory"
expect "-o into nowhere" 4 \
	"cannot write $TMPDIR/no/such/directory: No such file or directory"
look version -o "$TMPDIR"
expect "-o over a directory" 4 "cannot write $TMPDIR: Is a directory"
look version -o /dev/full
expect "-o /dev/full" 4 "cannot write /dev/full: No space left on device"
check "/dev/full stays a device" test -c /dev/full
look snapshot --schema -o /dev/null
expect "-o /dev/null" 0
check "/dev/null stays a device" test -c /dev/null
"$mpstat" snapshot >/dev/full 2>"$err"
status=$?
: >"$out"
expect "a full device as standard output" 4 \
	"cannot write standard output: No space left on device"
full_tmpfs() {
	unshare -m true 2>/dev/null || return 77
	# The $ are for that shell.
	# shellcheck disable=SC2016
	unshare -m -- bash -c '
		dir=$1 mpstat=$2
		mkdir -p "$dir" && mount -t tmpfs -o size=16k none "$dir" || exit 77
		echo old >"$dir/file"
		dd if=/dev/zero of="$dir/fill" bs=4k 2>/dev/null
		"$mpstat" snapshot --schema -o "$dir/file"
		echo "status $?"
		cat "$dir/file"
		ls "$dir"' bash "$TMPDIR/full" "$mpstat"
}
if am_root && { full_tmpfs >"$out" 2>"$err"; [ $? -ne 77 ]; }; then
	check "a full disk is an error" grep -qx "status 4" "$out"
	check "it is said" grep -qE "^mpstat: cannot write .*/file: No space left on device$" "$err"
	check "the old file is as it was" grep -qx old "$out"
	check "no other file is left" test "$(sed 1,2d "$out" | tr '\n' ' ')" = "file fill "
else
	skip "a full disk" "cannot mount a tmpfs"
fi

end_by_kill sleeper
plan
