#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_layers.sh - includes and calls go the way tests/layers.txt says.
#
# Own headers are found as the compiler finds them: beside the file, from the
# root, from libtrace/include.  Calls are read from the built objects.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
rules=tests/layers.txt
BUILD=${BUILD:-build}

sources() {
	project_files | grep -E '^(libtrace|mpstat|bpf|tests)/.*\.(c|h|def)$'
}

# Prints "file:line includer <|\" header" as "FILE LINE KIND HEADER".
includes() {
	sources | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null |
		sed -nE 's/^([^:]+):([0-9]+):[^"<]*(["<])([^">]+)[">].*/\1 \2 \3 \4/p'
}

# Sets target to the path of header $2 as file $1 sees it; empty: not ours.
# (A variable, as a process per include takes its time.)
resolve() {
	for target in "${1%/*}/$2" "$2" "libtrace/include/$2"; do
		[ -e "$target" ] || continue
		[[ $target != *./* ]] || target=$(realpath --relative-to=. "$target")
		return
	done
	target=
}

# Prints "PLACE WORD..." of the rule of kind $1 with the longest PLACE for file $2.
rule_for() {
	awk -v kind="$1" -v file="$2" '
	$1 == kind {
		place = $2; sub(/:$/, "", place)
		if (index(file, place) == 1 && length(place) > length(best)) {
			best = place; $1 = ""; $2 = ""; what = $0
		}
	}
	END { if (best) print best, what }' "$rules"
}

begins_with_one_of() {
	local path=$1 prefix
	shift
	for prefix; do
		[[ $path == "$prefix"* ]] && return
	done
	return 1
}

wrong_own_includes() {
	local file line kind header target place
	local -A known=()
	local -a prefixes
	while read -r file line kind header; do
		resolve "$file" "$header"
		if [ -z "$target" ]; then
			[ "$kind" = '"' ] && echo "$file:$line: \"$header\" is not there"
			continue
		fi
		[ -n "${known[$file]:-}" ] || known[$file]=$(rule_for may "$file")
		read -r place _ <<<"${known[$file]}"
		[ -n "$place" ] || { echo "$file:$line: no rule for this place"; continue; }
		read -r -a prefixes <<<"${known[$file]#* }"
		begins_with_one_of "$target" "${prefixes[@]}" ||
			echo "$file:$line: $place must not know $target"
	done < <(includes)
}

# `only` and `never` rules over brackets.
wrong_outside_includes() {
	local file line kind header verb subject rest outside_rules
	outside_rules=$(grep -E '^(only|never) ' "$rules")
	local -a words
	while read -r file line kind header; do
		[ "$kind" = '<' ] || continue
		while read -r verb subject rest; do
			subject=${subject%:}
			read -r -a words <<<"$rest"
			case $verb in
			only)
				# The rule is a pattern.
				# shellcheck disable=SC2053
				[[ $header == $subject ]] || continue
				begins_with_one_of "$file" "${words[@]}" ||
					echo "$file:$line: <$header> only in: ${rest:-nowhere}" ;;
			never)
				[[ $file == "$subject"* ]] || continue
				matches_one_of "$header" "${words[@]}" &&
					echo "$file:$line: <$header> never in $subject" ;;
			esac
		done <<<"$outside_rules"
	done < <(includes)
}

matches_one_of() {
	local text=$1 pattern
	shift
	for pattern; do
		# shellcheck disable=SC2053
		[[ $text == $pattern ]] && return
	done
	return 1
}

objects() {
	local object source
	find "$BUILD/obj/mpstat" "$BUILD/obj/libtrace" -name '*.o' 2>/dev/null |
		while read -r object; do
			source=${object#"$BUILD/obj/"}
			# An object may outlive its source.
			[ -e "${source%.o}.c" ] && echo "$object"
		done
}

# `calls` rules over the undefined names of built objects.
wrong_calls() {
	local object names name
	while read -r object; do
		names=$(rule_for calls "${object#"$BUILD/obj/"}")
		[ -n "$names" ] || continue
		nm -u "$object" | awk '{ print $NF }' | sed 's/@.*//; s/^__\(.*\)_chk$/\1/' |
			while read -r name; do
				[[ " ${names#* } " == *" $name "* ]] &&
					echo "${object#"$BUILD/obj/"}: touches $name"
			done
	done < <(objects)
}

none "own headers are included in the direction of knowledge" "$(wrong_own_includes)"
none "outside headers are included only where they belong" "$(wrong_outside_includes)"
check "there are objects to look at" test "$(objects | wc -l)" -gt 0
none "objects call only what their place may" "$(wrong_calls)"
check "includes were seen at all" test "$(includes | wc -l)" -gt 50
note "$(includes | wc -l) includes of $(sources | wc -l) files, calls of $(objects | wc -l) objects"
plan
