/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - text from outside, made harmless, and its width on a screen.
 *
 * Owns: the one sanitiser that every outside name passes (process names,
 * command lines, object names, file names) before terminal, JSON or label;
 * UTF-8 decoding; display columns.  Does not own: number formats (fmt.h).
 *
 * None of these depends on the locale, blocks or allocates.
 */
#ifndef MPSTAT_UTIL_TEXT_H
#define MPSTAT_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the first src_len bytes of src, or up to its first NUL, into dst.
 *
 * The result is always valid UTF-8 on one line, NUL-terminated (unless
 * dst_size is 0), never ends inside a character.  Each of these becomes one
 * '?' : C0 controls (newline and tab too), DEL, C1 controls, bidirectional
 * controls, zero-width and other invisible characters, line and paragraph
 * separators, language tags, noncharacters, and every byte that is not part
 * of strictly valid UTF-8 (no overlong forms, no surrogates).  '?' and not
 * U+FFFD: it is one column and one byte everywhere, ASCII terminals included.
 *
 * Returns strlen(dst).
 */
size_t text_clean(char *dst, size_t dst_size, const char *src, size_t src_len);

/* Whether text_clean() would leave this character alone. */
bool text_harmless(uint32_t code);

/*
 * Decodes the character at src (src_len > 0 bytes are there) into *code.
 * Returns its length in bytes, or 0 when the bytes are not valid UTF-8.
 */
size_t text_decode(uint32_t *code, const char *src, size_t src_len);

/* Columns of one character: 0 (combining), 1, or 2 (wide).  The tables are
 * those of glibc 2.36's C.UTF-8, so that ncurses agrees. */
int text_columns(uint32_t code);

/* Columns of a NUL-terminated string; a byte that is not UTF-8 counts 1. */
int text_width(const char *text);

/* How many bytes of text fit into `columns`, never cutting a character; marks
 * that combine with the last one that fits are included. */
size_t text_fit(const char *text, int columns);

/*
 * Copies as much of src as fits into `columns` and dst_size.  When something
 * had to go, the last column shows '~'.  Always NUL-terminated (unless dst_size
 * is 0).  Returns strlen(dst).
 */
size_t text_clip(char *dst, size_t dst_size, const char *src, int columns);

/* Copies src, cutting at a whole character when dst is too small.  Returns
 * strlen(dst).  For text that has been cleaned already. */
size_t text_copy(char *dst, size_t dst_size, const char *src);

#endif
