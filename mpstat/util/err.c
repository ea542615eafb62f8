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
	char text[3 * sizeof(err->text)];
	va_list args;

	if (!err)
		return 0;
	va_start(args, fmt);
	vsnprintf(text, 2 * sizeof(err->text), fmt, args);
	va_end(args);
	strcat(text, ": ");
	text_copy(text + strlen(text), sizeof(err->text), err->text);
	text_copy(err->text, sizeof(err->text), text);
	return err->code;
}
