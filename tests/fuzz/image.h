/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.h - a busy, valid segment of a domain, for inputs to lie in.
 *
 * Owns: the segment (tests/unit/fake_segment.h) with an object of every kind, its
 * members as living processes of the tree, and undoing what an input changed.  Does not own:
 * reading it.  One per program.
 */
#ifndef TESTS_FUZZ_IMAGE_H
#define TESTS_FUZZ_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_PROCESSES 5u
#define IMAGE_PID 5000001u /* of the first member; the others count on */

/* Where the pool lies: its object slot, its second function's name in its storage. */
#define IMAGE_POOL 13u
#define IMAGE_POOL_NAME 1072u

/* Makes it, if there is none yet.  The descriptor of the segment. */
int image_fd(void);

/* What one of its parts is called in an input, and where the bytes of the slot-th are. */
enum image_part {
	IMAGE_HEADER,
	IMAGE_PROCESS,
	IMAGE_THREAD,
	IMAGE_OBJECT,
	IMAGE_USES,
	IMAGE_PACKETS,
	IMAGE_STORAGE,
	IMAGE_PARTS,
};
uint8_t *image_part(enum image_part part, uint32_t slot, size_t *size);

/* Writes bytes into a part, cut at its end. */
void image_patch(uint8_t *part, size_t room, size_t offset, const void *bytes, size_t size);

/* Takes back every patch. */
void image_restore(void);

#endif
