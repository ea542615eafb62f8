# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# tmux.sh - a real terminal that scripts drive and read.  Sourced after
# helpers.sh.  Does not own: what should be on the screen.
#
# A terminal runs bash without a prompt of its own; what it shows is compared
# by waiting for a text, never by sleeping.

terminal_server=mptrace-$$

terminal() {
	tmux -L "$terminal_server" -f /dev/null "$@"
}

# terminal_open COLUMNS LINES [NAME=VALUE]...: an empty terminal, with a shell.
terminal_open() {
	local columns=$1 lines=$2 word
	local -a environment=()
	shift 2
	for word in "TERM=xterm-256color" "LC_ALL=C.UTF-8" "PS1=ready> " "$@"; do
		environment+=(-e "$word")
	done
	LC_ALL=C.UTF-8 terminal -u new-session -d -x "$columns" -y "$lines" \
		"${environment[@]}" "exec env $(printf '%q ' "TERM=xterm-256color" "$@") bash --norc --noprofile"
	await shows "ready>"
}

terminal_close() {
	terminal kill-server 2>/dev/null
	await_gone_server
}

server_is_gone() {
	! terminal has-session 2>/dev/null
}

await_gone_server() {
	await server_is_gone
}

# type_line TEXT: types a line into the shell.
type_line() {
	terminal send-keys -l "$1"
	terminal send-keys Enter
}

# press KEY...: as tmux calls them: F1, Up, PPage, NPage, C-l, x.
press() {
	terminal send-keys "$@"
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

line_shows() {
	screen | sed -n "$1p" | grep -qF -- "$2"
}

# sees NAME TEXT: passes when the text appears on the screen within the deadline.
sees() {
	if await shows "$2"; then
		pass "$1"
	else
		fail "$1" "never on the screen: $2" "$(screen)"
	fi
}

# misses NAME TEXT: passes when the text is, or becomes, absent.
misses() {
	if await hides "$2"; then
		pass "$1"
	else
		fail "$1" "still on the screen: $2" "$(screen)"
	fi
}

pane_pid() {
	terminal display-message -p '#{pane_pid}'
}

# The viewer that runs in the terminal's shell.
viewer_pid() {
	pgrep -P "$(pane_pid)" -x "${1:-mpstat}"
}

in_alternate_screen() {
	[ "$(terminal display-message -p '#{alternate_on}')" = 1 ]
}

out_of_alternate_screen() {
	! in_alternate_screen
}
