/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_segment.c - a segment whose owner lies: read, judged, told.
 *
 * An input is one byte of circumstances and then patches of a valid image (image.h):
 *
 *   part, slot, offset (2 bytes), size (1 to 16), so many bytes
 *   0x80 | e            look now, 2^e ns later
 *
 * Nothing of it may crash, hang, leak, or put anything but plain text on a screen.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/image.h"
#include "tests/fuzz/reader.h"
#include "tests/fuzz/told.h"

#define LOOK 0x80u
#define LOOKS_MOST 4

/* First byte. */
enum circumstance {
	POST_MORTEM = 1 << 0,
	OTHER_NAMESPACES = 1 << 1, /* pid namespaces are compared */
	ALL_PROCESSES = 1 << 2,
	WITH_PROC = 1 << 3,
	TELL = 1 << 4, /* times way of told_check */
};

static void patch(struct input *in, uint8_t part)
{
	uint8_t slot = input_byte(in);
	uint16_t offset = input_word(in);
	const uint8_t *bytes;
	size_t size = input_bytes(in, input_byte(in) % 16 + 1u, &bytes), room;
	uint8_t *at = image_part((enum image_part)(part % IMAGE_PARTS), slot, &room);

	image_patch(at, room, offset, bytes, size);
}

static void arrange(struct reader *r, uint8_t how)
{
	const struct model_filter filter = { .all = true };

	r->segment.post_mortem = how & POST_MORTEM;
	r->segment.pidns = how & OTHER_NAMESPACES ? 4026531836u : 0;
	if (how & ALL_PROCESSES)
		model_set_filter(r->model, &filter);
	if (how & WITH_PROC)
		reader_add_proc(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	struct reader r;
	int looks = 0;

	reader_open(&r);
	arrange(&r, how);
	while (in.left > 0) {
		uint8_t what = input_byte(&in);

		if (!(what & LOOK))
			patch(&in, what);
		else if (looks++ < LOOKS_MOST)
			reader_look(&r, 1ull << (what & 0x3f) % 40);
	}
	reader_look(&r, 1000000000);
	reader_look(&r, 1000000000);
	told_check(r.model, how / TELL);
	reader_close(&r);
	image_restore();
	return 0;
}
