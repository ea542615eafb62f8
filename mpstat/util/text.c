/* SPDX-License-Identifier: BSD-2-Clause */
/* text.c - the sanitiser, UTF-8 decoding, columns.  See text.h. */
#include "mpstat/util/text.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

static const struct range wide[] = {
#define WIDE(first, last) {first, last},
#define ZERO(first, last)
#include "mpstat/util/text_width.def"
#undef WIDE
#undef ZERO
};

static const struct range zero[] = {
#define WIDE(first, last)
#define ZERO(first, last) {first, last},
#include "mpstat/util/text_width.def"
#undef WIDE
#undef ZERO
};

/* Sorted.  Why each is here: it moves, hides or reorders what stands beside it. */
static const struct range harmful[] = {
	{0x0000, 0x001f},   /* C0 controls */
	{0x007f, 0x009f},   /* DEL, C1 controls */
	{0x00ad, 0x00ad},   /* soft hyphen: invisible or not, as the terminal likes */
	{0x034f, 0x034f},   /* grapheme joiner */
	{0x061c, 0x061c},   /* Arabic letter mark (bidi) */
	{0x115f, 0x1160},   /* Hangul fillers: blank */
	{0x17b4, 0x17b5},   /* invisible vowels */
	{0x180b, 0x180f},   /* Mongolian selectors and separator */
	{0x200b, 0x200f},   /* zero width, direction marks */
	{0x2028, 0x202e},   /* line and paragraph separators, bidi embedding */
	{0x2060, 0x206f},   /* word joiner, invisible operators, bidi isolates */
	{0x3164, 0x3164},   /* Hangul filler */
	{0xfdd0, 0xfdef},   /* noncharacters */
	{0xfe00, 0xfe0f},   /* variation selectors: change a character's width */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* half-width filler */
	{0xfff0, 0xfffb},   /* specials: interlinear annotation */
	{0xfffe, 0xffff},   /* noncharacters */
	{0x1bca0, 0x1bca3}, /* shorthand format controls */
	{0x1d173, 0x1d17a}, /* musical format controls */
	{0xe0000, 0xe0fff}, /* tags, variation selectors */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && code >= ranges[low].first;
}

bool text_harmless(uint32_t code)
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) == 0xfffe)
		return false;
	return !in_ranges(harmful, COUNT(harmful), code);
}

/* Length that a lead byte promises and the bits it carries; 0: not a lead. */
static size_t lead(uint8_t byte, uint32_t *bits)
{
	if (byte < 0x80) {
		*bits = byte;
		return 1;
	}
	if (byte >= 0xc2 && byte <= 0xdf) {
		*bits = byte & 0x1fu;
		return 2;
	}
	if (byte >= 0xe0 && byte <= 0xef) {
		*bits = byte & 0x0fu;
		return 3;
	}
	if (byte >= 0xf0 && byte <= 0xf4) {
		*bits = byte & 0x07u;
		return 4;
	}
	return 0;
}

size_t text_decode(uint32_t *code, const char *src, size_t src_len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t bits = 0;
	size_t length = lead((uint8_t)src[0], &bits);

	if (!length || length > src_len)
		return 0;
	for (size_t i = 1; i < length; i++) {
		uint8_t byte = (uint8_t)src[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (byte & 0x3fu);
	}
	if (bits < least[length] || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	*code = bits;
	return length;
}

size_t text_clean(char *dst, size_t dst_size, const char *src, size_t src_len)
{
	size_t used = 0, at = 0;

	if (!dst_size)
		return 0;
	src_len = strnlen(src, src_len);
	while (at < src_len) {
		uint32_t code = (uint8_t)src[at];
		bool plain = code >= 0x20 && code < 0x7f; /* nearly all of it */
		size_t length = plain ? 1 : text_decode(&code, src + at, src_len - at);
		bool keep = plain || (length && text_harmless(code));
		size_t put = keep ? length : 1;

		if (used + put >= dst_size)
			break;
		if (keep)
			memcpy(dst + used, src + at, length);
		else
			dst[used] = '?';
		used += put;
		at += length ? length : 1;
	}
	dst[used] = 0;
	return used;
}

int text_columns(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (in_ranges(zero, COUNT(zero), code))
		return 0;
	return in_ranges(wide, COUNT(wide), code) ? 2 : 1;
}

/* Length and columns of the character at text, never 0 bytes. */
static size_t step(const char *text, size_t left, int *columns)
{
	uint32_t code = 0;
	size_t length = text_decode(&code, text, left);

	*columns = length ? text_columns(code) : 1;
	return length ? length : 1;
}

int text_width(const char *text)
{
	size_t left = strlen(text);
	int width = 0;

	while (left) {
		int columns;
		size_t length = step(text, left, &columns);

		width += columns;
		text += length;
		left -= length;
	}
	return width;
}

size_t text_fit(const char *text, int columns)
{
	size_t length = strlen(text), at = 0;

	while (at < length) {
		int wants;
		size_t bytes = step(text + at, length - at, &wants);

		if (wants > columns)
			break;
		columns -= wants;
		at += bytes;
	}
	return at;
}

size_t text_copy(char *dst, size_t dst_size, const char *src)
{
	size_t length = strlen(src);

	if (!dst_size)
		return 0;
	if (length >= dst_size) {
		length = dst_size - 1;
		/* Back to the lead byte of the character that is cut. */
		while (length && ((uint8_t)src[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(dst, src, length);
	dst[length] = 0;
	return length;
}

size_t text_clip(char *dst, size_t dst_size, const char *src, int columns)
{
	size_t all = strlen(src), fits = text_fit(src, columns);

	if (!dst_size)
		return 0;
	if (fits == all && all < dst_size)
		return text_copy(dst, dst_size, src);
	if (columns < 1 || dst_size < 2) {
		dst[0] = 0;
		return 0;
	}
	fits = text_fit(src, columns - 1);
	if (fits + 2 > dst_size)
		fits = dst_size - 2;
	while (fits && ((uint8_t)src[fits] & 0xc0) == 0x80)
		fits--;
	memcpy(dst, src, fits);
	dst[fits] = '~';
	dst[fits + 1] = 0;
	return fits + 1;
}
