/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what every fuzz target has: its entry, how it says that something is wrong, and how
 * it takes its input apart.
 *
 * A claim that fails ends the program, so that libFuzzer keeps the input.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer for each input.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CLAIM(claim, ...)                                              \
	do {                                                                \
		if (!(claim)) {                                             \
			fprintf(stderr, "%s:%d: not so: %s: ", __FILE__,    \
				__LINE__, #claim);                          \
			fprintf(stderr, __VA_ARGS__);                       \
			fputc('\n', stderr);                                \
			abort();                                            \
		}                                                           \
	} while (0)

/* What is left of an input; beyond its end there are zeros. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t input_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint16_t input_word(struct input *in)
{
	uint16_t low = input_byte(in);

	return (uint16_t)(low | input_byte(in) << 8);
}

/* The next bytes, at most `most` of them; *at is where they are. */
static inline size_t input_bytes(struct input *in, size_t most, const uint8_t **at)
{
	size_t size = in->left < most ? in->left : most;

	*at = in->at;
	in->at += size;
	in->left -= size;
	return size;
}

#endif
