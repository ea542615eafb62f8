/* SPDX-License-Identifier: BSD-2-Clause */
/* field.c - values as text for people, and their order. */
#include "mpstat/model/field.h"

#include "mpstat/util/fmt.h"
#include "mpstat/util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static double as_double(const struct value *value)
{
	switch (value->type) {
	case VALUE_U64:
		return (double)value->u.u64;
	case VALUE_I64:
		return (double)value->u.i64;
	case VALUE_F64:
		return value->u.f64;
	default:
		return value->u.b ? 1 : 0;
	}
}

/* A number that is not negative, whatever its type. */
static uint64_t as_u64(const struct value *value)
{
	double number;

	if (value->type == VALUE_U64)
		return value->u.u64;
	number = as_double(value);
	if (number <= 0)
		return 0;
	return number >= 18446744073709549568.0 ? UINT64_MAX : (uint64_t)number;
}

static void plain(const struct value *value, char *buf, size_t size)
{
	if (value->type == VALUE_U64)
		snprintf(buf, size, "%" PRIu64, value->u.u64);
	else if (value->type == VALUE_I64)
		snprintf(buf, size, "%" PRId64, value->u.i64);
	else
		snprintf(buf, size, "%.6f", value->u.f64);
}

static void moment(const struct value *value, char *buf, size_t size)
{
	uint64_t ns = as_u64(value);

	snprintf(buf, size, "%" PRIu64 ".%06" PRIu64, ns / 1000000000u, ns % 1000000000u / 1000u);
}

static void number(const struct field *field, const struct value *value, char *buf, size_t size)
{
	switch (field->unit) {
	case UNIT_COUNT:
		fmt_count(buf, size, as_u64(value));
		break;
	case UNIT_BYTES:
		fmt_bytes(buf, size, as_u64(value));
		break;
	case UNIT_NS:
	case UNIT_AGE:
		fmt_ns(buf, size, as_u64(value));
		break;
	case UNIT_PER_SECOND:
		fmt_rate(buf, size, as_double(value));
		break;
	case UNIT_PERCENT:
		fmt_percent(buf, size, as_double(value));
		break;
	case UNIT_TIME:
		moment(value, buf, size);
		break;
	default:
		plain(value, buf, size);
	}
}

const char *field_text(const struct field *field, const struct value *value, char *buf, size_t size)
{
	switch (value->type) {
	case VALUE_NONE:
		text_copy(buf, size, "-");
		break;
	case VALUE_TEXT:
		text_copy(buf, size, value->u.text);
		break;
	case VALUE_BOOL:
		text_copy(buf, size, value->u.b ? "yes" : "no");
		break;
	default:
		number(field, value, buf, size);
	}
	return buf;
}

static int sign(bool less, bool greater)
{
	return less ? -1 : greater;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	/* Exactly, where a double would not do. */
	if (a->type == VALUE_U64 && b->type == VALUE_U64)
		return sign(a->u.u64 < b->u.u64, a->u.u64 > b->u.u64);
	if (a->type == VALUE_I64 && b->type == VALUE_I64)
		return sign(a->u.i64 < b->u.i64, a->u.i64 > b->u.i64);
	return sign(as_double(a) < as_double(b), as_double(a) > as_double(b));
}

int value_compare(const struct value *a, const struct value *b)
{
	bool a_none = a->type == VALUE_NONE, b_none = b->type == VALUE_NONE;
	bool a_text = a->type == VALUE_TEXT, b_text = b->type == VALUE_TEXT;

	if (a_none || b_none)
		return a_none - b_none;
	if (a_text && b_text)
		return strcmp(a->u.text, b->u.text);
	if (a_text || b_text)
		return a_text - b_text; /* numbers before texts */
	return compare_numbers(a, b);
}

int value_order(const struct value *a, const struct value *b, bool reverse)
{
	if (a->type == VALUE_NONE || b->type == VALUE_NONE || !reverse)
		return value_compare(a, b);
	return value_compare(b, a);
}
