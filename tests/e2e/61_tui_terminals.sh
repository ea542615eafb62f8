#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 61_tui_terminals.sh - kinds of terminal: types, sizes, without colour, ASCII.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh
. tests/e2e/tmux.sh

start counted "$programs/counted"
pid=${pid_of[counted]}

ascii_only() {
	! screen | LC_ALL=C grep -q '[^ -~]'
}

has_colour() {
	terminal capture-pane -p -e | grep -qE $'\033\\[[0-9;]*(3[0-7]|4[0-7])m'
}

has_attributes() {
	terminal capture-pane -p -e | grep -qE $'\033\\[[0-9;]*[17]m'
}

# ---- types -------------------------------------------------------------------

terminal_open 80 24
for type in xterm-256color xterm vt100 linux screen xterm-kitty alacritty made-up; do
	type_line "export TERM=$type"
	view -p "$pid" -d 0.2
	sees "TERM=$type shows the screen" "WAITING FOR"
	sees "TERM=$type shows the tree" "─ writer"
	press 2
	sees "TERM=$type takes keys" "BLKPUT"
	press F10
	left_well "TERM=$type is left as it was" 0
done
for type in dumb ''; do
	type_line "export TERM=$type"
	view -p "$pid"
	left_well "TERM='$type', which cannot position the cursor, is left as it was" 0
	sees "TERM='$type' gets text" "writer"
done
type_line "export TERM=xterm-256color"

# ---- characters and colour ---------------------------------------------------

view -p "$pid"
sees "with colour" "WAITING FOR"
check "there is colour" await has_colour
press q
left_well "with colour: left" 0
type_line "export NO_COLOR=1"
view -p "$pid"
sees "with NO_COLOR" "WAITING FOR"
check "NO_COLOR: there is no colour" eval '! has_colour'
check "NO_COLOR: but reverse or bold" has_attributes
press q
left_well "with NO_COLOR: left" 0
view -p "$pid" --color=always
sees "--color=always" "WAITING FOR"
check "--color=always wins over NO_COLOR" await has_colour
press q
left_well "--color=always: left" 0
type_line "unset NO_COLOR"
view -p "$pid" --color=never
sees "--color=never" "WAITING FOR"
check "--color=never: there is no colour" eval '! has_colour'
press q
left_well "--color=never: left" 0
view -p "$pid" -U
sees "-U draws the tree in ASCII" "|- "
check "-U: nothing but ASCII" ascii_only
press 2
sees "-U draws bars in ASCII" "[ "
press q
left_well "-U: left" 0
type_line "export LC_ALL=C"
view -p "$pid"
sees "a C locale draws the tree in ASCII" "|- "
check "a C locale: nothing but ASCII" ascii_only
press q
left_well "a C locale: left" 0
type_line "export LC_ALL=C.UTF-8"

# ---- sizes from the start, hostile names ----------------------------------------

terminal resize-window -x 20 -y 5
view -p "$pid"
sees "20x5 says it is too small" "Too small: 20x5"
terminal resize-window -x 40 -y 8
sees "40x8 is enough" "F10Quit"
press q
left_well "40x8: left" 0
terminal resize-window -x 200 -y 50
view -p "$pid"
sees "200x50 shows all columns" "COMMAND"
check "200x50 uses the last line" await eval 'screen | tail -n 1 | grep -q F10Quit'
press q
left_well "200x50: left" 0

look -p "$pid" </dev/null
expect "without a terminal there is a text" 0
check "it has the processes" grep -q writer "$out"
check "and no control characters" eval "! LC_ALL=C grep -q '[[:cntrl:]]' '$out'"

plan
