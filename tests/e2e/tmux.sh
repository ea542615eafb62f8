# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# tmux.sh - a real terminal that scripts drive and read.  Sourced after
# helpers.sh.  Does not own: what should be on the screen.
#
# The terminal runs a bash without start-up files.  What it shows is compared by
# waiting for a text, never by sleeping.

terminal_server=mptrace-test-$$
# shellcheck disable=SC2154 # helpers.sh
terminal_status=$TMPDIR/left

terminal() {
	tmux -L "$terminal_server" -f /dev/null "$@"
}

# terminal_open COLUMNS LINES [NAME=VALUE]...: an empty terminal, with a shell.
terminal_open() {
	local columns=$1 lines=$2
	shift 2
	# env and not tmux's -e: tmux insists on a TERM of its own
	LC_ALL=C.UTF-8 terminal -u new-session -d -x "$columns" -y "$lines" \
		"exec env $(printf '%q ' LC_ALL=C.UTF-8 TERM=xterm-256color PS1='ready> ' "$@") \
			bash --norc --noprofile"
	await shows "ready>"
}

terminal_gone() {
	! terminal has-session 2>/dev/null
}

# Everything in it gets a SIGHUP, as when a window is closed.
terminal_close() {
	terminal kill-server 2>/dev/null
	await terminal_gone
}

terminal_end() {
	terminal_close
	finish_all
}
trap terminal_end EXIT

# type_line TEXT: types a line into the shell.
type_line() {
	terminal send-keys -l "$1"
	terminal send-keys Enter
}

# press KEY...: as tmux calls them: F1, Up, PPage, NPage, C-l, x.
press() {
	terminal send-keys "$@"
}

# type_text TEXT: into what asks for it.
type_text() {
	terminal send-keys -l "$1"
}

screen() {
	terminal capture-pane -p
}

shows() {
	screen | grep -qF -- "$1"
}

hides() {
	! shows "$1"
}

# sees NAME TEXT: passes when the text appears on the screen within the deadline.
sees() {
	if await shows "$2"; then
		pass "$1"
	else
		fail "$1" "never on the screen: $2" "$(screen)"
	fi
}

# misses NAME TEXT: passes when the text is not on the screen, or leaves it.
misses() {
	if await hides "$2"; then
		pass "$1"
	else
		fail "$1" "still on the screen: $2" "$(screen)"
	fi
}

# view ARGUMENT...: types the command that shows the viewer in the terminal; $viewer is
# its pid.  The terminal's modes before and after are in $TMPDIR/modes.*, and the
# exit status in $TMPDIR/left once it has left.
view() {
	rm -f "$TMPDIR/viewer" "$terminal_status"
	# shellcheck disable=SC2154 # helpers.sh
	cat >"$TMPDIR/view" <<END
stty -a | sed "s/rows.*line/line/" >$TMPDIR/modes.before
sh -c 'echo \$\$ >$TMPDIR/viewer; exec "\$@"' sh $(printf '%q ' "$mpstat" "$@")
left=\$?
stty -a | sed "s/rows.*line/line/" >$TMPDIR/modes.after
echo "\$left" >$terminal_status
echo "left with \$left"
END
	type_line "clear; bash $TMPDIR/view"
	await test -s "$TMPDIR/viewer"
	viewer=$(<"$TMPDIR/viewer")
}

in_alternate_screen() {
	[ "$(terminal display-message -p '#{alternate_on}')" = 1 ]
}

# left_well NAME STATUS: the viewer has ended so, and the terminal is as before.
left_well() {
	if ! await test -s "$terminal_status"; then
		fail "$1" "the viewer did not end" "$(screen)"
	elif [ "$(<"$terminal_status")" != "$2" ]; then
		fail "$1" "left with $(<"$terminal_status"), not $2" "$(screen)"
	elif in_alternate_screen; then
		fail "$1" "still on the alternate screen"
	else
		check "$1" diff "$TMPDIR/modes.before" "$TMPDIR/modes.after"
	fi
}

viewer_gone() {
	[ ! -e "/proc/$viewer" ]
}
