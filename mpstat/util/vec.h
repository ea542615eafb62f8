/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vec.h - an array that grows.
 *
 * Owns: the growth policy and its overflow check.  Does not own: the elements.
 */
#ifndef MPSTAT_UTIL_VEC_H
#define MPSTAT_UTIL_VEC_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Makes room for `need` elements of `size` bytes in *items, whose room is
 * *room elements now.  Doubles, so that appending n elements costs O(n).
 * Returns 0, or -ENOMEM with the array as it was.  free() it.
 */
static inline int vec_reserve(void **items, size_t *room, size_t need, size_t size)
{
	size_t want = *room ? *room : 16;
	void *grown;

	if (need <= *room)
		return 0;
	while (want < need) {
		if (want > SIZE_MAX / 2)
			return -ENOMEM;
		want *= 2;
	}
	if (size && want > SIZE_MAX / size)
		return -ENOMEM;
	grown = realloc(*items, want * size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = want;
	return 0;
}

/* The same for a struct with members `items`, `room` and `count` (elements in
 * use): room for one more. */
#define VEC_RESERVE(vec, need) \
	vec_reserve((void **)&(vec)->items, &(vec)->room, (need), sizeof(*(vec)->items))

#endif
