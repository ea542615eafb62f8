#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# deps.sh - the Debian packages this project needs, why, and their installation.
#
#   deps.sh build        what a build needs
#   deps.sh build test   and what the tests need
#   deps.sh build test full
#                        and what the long tests need
#   deps.sh build bench  what make bench needs
#                        (each with what eBPF needs, unless BPF=0)
#   deps.sh --usable CC PKG_CONFIG PACKAGE...
#                        are the tools of a build there, wherever from?
#
# Says what is missing and why before it installs.  DEPS=0 only says.  Exits 0
# when nothing needed is missing, also on a system that is not Debian (there
# the compiler has the last word).

set -eu

# set | Debian package | why
packages() {
	cat <<'END'
build|gcc|compiles everything
build|libc6-dev|the C library's headers
build|make|runs this build
build|pkg-config|finds the libraries below
build|libncurses-dev|the screens of mpstat
build|libjansson-dev|JSON, strings checked as UTF-8
build|uthash-dev|hash tables of the model
bpf|clang|compiles the eBPF programs
bpf|bpftool|makes C of the compiled eBPF programs
bpf|libbpf-dev|loads the eBPF programs
test|libcmocka-dev|the test framework
test|tmux|a terminal that tests can drive and read
test|python3|validates JSON, runs the multiprocessing scripts that are observed
test|python3-jsonschema|checks the JSON against its schema
test|babeltrace2|an independent reader of the recorded rings
test|mandoc|checks the man pages
test|shellcheck|checks the scripts
test|universal-ctags|finds functions and their length
test|g++|the public headers must be C++ as well
test|spin|checks the models of what survives a kill (tests/spin)
test|ncurses-term|terminal descriptions the screens are tried on
bench|python3|runs the rounds of make bench, and is measured
bench|htop|is measured beside mpstat
bench|procps|top and ps, measured beside mpstat
full|clang|a second compiler's warnings, and fuzzing
full|libclang-rt-dev|libFuzzer and clang's sanitizers
full|abigail-tools|compares the interface of two libraries
full|valgrind|memory errors of the unit tests
servers|nginx-light|a healthy server under load, never to be called stuck
servers|postgresql|the same, with locks of rows and workers
servers|redis-server|the same
END
}

installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Prints the rows of the wanted sets whose package is not installed.
missing_rows() {
	packages | while IFS='|' read -r set name why; do
		case " $* " in
		*" $set "*) installed "$name" || echo "$set|$name|$why" ;;
		esac
	done
}

# Prints one word of sudo, or fails: no right to install.
privilege() {
	if [ "$(id -u)" -eq 0 ]; then
		echo env
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		echo sudo
	else
		return 1
	fi
}

install_packages() {
	if ! how=$(privilege); then
		echo "deps: no right to install; as root, run:" \
			"apt-get update && apt-get install --no-install-recommends $*" >&2
		return 1
	fi
	echo "deps: installing with apt-get (DEPS=0 would forbid it)"
	"$how" apt-get update -q </dev/null
	# Not interactive and not from a terminal: a question would hang a build.
	"$how" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		--no-install-recommends "$@" </dev/null
}

usable() {
	cc=$1 pkg_config=$2
	shift 2
	lacking=
	# CC may be several words.
	# shellcheck disable=SC2086
	if ! printf '#include <stdio.h>\n' | $cc -E - >/dev/null 2>&1; then
		lacking="$lacking, a C compiler with its headers ($cc)"
	elif ! printf '#include <uthash.h>\n' | $cc -E - >/dev/null 2>&1; then
		lacking="$lacking, uthash.h"
	fi
	if ! command -v "$pkg_config" >/dev/null; then
		lacking="$lacking, $pkg_config"
	else
		for package; do
			"$pkg_config" --exists "$package" || lacking="$lacking, $package"
		done
	fi
	if [ "${BPF:-1}" != 0 ]; then
		for tool in "${BPF_CLANG:-clang}" "${BPFTOOL:-bpftool}"; do
			command -v "$tool" >/dev/null || lacking="$lacking, $tool"
		done
	fi
	[ -z "$lacking" ] && return
	echo "The build needs what is not here: ${lacking#, }." >&2
	echo "On Debian, make deps installs it and says why." >&2
	case $lacking in
	*clang* | *bpf*) echo "Without eBPF (make BPF=0) neither clang, bpftool nor libbpf is needed." >&2 ;;
	esac
	return 1
}

main() {
	if [ "${1:-}" = --usable ]; then
		shift
		usable "$@"
		return
	fi
	[ "${BPF:-1}" = 0 ] || set -- bpf "$@"
	if ! command -v dpkg-query >/dev/null; then
		echo "deps: not a Debian system, nothing is installed; needed are:"
		packages | while IFS='|' read -r set name why; do
			printf '  %-20s %-6s %s\n' "$name" "$set" "$why"
		done
		return 0
	fi
	rows=$(missing_rows "$@")
	[ -z "$rows" ] && return
	echo "deps: these Debian packages are missing:"
	echo "$rows" | while IFS='|' read -r set name why; do
		printf '  %-20s %s\n' "$name" "$why"
	done
	# Package names have no blanks.
	# shellcheck disable=SC2046
	set -- $(echo "$rows" | cut -d'|' -f2)
	if [ "${DEPS:-1}" = 0 ]; then
		echo "deps: DEPS=0, nothing was installed; as root, run:" \
			"apt-get install --no-install-recommends $*" >&2
		return 1
	fi
	install_packages "$@"
}

main "$@"
