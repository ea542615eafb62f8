#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_install.sh - what `make install` puts where, that a program can be built
# against it with pkg-config, and that `make uninstall` takes all of it away.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

BUILD=${BUILD:-$PWD/build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf -- "$scratch"' EXIT
stage=$scratch/stage
prefix=/opt/mptrace
words=(BUILD="${BASE:-$BUILD}" SAN="${SAN:-}" DESTDIR="$stage" PREFIX="$prefix")
flags=()
[ -n "${SAN:-}" ] && flags=(-fsanitize="$SAN")

run_make() {
	# The jobs of a make above are not ours.
	MAKEFLAGS='' make --no-print-directory "$@"
}

files() {
	[ -d "$1" ] && find "$1" \( -type f -o -type l \) -printf '%P\n' | sort
}

has() {
	local path missing=0
	for path; do
		[ -e "$stage$prefix/$path" ] || { echo "not installed: $path"; missing=1; }
	done
	return $missing
}

# Names that belong to others: sysstat's mpstat, libtrace3.
taken_names() {
	files "$stage" | grep -E '(^|/)(mpstat(\..*)?|libtrace[.0-9].*|include/trace\.h)$'
}

# A page called queue.3 would meet that of others.
foreign_pages() {
	files "$stage$prefix/share/man" | grep -vE '^man3/mpt_|^man[157]/(mpstat-ipc|mptrace)'
}

# Prints what names a place of the build or of the staging area.
wrong_paths() {
	grep -rlF -e "$stage" -e "$scratch" "$stage"
	grep -lF -e "$PWD" "$stage$prefix/lib/pkgconfig/mptrace.pc" "$stage$prefix"/include/mptrace/*
}

with_pkg_config() {
	PKG_CONFIG_PATH=$stage$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage pkg-config "$@"
}

# Builds and runs a program that takes and releases a lock.
program_works() {
	local compiler=$1
	shift
	cat >"$scratch/program.c" <<-'END'
		#include <mptrace/mptrace.h>
		int main(void)
		{
			struct mpt_lock *lock;
			if (mpt_lock_create(&lock, "gate", 0) < 0)
				return 1;
			if (mpt_lock_acquire(lock, MPT_FOREVER) < 0 || mpt_lock_release(lock) < 0)
				return 2;
			return 0;
		}
	END
	# pkg-config prints words.
	# shellcheck disable=SC2046
	"$compiler" "${flags[@]}" -Wall -Wextra -Werror "$@" $(with_pkg_config --cflags mptrace) \
		-o "$scratch/program" "$scratch/program.c" $(with_pkg_config --libs mptrace) || return
	LD_LIBRARY_PATH=$stage$prefix/lib "$scratch/program"
}

archive_works() {
	# shellcheck disable=SC2046
	"${CC:-cc}" "${flags[@]}" $(with_pkg_config --cflags mptrace) -o "$scratch/static" \
		"$scratch/program.c" "$stage$prefix/lib/libmptrace.a" -lpthread -lrt || return
	env -u LD_LIBRARY_PATH "$scratch/static"
}

command_runs() {
	"$stage$prefix/bin/$1" version
}

check "make install succeeds" run_make "${words[@]}" install
check "command, library, headers and pkg-config file are there" has bin/mpstat-ipc \
	lib/libmptrace.so lib/libmptrace.so.0 lib/libmptrace.a lib/pkgconfig/mptrace.pc \
	include/mptrace/mptrace.h share/man/man1/mpstat-ipc.1 share/man/man3/mpt_queue.3 \
	share/man/man3/mpt_queue_put.3
none "no name that belongs to others is installed" "$(taken_names)"
none "manual pages carry our prefix" "$(foreign_pages)"
none "nothing lies outside of PREFIX" "$(files "$stage" | grep -v "^${prefix#/}/")"
none "no file names the staging area or the source" "$(wrong_paths)"
check "the installed command runs" command_runs mpstat-ipc
check "a C program builds with pkg-config and runs" program_works "${CC:-cc}"
check "a C++ program builds with pkg-config and runs" program_works "${CXX:-g++}" -x c++
check "a program links the archive and runs" archive_works
check "make uninstall succeeds" run_make "${words[@]}" uninstall
none "uninstall leaves no file" "$(files "$stage")"
check "uninstall leaves no directory of ours" test ! -e "$stage$prefix/include/mptrace"
check "MPSTAT_NAME=mpstat opts in" run_make "${words[@]}" MPSTAT_NAME=mpstat install
check "and is the name then" command_runs mpstat
check "and is uninstalled as well" run_make "${words[@]}" MPSTAT_NAME=mpstat uninstall
none "which leaves no file either" "$(files "$stage")"
plan
