/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact_codec.h - how one member of a fact is written and read.
 *
 * Owns: numbers, names, ids, histograms as text.  Does not own: which members
 * there are (fact_text.c).
 */
#ifndef MPSTAT_MODEL_FACT_CODEC_H
#define MPSTAT_MODEL_FACT_CODEC_H

#include "mpstat/model/sentence.h"

struct codec {
	/* Appends the member at `value`, of `size` bytes. */
	void (*write)(struct sentence *out, const void *value, size_t size);
	/* Reads all of text into it; false: it makes no sense. */
	bool (*read)(const char *text, void *value, size_t size);
	bool quoted;
};

extern const struct codec codec_number, codec_signed, codec_bool, codec_char, codec_text,
	codec_hex, codec_process, codec_object, codec_any, codec_hist, codec_op, codec_kind,
	codec_life, codec_origin;

#endif
