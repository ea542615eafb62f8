/* SPDX-License-Identifier: BSD-2-Clause */
/* map.c - the one place that expands uthash.  See map.h. */
#include "mpstat/model/map.h"

#include "mpstat/util/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct map_node *map_find(const struct map *map, const struct map_key *key)
{
	struct map_node *found = NULL;

	HASH_FIND(hh, map->hash, key, sizeof(*key), found);
	return found;
}

static bool has_key(const struct map_node *node, const struct map_key *key)
{
	return node && memcmp(&node->key, key, sizeof(*key)) == 0;
}

struct map_node *map_find_next(struct map *map, const struct map_key *key)
{
	struct map_node *next = map->recent ? map_next(map->recent) : map_first(map);

	map->recent = has_key(next, key) ? next : map_find(map, key);
	return map->recent;
}

int map_add(struct map *map, struct map_node *node)
{
	HASH_ADD_KEYPTR(hh, map->hash, &node->key, sizeof(node->key), node);
	if (!node->hh.tbl)
		return -ENOMEM;
	map->changed = true;
	return 0;
}

void map_remove(struct map *map, struct map_node *node)
{
	if (map->recent == node)
		map->recent = NULL;
	HASH_DEL(map->hash, node);
	map->changed = true;
}

size_t map_size(const struct map *map)
{
	return HASH_COUNT(map->hash);
}

int map_compare_keys(const struct map_node *a, const struct map_node *b)
{
	for (int i = 0; i < MAP_KEY; i++) {
		if (a->key.word[i] != b->key.word[i])
			return a->key.word[i] < b->key.word[i] ? -1 : 1;
	}
	return 0;
}

static int by_told(const void *a, const void *b, void *compare)
{
	int (*told)(const struct map_node *, const struct map_node *);

	told = *(int (**)(const struct map_node *, const struct map_node *))compare;
	return told(*(struct map_node *const *)a, *(struct map_node *const *)b);
}

/* Processes arrive in the order of their numbers, until these begin again. */
static bool is_sorted(const struct map *map, size_t count,
		      int (*compare)(const struct map_node *, const struct map_node *))
{
	for (size_t i = 1; i < count; i++) {
		if (compare(map->items[i - 1], map->items[i]) > 0)
			return false;
	}
	return true;
}

int map_sort(struct map *map, int (*compare)(const struct map_node *, const struct map_node *))
{
	size_t size = map_size(map), i = 0;

	if (!map->changed)
		return 0;
	map->count = 0;
	if (vec_reserve((void **)&map->items, &map->room, size, sizeof(struct map_node *)))
		return -ENOMEM;
	for (struct map_node *node = map->hash; node; node = map_next(node))
		map->items[i++] = node;
	if (!compare)
		compare = map_compare_keys;
	if (!is_sorted(map, i, compare))
		qsort_r(map->items, i, sizeof(struct map_node *), by_told, &compare);
	for (size_t at = 0; at < i; at++)
		map->items[at]->index = at;
	map->count = i;
	map->changed = false;
	return 0;
}

struct map_node *map_first(const struct map *map)
{
	return map->hash;
}

struct map_node *map_next(const struct map_node *node)
{
	return node->hh.next;
}

void map_clear(struct map *map)
{
	HASH_CLEAR(hh, map->hash);
	free(map->items);
	*map = (struct map){0};
}
