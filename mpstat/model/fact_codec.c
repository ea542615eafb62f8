/* SPDX-License-Identifier: BSD-2-Clause */
/* fact_codec.c - members of facts as text.  See fact_codec.h. */
#include "mpstat/model/fact_codec.h"

#include "mpstat/model/fact.h"
#include "mpstat/model/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ----------------------------------------------------------- */

/* Members are 1, 2, 4 or 8 bytes wide. */
static uint64_t load(const void *value, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, value, size); /* little-endian, as the wire is */
	return number;
}

static bool store(uint64_t number, void *value, size_t size)
{
	if (size < sizeof(number) && number >> (8 * size))
		return false;
	memcpy(value, &number, size);
	return true;
}

/* Digits up to a character of `ends` (or the end), no sign, no space. */
static bool digits(const char **text, int base, const char *ends, uint64_t *number)
{
	char *rest;

	if (!strchr("0123456789abcdef", **text) || !**text)
		return false;
	errno = 0;
	*number = strtoull(*text, &rest, base);
	if (errno || rest == *text || !strchr(ends, *rest))
		return false;
	*text = *rest ? rest + 1 : rest;
	return true;
}

static void write_number(struct sentence *out, const void *value, size_t size)
{
	uint64_t number = load(value, size);

	if (size == sizeof(number) && number == FACT_UNKNOWN)
		sentence_add(out, "?");
	else
		sentence_add(out, "%" PRIu64, number);
}

static bool read_number(const char *text, void *value, size_t size)
{
	uint64_t number;

	if (!strcmp(text, "?"))
		return store(FACT_UNKNOWN, value, size);
	return digits(&text, 10, "", &number) && store(number, value, size);
}

static void write_signed(struct sentence *out, const void *value, size_t size)
{
	int32_t number;

	memcpy(&number, value, size);
	if (number == FACT_EXIT_UNKNOWN)
		sentence_add(out, "?");
	else
		sentence_add(out, "%" PRId32, number);
}

static bool read_signed(const char *text, void *value, size_t size)
{
	bool negative = *text == '-';
	uint64_t number;
	int32_t result;

	if (!strcmp(text, "?")) {
		result = FACT_EXIT_UNKNOWN;
	} else {
		text += negative;
		if (!digits(&text, 10, "", &number) || number > INT32_MAX)
			return false;
		result = negative ? -(int32_t)number : (int32_t)number;
	}
	memcpy(value, &result, size);
	return true;
}

static void write_bool(struct sentence *out, const void *value, size_t size)
{
	sentence_add(out, load(value, size) ? "yes" : "no");
}

static bool read_bool(const char *text, void *value, size_t size)
{
	if (strcmp(text, "yes") && strcmp(text, "no"))
		return false;
	return store(!strcmp(text, "yes"), value, size);
}

static void write_hex(struct sentence *out, const void *value, size_t size)
{
	sentence_add(out, "%" PRIx64, load(value, size));
}

static bool read_hex(const char *text, void *value, size_t size)
{
	uint64_t number;

	return digits(&text, 16, "", &number) && store(number, value, size);
}

/* ---- texts ------------------------------------------------------------- */

static void write_text(struct sentence *out, const void *value, size_t size)
{
	const unsigned char *at = value;

	for (size_t i = 0; i < size && at[i]; i++) {
		if (at[i] == '"' || at[i] == '\\')
			sentence_add(out, "\\%c", at[i]);
		else if (at[i] < 0x20 || at[i] == 0x7f)
			sentence_add(out, "\\x%02x", at[i]);
		else
			sentence_add(out, "%c", at[i]);
	}
}

/* The quotes and escapes are gone already. */
static bool read_text(const char *text, void *value, size_t size)
{
	if (strlen(text) >= size)
		return false;
	memset(value, 0, size);
	memcpy(value, text, strlen(text));
	return true;
}

static void write_char(struct sentence *out, const void *value, size_t size)
{
	uint64_t c = load(value, size);

	if (c > ' ' && c < 0x7f)
		sentence_add(out, "%c", (char)c);
	else
		sentence_add(out, "0x%02" PRIx64, c);
}

static bool read_char(const char *text, void *value, size_t size)
{
	uint64_t number;

	if (text[0] && !text[1])
		return store((unsigned char)text[0], value, size);
	if (strncmp(text, "0x", 2))
		return false;
	text += 2;
	return digits(&text, 16, "", &number) && store(number, value, size);
}

/* ---- identities --------------------------------------------------------- */

static void write_process(struct sentence *out, const void *value, size_t size)
{
	struct process_id id;

	memcpy(&id, value, size);
	sentence_add(out, "%" PRIu32 ":%" PRIu64, id.pid, id.start);
}

static bool read_process(const char *text, void *value, size_t size)
{
	struct process_id id;
	uint64_t pid, start;

	if (!digits(&text, 10, ":", &pid) || pid > UINT32_MAX || !digits(&text, 10, "", &start))
		return false;
	memset(&id, 0, sizeof(id));
	id.pid = (uint32_t)pid;
	id.start = start;
	memcpy(value, &id, size);
	return true;
}

static void write_object(struct sentence *out, const void *value, size_t size)
{
	struct object_id id;

	memcpy(&id, value, size);
	sentence_add(out, "%" PRIx64 ":%s%" PRIu32 ".%" PRIu32, id.domain,
		     id.slot & FACT_REF_PROCESS ? "p" : "", id.slot & ~FACT_REF_PROCESS,
		     id.generation);
}

static bool read_object(const char *text, void *value, size_t size)
{
	struct object_id id = {0};
	uint64_t slot, generation;
	bool process;

	if (!digits(&text, 16, ":", &id.domain))
		return false;
	process = *text == 'p';
	text += process;
	if (!digits(&text, 10, ".", &slot) || !digits(&text, 10, "", &generation) ||
	    slot >= FACT_REF_PROCESS || generation > UINT32_MAX)
		return false;
	id.slot = (uint32_t)slot | (process ? FACT_REF_PROCESS : 0);
	id.generation = (uint32_t)generation;
	memcpy(value, &id, size);
	return true;
}

/* "9:1.1,p3.1,d7": nine things, of which a queue in slot 1, a process and descriptor 7. */
static void write_any(struct sentence *out, const void *value, size_t size)
{
	struct fact_any any;

	memcpy(&any, value, size);
	sentence_add(out, "%" PRIu32 ":", any.count);
	for (uint32_t i = 0; i < any.count && i < FACT_ANY; i++) {
		uint32_t slot = any.of[i].slot;

		sentence_add(out, i ? "," : "");
		if (slot == FACT_REF_NONE)
			sentence_add(out, "d%" PRIu32, any.of[i].generation);
		else
			sentence_add(out, "%s%" PRIu32 ".%" PRIu32,
				     slot & FACT_REF_PROCESS ? "p" : "", slot & ~FACT_REF_PROCESS,
				     any.of[i].generation);
	}
}

static bool read_one_of_any(const char **text, uint32_t *slot, uint32_t *generation)
{
	char sort = **text;
	uint64_t first = FACT_REF_NONE, second;

	*text += sort == 'p' || sort == 'd';
	if (sort != 'd' && (!digits(text, 10, ".", &first) || first >= FACT_REF_PROCESS))
		return false;
	if (!digits(text, 10, ",", &second) || second > UINT32_MAX)
		return false;
	*slot = (uint32_t)first | (sort == 'p' ? FACT_REF_PROCESS : 0);
	*generation = (uint32_t)second;
	return true;
}

static bool read_any(const char *text, void *value, size_t size)
{
	struct fact_any any = {0};
	uint64_t count;

	if (!digits(&text, 10, ":", &count) || count > UINT32_MAX)
		return false;
	any.count = (uint32_t)count;
	for (uint32_t i = 0; *text; i++) {
		if (i == FACT_ANY || i >= any.count ||
		    !read_one_of_any(&text, &any.of[i].slot, &any.of[i].generation))
			return false;
	}
	memcpy(value, &any, size);
	return true;
}

/* ---- tables of words ---------------------------------------------------- */

static void write_op(struct sentence *out, const void *value, size_t size)
{
	char name[2 * KIND_NAME_MAX];

	sentence_add(out, "%s", op_write((uint16_t)load(value, size), name, sizeof(name)));
}

static bool read_op(const char *text, void *value, size_t size)
{
	uint16_t op;

	return op_read(text, &op) && store(op, value, size);
}

static void write_kind(struct sentence *out, const void *value, size_t size)
{
	char name[KIND_NAME_MAX];

	sentence_add(out, "%s", kind_write((uint16_t)load(value, size), name, sizeof(name)));
}

static bool read_kind(const char *text, void *value, size_t size)
{
	uint16_t kind;

	return kind_read(text, &kind) && store(kind, value, size);
}

/* A number that has no word is written as a number. */
static void write_word(struct sentence *out, const char *const *words, size_t count,
		       uint64_t number)
{
	if (number < count && words[number])
		sentence_add(out, "%s", words[number]);
	else
		sentence_add(out, "%" PRIu64, number);
}

static bool read_word(const char *text, const char *const *words, size_t count, uint64_t *number)
{
	for (*number = 0; *number < count; ++*number) {
		if (words[*number] && !strcmp(words[*number], text))
			return true;
	}
	return digits(&text, 10, "", number);
}

static const char *const life_words[FACT_LIFE_WHATS] = {
	[FACT_LIFE_FORK] = "fork",     [FACT_LIFE_EXEC] = "exec", [FACT_LIFE_EXIT] = "exit",
	[FACT_LIFE_SIGNAL] = "signal", [FACT_LIFE_OOM] = "oom",
};

static void write_life(struct sentence *out, const void *value, size_t size)
{
	write_word(out, life_words, FACT_LIFE_WHATS, load(value, size));
}

static bool read_life(const char *text, void *value, size_t size)
{
	uint64_t number;

	return read_word(text, life_words, FACT_LIFE_WHATS, &number) && store(number, value, size);
}

static const char *const origin_words[FACT_ORIGINS] = {
	[FACT_ORIGIN_UNKNOWN] = "unknown",   [FACT_ORIGIN_PROCESS] = "process",
	[FACT_ORIGIN_FAULT] = "fault",	     [FACT_ORIGIN_TIMER] = "timer",
	[FACT_ORIGIN_TERMINAL] = "terminal", [FACT_ORIGIN_PARENT_DEATH] = "parent-death",
	[FACT_ORIGIN_MEMORY] = "memory",     [FACT_ORIGIN_KERNEL] = "kernel",
};

static void write_origin(struct sentence *out, const void *value, size_t size)
{
	write_word(out, origin_words, FACT_ORIGINS, load(value, size));
}

static bool read_origin(const char *text, void *value, size_t size)
{
	uint64_t number;

	return read_word(text, origin_words, FACT_ORIGINS, &number) && store(number, value, size);
}

static void write_hist(struct sentence *out, const void *value, size_t size)
{
	struct fact_hist hist;
	const char *comma = "";

	memcpy(&hist, value, size);
	for (int i = 0; i < FACT_HIST_BUCKETS; i++) {
		if (!hist.bucket[i])
			continue;
		sentence_add(out, "%s%d:%" PRIu64, comma, i, hist.bucket[i]);
		comma = ",";
	}
}

static bool read_hist(const char *text, void *value, size_t size)
{
	struct fact_hist hist = {0};
	uint64_t bucket, count;

	while (*text) {
		if (!digits(&text, 10, ":", &bucket) || bucket >= FACT_HIST_BUCKETS ||
		    !digits(&text, 10, ",", &count))
			return false;
		hist.bucket[bucket] = count;
	}
	memcpy(value, &hist, size);
	return true;
}

const struct codec codec_number = {write_number, read_number, false};
const struct codec codec_signed = {write_signed, read_signed, false};
const struct codec codec_bool = {write_bool, read_bool, false};
const struct codec codec_char = {write_char, read_char, false};
const struct codec codec_text = {write_text, read_text, true};
const struct codec codec_hex = {write_hex, read_hex, false};
const struct codec codec_process = {write_process, read_process, false};
const struct codec codec_object = {write_object, read_object, false};
const struct codec codec_any = {write_any, read_any, false};
const struct codec codec_hist = {write_hist, read_hist, false};
const struct codec codec_op = {write_op, read_op, false};
const struct codec codec_kind = {write_kind, read_kind, false};
const struct codec codec_life = {write_life, read_life, false};
const struct codec codec_origin = {write_origin, read_origin, false};
