/* SPDX-License-Identifier: BSD-2-Clause */
/* kind.c - lookup in the vocabulary.  See kind.h. */
#include "mpstat/model/kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Indexed by number: gaps stay zero, and a zero name means "unknown". */
static const struct kind kinds[] = {
#define KIND(UPPER, number, lower, title, traits) [number] = {#lower, title, MPT_TRAITS(traits)},
#include "libtrace/contract/kinds.def"
#include "libtrace/contract/outside_kinds.def"
#undef KIND
};

static const struct op ops[] = {
#define OP(KIND, VERB, number, verb, waits, effect) \
	[MPT_OP_##KIND##_##VERB] = {#verb, waits, effect},
#include "libtrace/contract/ops.def"
#include "libtrace/contract/outside_ops.def"
#undef OP
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct kind *kind_find(uint16_t kind)
{
	return kind < COUNT(kinds) && kinds[kind].name ? &kinds[kind] : NULL;
}

const struct op *op_find(uint16_t op)
{
	return op < COUNT(ops) && ops[op].name ? &ops[op] : NULL;
}

uint32_t kind_traits(uint16_t kind)
{
	const struct kind *found = kind_find(kind);

	return found ? found->traits : 0;
}

bool kind_has(uint16_t kind, uint32_t traits)
{
	return (kind_traits(kind) & traits) == traits;
}

enum mpt_effect op_effect(uint16_t op)
{
	const struct op *found = op_find(op);

	return found ? found->effect : MPT_E_NOTE;
}

const char *kind_name(uint16_t kind, char *buf, size_t size)
{
	const struct kind *found = kind_find(kind);

	if (found)
		return found->title;
	snprintf(buf, size, "kind %u", kind);
	return buf;
}

const char *op_name(uint16_t op, char *buf, size_t size)
{
	const struct op *found = op_find(op);

	if (found)
		return found->name;
	snprintf(buf, size, "op %u.%u", MPT_OP_KIND(op), op & 0xffu);
	return buf;
}

const char *kind_write(uint16_t kind, char *buf, size_t size)
{
	const struct kind *found = kind_find(kind);

	if (found)
		snprintf(buf, size, "%s", found->name);
	else
		snprintf(buf, size, "%u", kind);
	return buf;
}

const char *op_write(uint16_t op, char *buf, size_t size)
{
	const struct kind *kind = kind_find(MPT_OP_KIND(op));
	const struct op *found = op_find(op);

	if (kind && found)
		snprintf(buf, size, "%s.%s", kind->name, found->name);
	else
		snprintf(buf, size, "%u.%u", MPT_OP_KIND(op), op & 0xffu);
	return buf;
}

/* A whole decimal number up to `most`; *rest is set behind it. */
static bool number(const char *text, unsigned long most, unsigned long *value, char **rest)
{
	if (*text < '0' || *text > '9')
		return false;
	*value = strtoul(text, rest, 10);
	return *value <= most;
}

bool kind_read(const char *text, uint16_t *kind)
{
	unsigned long value;
	char *rest;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].name && !strcmp(kinds[i].name, text)) {
			*kind = (uint16_t)i;
			return true;
		}
	}
	if (!number(text, UINT16_MAX, &value, &rest) || *rest)
		return false;
	*kind = (uint16_t)value;
	return true;
}

bool op_read(const char *text, uint16_t *op)
{
	unsigned long high, low;
	char name[2 * KIND_NAME_MAX];
	char *rest;

	for (size_t i = 0; i < COUNT(ops); i++) {
		if (ops[i].name && !strcmp(op_write((uint16_t)i, name, sizeof(name)), text)) {
			*op = (uint16_t)i;
			return true;
		}
	}
	if (!number(text, 0xff, &high, &rest) || *rest != '.')
		return false;
	if (!number(rest + 1, 0xff, &low, &rest) || *rest)
		return false;
	*op = (uint16_t)MPT_OP_ID(high, low);
	return true;
}
