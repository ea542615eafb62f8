/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * err.h - an error on its way up: what, why, what to do.
 *
 * First error wins; callers add context in front.  Functions that take a
 * struct err return 0 or a negative errno and never print.
 */
#ifndef MPSTAT_UTIL_ERR_H
#define MPSTAT_UTIL_ERR_H

struct err {
	int code; /* negative errno, 0: no error yet */
	char text[480];
};

/* Sets code and text unless an error is already there.  Returns code. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text.  Returns the code. */
int err_add(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
