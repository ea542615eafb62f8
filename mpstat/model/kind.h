/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.h - what kinds of object and operations are called, have and do.
 *
 * Owns: lookup in the tables of libtrace/contract.  Does not own: the tables.
 * Numbers that a newer library invented are no error: they have a name made of
 * the number and no traits.
 */
#ifndef MPSTAT_MODEL_KIND_H
#define MPSTAT_MODEL_KIND_H

#include "libtrace/contract/vocab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIND_NAME_MAX 24

struct kind {
	const char *name;  /* "lock": JSON, facts as text */
	const char *title; /* "lock": sentences */
	uint32_t traits;   /* enum mpt_trait */
};

struct op {
	const char *name;  /* "acquire" */
	const char *waits; /* completes "is waiting ..."; "" never blocks */
	enum mpt_effect effect;
};

/* NULL: unknown here. */
const struct kind *kind_find(uint16_t kind);
const struct op *op_find(uint16_t op);

/* 0 for an unknown kind. */
uint32_t kind_traits(uint16_t kind);
/* All of `traits`? */
bool kind_has(uint16_t kind, uint32_t traits);
/* MPT_E_NOTE for an unknown op. */
enum mpt_effect op_effect(uint16_t op);

/* "lock", or "kind 17" in buf. */
const char *kind_name(uint16_t kind, char *buf, size_t size);
/* "acquire", or "op 17.20" in buf. */
const char *op_name(uint16_t op, char *buf, size_t size);

/* For facts as text: "lock" or "17"; "lock.acquire" or "17.20".  Writing
 * returns buf; reading returns false when the text is neither. */
const char *kind_write(uint16_t kind, char *buf, size_t size);
bool kind_read(const char *text, uint16_t *kind);
const char *op_write(uint16_t op, char *buf, size_t size);
bool op_read(const char *text, uint16_t *op);

#endif
