/* SPDX-License-Identifier: BSD-2-Clause */
/* sentence.c - text put together piece by piece.  See sentence.h. */
#include "mpstat/model/sentence.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

struct sentence sentence_begin(char *text, size_t size)
{
	text[0] = 0;
	return (struct sentence){.text = text, .size = size};
}

/* Drops the bytes of a last character that is not whole. */
static size_t whole(const char *text, size_t length)
{
	size_t at = length;
	uint8_t lead;
	size_t wants;

	while (at && ((uint8_t)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (!at)
		return length;
	lead = (uint8_t)text[at - 1];
	wants = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	return length - (at - 1) < wants ? at - 1 : length;
}

void sentence_add(struct sentence *sentence, const char *fmt, ...)
{
	size_t left = sentence->size - sentence->used;
	va_list args;
	int wrote;

	if (sentence->cut)
		return;
	va_start(args, fmt);
	wrote = vsnprintf(sentence->text + sentence->used, left, fmt, args);
	va_end(args);
	if (wrote >= 0 && (size_t)wrote < left) {
		sentence->used += (size_t)wrote;
		return;
	}
	sentence->cut = true;
	sentence->used = whole(sentence->text, sentence->size - 1);
	sentence->text[sentence->used] = 0;
}

void sentence_back(struct sentence *sentence, size_t used)
{
	sentence->used = used;
	sentence->text[used] = 0;
	sentence->cut = false;
}
