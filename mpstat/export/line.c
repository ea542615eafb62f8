/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c - see line.h. */
#include "mpstat/export/line.h"

#include "mpstat/export/doc.h"
#include "mpstat/export/rows.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LINE_MAX_BYTES 16384

/* Once full, nothing more is taken and used stays beyond the end. */
struct line {
	size_t used;
	char bytes[LINE_MAX_BYTES];
};

static void add(struct line *line, const char *bytes, size_t size)
{
	if (line->used + size <= sizeof(line->bytes))
		memcpy(line->bytes + line->used, bytes, size);
	line->used += size;
}

static void add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

static void add_digits(struct line *line, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	add(line, at, (size_t)(digits + sizeof(digits) - at));
}

/* Beyond what a double can hold: a string. */
static void add_integer(struct line *line, bool negative, uint64_t number)
{
	bool quoted = number > DOC_SAFE_INTEGER;

	if (quoted)
		add(line, "\"", 1);
	if (negative)
		add(line, "-", 1);
	add_digits(line, number);
	if (quoted)
		add(line, "\"", 1);
}

/* Clean text has no control characters: two characters are left to escape. */
static void add_escaped(struct line *line, const char *text)
{
	char clean[FACT_TEXT_MAX + FACT_NAME_MAX];
	const char *at = clean;
	size_t plain;

	text_clean(clean, sizeof(clean), text, strlen(text));
	while (plain = strcspn(at, "\"\\"), at[plain]) {
		add(line, at, plain);
		add(line, "\\", 1);
		add(line, at + plain, 1);
		at += plain + 1;
	}
	add(line, at, plain);
}

/* Nearly every name is plain ASCII, and needs neither. */
static void add_string(struct line *line, const char *text)
{
	const char *at = text;

	while (*at >= 0x20 && *at <= 0x7e && *at != '"' && *at != '\\')
		at++;
	add(line, "\"", 1);
	if (*at == '\0')
		add(line, text, (size_t)(at - text));
	else
		add_escaped(line, text);
	add(line, "\"", 1);
}

static void add_real(struct line *line, double number)
{
	char text[40];

	if (!isfinite(number)) {
		add(line, "null", 4);
		return;
	}
	snprintf(text, sizeof(text), "%.12g", number);
	add_text(line, text);
	/* As jansson writes it: readers that tell the two see a real. */
	if (!strpbrk(text, ".e"))
		add(line, ".0", 2);
}

static void add_value(struct line *line, const struct value *value)
{
	switch (value->type) {
	case VALUE_U64:
		add_integer(line, false, value->u.u64);
		break;
	case VALUE_I64:
		/* of the smallest number, too, without overflow */
		add_integer(line, value->u.i64 < 0,
			    value->u.i64 < 0 ? 0 - (uint64_t)value->u.i64 : (uint64_t)value->u.i64);
		break;
	case VALUE_F64:
		add_real(line, value->u.f64);
		break;
	case VALUE_TEXT:
		add_string(line, value->u.text);
		break;
	case VALUE_BOOL:
		add_text(line, value->u.b ? "true" : "false");
		break;
	default:
		add(line, "null", 4);
	}
}

static void add_fields(struct line *line, const struct model *model, enum entity entity,
		       const void *row, bool identity)
{
	size_t i;

	for (i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		struct value value;

		if (field->entity != entity || ((field->flags & FIELD_ID) != 0) != identity ||
		    !rows_have(field, row))
			continue;
		value = field->get(model, row);
		add(line, ",\"", 2);
		add_text(line, field->key);
		add(line, "\":", 2);
		add_value(line, &value);
	}
}

int line_write(FILE *out, const char *what, const struct model *model, enum entity entity,
	       const void *row, struct err *err)
{
	struct line line;

	line.used = 0;
	add_text(&line, "{\"record\":\"");
	add_text(&line, what);
	add(&line, "\"", 1);
	add_fields(&line, model, entity, row, true);
	add_fields(&line, model, entity, row, false);
	add(&line, "}\n", 2);
	if (line.used > sizeof(line.bytes))
		return err_set(err, -EMSGSIZE, "a row of %zu bytes is too long for a line",
			       line.used);
	fwrite(line.bytes, 1, line.used, out);
	return 0;
}
