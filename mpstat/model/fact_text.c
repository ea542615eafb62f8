/* SPDX-License-Identifier: BSD-2-Clause */
/* fact_text.c - facts as lines of text.  See fact_text.h. */
#include "mpstat/model/fact_text.h"

#include "mpstat/model/fact_codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
	[FACT_SNAPSHOT_BEGIN] = "snapshot-begin",
	[FACT_SNAPSHOT_END] = "snapshot-end",
	[FACT_SOURCE] = "source",
	[FACT_DOMAIN] = "domain",
	[FACT_PROCESS] = "process",
	[FACT_THREAD] = "thread",
	[FACT_OBJECT] = "object",
	[FACT_USE] = "use",
	[FACT_RECORD] = "record",
	[FACT_LOSS] = "loss",
	[FACT_LIFE] = "life",
};

static const char *const source_names[FACT_SOURCES] = {
	[FACT_FROM_PROC] = "proc",
	[FACT_FROM_KERNEL] = "kernel",
	[FACT_FROM_WAITS] = "waits",
	[FACT_FROM_PYTHON] = "python",
	[FACT_FROM_SEGMENT] = "segment",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct column {
	enum fact_type type;
	const char *key;
	const struct codec *codec;
	size_t offset, size;
} columns[] = {
#define COLUMN(type, key, codec, member)                                  \
	{FACT_##type, key, &codec_##codec, offsetof(struct fact, member), \
	 sizeof(((struct fact *)0)->member)},
#include "mpstat/model/fact_text.def"
#undef COLUMN
};

/* What a fact says that says nothing. */
static struct fact blank(enum fact_type type)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	if (type == FACT_PROCESS) {
		fact.u.process.cpu_ns = FACT_UNKNOWN;
		fact.u.process.rss_bytes = FACT_UNKNOWN;
		fact.u.process.threads = FACT_UNKNOWN;
		fact.u.process.started_ns = FACT_UNKNOWN;
		fact.u.process.exit_code = FACT_EXIT_UNKNOWN;
	}
	if (type == FACT_LIFE)
		fact.u.life.exit_code = FACT_EXIT_UNKNOWN;
	return fact;
}

/* ---- writing ------------------------------------------------------------ */

static void write_column(struct sentence *out, const struct column *column,
			 const struct fact *fact, const struct fact *empty)
{
	const char *quote = column->codec->quoted ? "\"" : "";
	const char *value = (const char *)fact + column->offset;

	/* Padding that differs only makes a default visible. */
	if (!memcmp(value, (const char *)empty + column->offset, column->size))
		return;
	sentence_add(out, " %s=%s", column->key, quote);
	column->codec->write(out, value, column->size);
	sentence_add(out, "%s", quote);
}

static const char *name_of(const char *const *names, size_t count, unsigned number)
{
	return number < count ? names[number] : NULL;
}

int fact_text_write(const struct fact *fact, char *line, size_t size)
{
	const char *type = name_of(type_names, COUNT(type_names), fact->type);
	const char *source = name_of(source_names, COUNT(source_names), fact->source);
	struct sentence out;
	struct fact empty;

	if (!type || !source)
		return -EINVAL;
	if (!size)
		return -ENOSPC;
	empty = blank(fact->type);
	out = sentence_begin(line, size);
	sentence_add(&out, "%s source=%s", type, source);
	if (fact->time_ns)
		sentence_add(&out, " time=%llu", (unsigned long long)fact->time_ns);
	for (size_t i = 0; i < COUNT(columns); i++) {
		if (columns[i].type == fact->type)
			write_column(&out, &columns[i], fact, &empty);
	}
	return out.cut ? -ENOSPC : (int)out.used;
}

/* ---- reading ------------------------------------------------------------ */

static bool hex_digit(char c, unsigned *digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	*digit = at ? (unsigned)(at - digits) : 0;
	return at;
}

/* Takes the escapes out of a quoted text in place; *end is set behind its closing
 * quote.  NULL: no closing quote, or no such escape. */
static char *unquote(char *text, char **end)
{
	char *to = text;
	unsigned high, low;

	for (char *from = text; *from; from++) {
		if (*from == '"') {
			*end = from + 1;
			*to = 0;
			return text;
		}
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == '"' || *from == '\\') {
			*to++ = *from;
		} else if (*from == 'x' && hex_digit(from[1], &high) && hex_digit(from[2], &low)) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			return NULL;
		}
	}
	return NULL;
}

/* Cuts "key=value" off *at.  False: it is neither that nor the end. */
static bool next_pair(char **at, char **key, char **value)
{
	char *end;

	*key = *at + strspn(*at, " ");
	*value = NULL;
	if (!**key)
		return true;
	*value = strchr(*key, '=');
	if (!*value)
		return false;
	*(*value)++ = 0;
	if (**value == '"') {
		*value = unquote(*value + 1, &end);
		if (!*value || (*end && *end != ' '))
			return false;
		*at = end;
		return true;
	}
	end = *value + strcspn(*value, " ");
	*at = *end ? end + 1 : end;
	*end = 0;
	return true;
}

static bool find_name(const char *const *names, size_t count, const char *name, unsigned *number)
{
	for (*number = 0; *number < count; ++*number) {
		if (names[*number] && !strcmp(names[*number], name))
			return true;
	}
	return false;
}

static bool set_member(struct fact *fact, const char *key, const char *value)
{
	unsigned source;

	if (!strcmp(key, "source")) {
		if (!find_name(source_names, COUNT(source_names), value, &source))
			return false;
		fact->source = source;
		return true;
	}
	if (!strcmp(key, "time"))
		return codec_number.read(value, &fact->time_ns, sizeof(fact->time_ns));
	for (size_t i = 0; i < COUNT(columns); i++) {
		const struct column *column = &columns[i];

		if (column->type == fact->type && !strcmp(column->key, key))
			return column->codec->read(value, (char *)fact + column->offset,
						   column->size);
	}
	return false;
}

static int read_members(char *at, struct fact *fact, struct err *err)
{
	char *key, *value;

	for (;;) {
		if (!next_pair(&at, &key, &value))
			return err_set(err, -EINVAL, "not key=value: \"%.60s\"", key);
		if (!*key)
			break;
		if (!set_member(fact, key, value))
			return err_set(err, -EINVAL, "no such key here, or no value for it: %.40s=%.60s",
				       key, value);
	}
	if (!fact->source)
		return err_set(err, -EINVAL, "a fact needs a source=");
	return 0;
}

int fact_text_read(const char *line, struct fact *fact, struct err *err)
{
	char *copy = strdup(line), *rest;
	unsigned type;
	int result;

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	rest = copy + strcspn(copy, " ");
	if (*rest)
		*rest++ = 0;
	if (find_name(type_names, COUNT(type_names), copy, &type)) {
		*fact = blank(type);
		result = read_members(rest, fact, err);
	} else {
		result = err_set(err, -EINVAL, "no such fact: \"%.40s\"", copy);
	}
	free(copy);
	return result;
}
