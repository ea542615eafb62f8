/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_text.c - the wait graph as indented lines of 80 columns.
 *
 * Owns: indentation, wrapping.  Does not own: lines and words (model/graph_lines.h).
 */
#include "mpstat/export/graph_writer.h"

#include "mpstat/util/text.h"

#include <string.h>

#define WIDTH  80
#define INDENT 2
#define HANG   4 /* what continues a line stands deeper */

/* How much of the text goes on a line of so many columns: up to a blank, if there is one. */
static size_t line_of(const char *text, int columns)
{
	size_t fits = text_fit(text, columns), cut = fits;

	if (!text[fits])
		return fits;
	while (cut && text[cut] != ' ')
		cut--;
	/* A name without blanks is cut where the line ends; one too wide for any is not lost. */
	if (cut)
		return cut;
	return fits ? fits : strlen(text);
}

static void put_wrapped(FILE *out, int indent, const char *text)
{
	for (int more = 0; *text; more = HANG) {
		size_t length = line_of(text, WIDTH - indent - more);

		fprintf(out, "%*s%.*s\n", indent + more, "", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
}

static int write_text(FILE *out, const struct export_about *about, const struct graph_lines *lines,
		      struct err *err)
{
	char text[GRAPH_WORDS];
	struct sentence words;

	(void)about;
	(void)err;
	for (size_t i = 0; i < lines->lines.count; i++) {
		const struct graph_line *line = &lines->lines.items[i];

		words = sentence_begin(text, sizeof(text));
		graph_line_words(&words, line);
		if (i && !line->depth)
			fputc('\n', out);
		put_wrapped(out, INDENT * line->depth, text);
	}
	words = sentence_begin(text, sizeof(text));
	graph_lines_sum(&words, lines);
	if (lines->lines.count)
		fputc('\n', out);
	put_wrapped(out, 0, text);
	return 0;
}

const struct graph_writer graph_text = {.name = "text", .write = write_text};
