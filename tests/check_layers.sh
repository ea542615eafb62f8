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

# Prints the path of header $2 as file $1 sees it, or nothing when it is not ours.
resolve() {
	local candidate
	for candidate in "$(dirname "$1")/$2" "$2" "libtrace/include/$2"; do
		[ -e "$candidate" ] && { realpath --relative-to=. "$candidate"; return; }
	done
}

# Prints "PLACE PREFIX..." of the longest `may` rule for file $1.
may_rule() {
	awk -v file="$1" '
	$1 == "may" {
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
		target=$(resolve "$file" "$header")
		if [ -z "$target" ]; then
			[ "$kind" = '"' ] && echo "$file:$line: \"$header\" is not there"
			continue
		fi
		[ -n "${known[$file]:-}" ] || known[$file]=$(may_rule "$file")
		read -r place _ <<<"${known[$file]}"
		[ -n "$place" ] || { echo "$file:$line: no rule for this place"; continue; }
		read -r -a prefixes <<<"${known[$file]#* }"
		begins_with_one_of "$target" "${prefixes[@]}" ||
			echo "$file:$line: $place must not know $target"
	done < <(includes)
}

# `only` and `never` rules over brackets.
wrong_outside_includes() {
	local file line kind header verb subject rest
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
		done < <(grep -E '^(only|never) ' "$rules")
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

# `calls` rules over the undefined names of built objects.
wrong_calls() {
	local verb place names object name
	while read -r verb place names; do
		place=${place%:}
		while read -r object; do
			nm -u "$object" | awk '{ print $NF }' | sed 's/@.*//; s/^__\(.*\)_chk$/\1/' |
				while read -r name; do
					[[ " $names " == *" $name "* ]] &&
						echo "${object#"$BUILD/obj/"}: touches $name"
				done
		done < <(find "$BUILD/obj/$place" -name '*.o' 2>/dev/null)
	done < <(grep '^calls ' "$rules")
}

built_objects() {
	find "$BUILD/obj/mpstat" "$BUILD/obj/libtrace" -name '*.o' 2>/dev/null | wc -l
}

none "own headers are included in the direction of knowledge" "$(wrong_own_includes)"
none "outside headers are included only where they belong" "$(wrong_outside_includes)"
check "there are objects to look at" test "$(built_objects)" -gt 0
none "objects call only what their place may" "$(wrong_calls)"
check "includes were seen at all" test "$(includes | wc -l)" -gt 50
note "$(includes | wc -l) includes of $(sources | wc -l) files, calls of $(built_objects) objects"
plan
