/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - things found by identity and listed in the order of identity.
 *
 * Owns: the hash table (uthash) and the sorted list beside it.  Does not own
 * the things: each has a struct map_node as its first member.
 *
 * Out of memory is an answer here, never the end of the program.
 */
#ifndef MPSTAT_MODEL_MAP_H
#define MPSTAT_MODEL_MAP_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_KEY 5

/* Unused words are zero.  The order of keys is the order of lists. */
struct map_key {
	uint64_t word[MAP_KEY];
};

struct map_node {
	UT_hash_handle hh;
	struct map_key key;
	size_t index; /* in map.items, as of the last map_sort */
};

struct map {
	struct map_node *hash;
	struct map_node **items; /* sorted, as of the last map_sort */
	size_t count, room;
	bool changed; /* since then */
	struct map_node *recent; /* obtained last; NULL: none */
};

/* NULL: none. */
struct map_node *map_find(const struct map *map, const struct map_key *key);

/* The same for who goes through all nodes in the order they arrived, again and again,
 * as sources do: the one after the last answer is tried first. */
struct map_node *map_find_next(struct map *map, const struct map_key *key);

/* node->key is set and not in the map.  0 or -ENOMEM. */
int map_add(struct map *map, struct map_node *node);

/* Takes it out of the table.  The list still names it: call map_sort before
 * the list is used again.  The caller frees the node. */
void map_remove(struct map *map, struct map_node *node);

size_t map_size(const struct map *map);

/* Brings the list up to date; O(n log n) when something changed, else nothing.
 * compare NULL: by key.  0, or -ENOMEM with an empty list. */
int map_sort(struct map *map, int (*compare)(const struct map_node *, const struct map_node *));

int map_compare_keys(const struct map_node *a, const struct map_node *b);

/* The first, the next; NULL at the end.  By order of arrival. */
struct map_node *map_first(const struct map *map);
struct map_node *map_next(const struct map_node *node);

/* Forgets all nodes (the caller has freed, or will free, each). */
void map_clear(struct map *map);

#endif
