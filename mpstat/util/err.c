/* SPDX-License-Identifier: BSD-2-Clause */
/* err.c - filling in a struct err.  Does not own: printing it (main.c). */
#include "mpstat/util/err.h"

#include "mpstat/util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	char text[2 * sizeof(err->text)];
	va_list args;

	if (!err)
		return code;
	if (err->code)
		return err->code;
	err->code = code;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_copy(err->text, sizeof(err->text), text);
	return code;
}

int err_add(struct err *err, const char *fmt, ...)
{
	char context[sizeof(err->text)], text[2 * sizeof(err->text) + 4];
	va_list args;

	if (!err)
		return 0;
	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	/* Two texts and ": " always fit; only the result is cut. */
	snprintf(text, sizeof(text), "%s: %s", context, err->text);
	text_copy(err->text, sizeof(err->text), text);
	return err->code;
}
