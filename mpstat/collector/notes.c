/* SPDX-License-Identifier: BSD-2-Clause */
/* notes.c - see notes.h. */
#include "mpstat/collector/notes.h"

#include <stdarg.h>
#include <stdio.h>

void notes_clear(struct notes *notes)
{
	notes->count = 0;
	notes->left_out = 0;
}

void notes_add(struct notes *notes, const char *fmt, ...)
{
	va_list args;

	if (notes->count == NOTES_MAX) {
		notes->left_out++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(notes->text[notes->count++], NOTE_TEXT, fmt, args);
	va_end(args);
}

size_t notes_total(const struct notes *notes)
{
	return notes->count + notes->left_out;
}
