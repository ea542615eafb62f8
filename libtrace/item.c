/* SPDX-License-Identifier: BSD-2-Clause */
/* item.c - see item.h. */
#include "libtrace/item.h"

#include <errno.h>
#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* ---- in ----------------------------------------------------------------- */

static int check_bytes(const struct mpt_item *item, struct item *out)
{
	if (item->bytes.size > ITEM_SIZE_MOST)
		return -ENOSPC;
	if (!item->bytes.data && item->bytes.size)
		return -EINVAL;
	out->head = ITEM_HEAD(MPT_ITEM_BYTES, item->bytes.size);
	out->data = item->bytes.size ? item->bytes.data : "";
	return 0;
}

int item_check(const struct mpt_item *item, uint32_t slot, uint32_t generation, struct item *out)
{
	if (item->type > MPT_ITEM_OBJECT)
		return -EINVAL;
	out->word = 0;
	out->data = NULL;
	if (item->type == MPT_ITEM_BYTES)
		return check_bytes(item, out);
	out->head = ITEM_HEAD(item->type, sizeof(uint64_t));
	if (item->type == MPT_ITEM_BOOL)
		out->word = item->i64 != 0;
	else if (item->type == MPT_ITEM_I64 || item->type == MPT_ITEM_F64)
		memcpy(&out->word, &item->i64, sizeof(out->word));
	else if (item->type != MPT_ITEM_NONE)
		out->word = (uint64_t)item->ref.generation << 32 | item->ref.slot;
	if (item->type == MPT_ITEM_CONTAINER &&
	    (item->ref.manager != slot || item->ref.manager_generation != generation))
		return -EINVAL;
	return 0;
}

/* Word n of its bytes; after the last one zeros. */
static uint64_t word_of(const struct item *item, uint64_t n)
{
	uint64_t left = ITEM_SIZE(item->head) - n * 8, word = 0;

	if (!item->data)
		return item->word;
	memcpy(&word, (const uint8_t *)item->data + n * 8, left < 8 ? left : 8);
	return word;
}

void item_fill(const struct item *item, uint64_t *words)
{
	uint32_t size = ITEM_SIZE(item->head);

	if (size % 8)
		words[size / 8] = word_of(item, size / 8);
	if (!item->data)
		words[0] = item->word;
	else
		memcpy(words, item->data, size / 8 * 8);
}

void item_write(const struct item *item, uint64_t *words)
{
	for (uint64_t n = 0; n < ITEM_WORDS(ITEM_SIZE(item->head)); n++)
		store64(&words[n], word_of(item, n));
}

/* ---- out ---------------------------------------------------------------- */

/* What is read may be changing: what was copied counts only when it has not (turn.c). */
static int bytes_out(const struct stored *from, struct mpt_item *to, struct room *room)
{
	uint32_t size = ITEM_SIZE(from->head), whole = size / 8;
	uint8_t *at = (uint8_t *)room->buffer + room->used;
	uint64_t word;

	to->bytes.size = size;
	to->bytes.data = NULL;
	if (size > room->size - room->used)
		return -EMSGSIZE;
	for (uint32_t n = 0; n < whole; n++) {
		word = load64(&from->words[n]);
		memcpy(at + n * 8, &word, 8);
	}
	if (size % 8) {
		word = load64(&from->words[whole]);
		memcpy(at + whole * 8, &word, size % 8);
	}
	to->bytes.data = at;
	room->used += size;
	return 0;
}

int item_out(const struct stored *from, struct mpt_item *to, struct room *room)
{
	uint64_t word;

	memset(to, 0, sizeof(*to));
	to->type = ITEM_TYPE(from->head);
	if (to->type == MPT_ITEM_BYTES)
		return bytes_out(from, to, room);
	word = load64(from->words);
	if (to->type == MPT_ITEM_CONTAINER || to->type == MPT_ITEM_OBJECT)
		to->ref = (struct mpt_item_ref){ .slot = (uint32_t)word,
						 .generation = (uint32_t)(word >> 32) };
	else
		memcpy(&to->i64, &word, sizeof(word));
	return 0;
}

/* ---- comparing ---------------------------------------------------------- */

static bool is_number(uint32_t type)
{
	return type == MPT_ITEM_BOOL || type == MPT_ITEM_I64 || type == MPT_ITEM_F64;
}

int item_order(uint64_t head)
{
	return is_number(ITEM_TYPE(head)) ? 1 : ITEM_TYPE(head) == MPT_ITEM_BYTES ? 2 : 0;
}

static double float_of(uint64_t word)
{
	double f;

	memcpy(&f, &word, sizeof(f));
	return f;
}

static int compare_whole(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Exactly: a double cannot hold every whole number. */
static int compare_mixed(int64_t whole, double f)
{
	int64_t part;

	if (isnan(f) || f >= 0x1p63)
		return -1; /* what is no number comes last */
	if (f < -0x1p63)
		return 1;
	part = (int64_t)f; /* towards 0 */
	if (whole != part)
		return compare_whole(whole, part);
	return (f < (double)part) - (f > (double)part);
}

static int compare_floats(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (isnan(a) != 0) - (isnan(b) != 0);
	return (a > b) - (a < b);
}

static int compare_numbers(uint32_t type_a, uint64_t a, uint32_t type_b, uint64_t b)
{
	if (type_a == MPT_ITEM_F64 && type_b == MPT_ITEM_F64)
		return compare_floats(float_of(a), float_of(b));
	if (type_a == MPT_ITEM_F64)
		return -compare_mixed((int64_t)b, float_of(a));
	if (type_b == MPT_ITEM_F64)
		return compare_mixed((int64_t)a, float_of(b));
	return compare_whole((int64_t)a, (int64_t)b);
}

static bool not_a_number(uint32_t type, uint64_t word)
{
	return type == MPT_ITEM_F64 && isnan(float_of(word));
}

static bool same_bytes(const uint64_t *words, const struct item *b)
{
	for (uint64_t n = 0; n < ITEM_WORDS(ITEM_SIZE(b->head)); n++)
		if (load64(&words[n]) != word_of(b, n))
			return false;
	return true;
}

bool item_equal(const struct stored *a, const struct item *b)
{
	uint32_t type_a = ITEM_TYPE(a->head), type_b = ITEM_TYPE(b->head);

	if (is_number(type_a) && is_number(type_b))
		return !not_a_number(type_a, load64(a->words)) && !not_a_number(type_b, b->word) &&
		       compare_numbers(type_a, load64(a->words), type_b, b->word) == 0;
	return type_a == type_b && ITEM_SIZE(a->head) == ITEM_SIZE(b->head) &&
	       same_bytes(a->words, b);
}

int item_compare(const struct stored *a, const struct stored *b)
{
	uint32_t size_a = ITEM_SIZE(a->head), size_b = ITEM_SIZE(b->head);
	int order;

	if (item_order(a->head) == 1)
		return compare_numbers(ITEM_TYPE(a->head), *a->words, ITEM_TYPE(b->head),
				       *b->words);
	order = memcmp(a->words, b->words, size_a < size_b ? size_a : size_b);
	return order ? order : (size_a > size_b) - (size_a < size_b);
}

/* ---- keys --------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	wide product = (wide)(a ^ 0x9e3779b97f4a7c15ull) * (b | 1);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash(const struct item *item, uint64_t seed)
{
	uint64_t h = mix(seed ^ item->head, seed);

	for (uint64_t n = 0; n < ITEM_WORDS(ITEM_SIZE(item->head)); n++)
		h = mix(h ^ word_of(item, n), seed);
	return (uint32_t)(h ^ h >> 32);
}

int key_make(const struct mpt_item *from, uint64_t seed, struct key *key)
{
	int rc;

	if (from->type != MPT_ITEM_I64 && from->type != MPT_ITEM_BYTES)
		return -EINVAL;
	rc = item_check(from, 0, 0, &key->item);
	if (rc == 0)
		key->hash = hash(&key->item, seed);
	return rc;
}

bool key_equal(const struct key *key, uint64_t head, const uint64_t *words)
{
	return head == key->item.head && same_bytes(words, &key->item);
}
