/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_flush.c - buffered output, so that fork does not double it and the end
 * of a child does not lose it.
 *
 * fflush(NULL) waits for the lock of every stream, also of one a thread reads from:
 * it would hang until that thread's input comes, with every fopen and fork of the
 * program behind it.  So all streams are flushed only while there is no other
 * thread, else standard output and error.
 */
#include "libtrace/process.h"

#include <stdio.h>
#include <stdio_ext.h>

void process_flush(void)
{
	if (process_thread_count() == 1) {
		fflush(NULL);
		return;
	}
	fflush(stdout);
	fflush(stderr);
}

/* What other threads of the parent wrote between its flush and the fork is the parent's to
 * flush. */
void process_forget_output(void)
{
	__fpurge(stdout);
	__fpurge(stderr);
}
