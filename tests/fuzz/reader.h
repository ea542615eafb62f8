/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader.h - the image and the tree, read into a model as the viewer's sources do it.
 *
 * Owns: one model and the moments at which it looks.  Does not own: what is there to be read
 * (image.h, tree.h), what the model then says (told.h).
 */
#ifndef TESTS_FUZZ_READER_H
#define TESTS_FUZZ_READER_H

#include "mpstat/collector/source.h"
#include "mpstat/model/model.h"
#include "tests/unit/reading.h"

struct reader {
	struct model *model;
	struct reading segment;
	uint64_t now_ns;
	/* of the source that reads the tree; NULL: it is not read */
	void *proc;
	struct source_options options;
};

void reader_open(struct reader *r);
void reader_close(struct reader *r);

/* Lets source_proc read the tree, too, from now on. */
void reader_add_proc(struct reader *r);

/* Reads everything once more, so much later. */
void reader_look(struct reader *r, uint64_t later_ns);

#endif
