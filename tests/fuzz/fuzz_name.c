/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_name.c - names that somebody else chose, up to the terminal and into JSON.
 *
 * An input is a byte of circumstances and then texts, each after its length (1 byte): the
 * names of domain, process, thread, object, module, pool function and program, and a command
 * line (what is left).  Claims: what comes out of text_clean, the canvas and the exporters is
 * valid UTF-8 that no terminal acts upon, as wide as it says, and JSON can be read back.
 */
#include "libtrace/contract/wire.h"
#include "mpstat/util/text.h"
#include "mpstat/view/canvas.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/image.h"
#include "tests/fuzz/reader.h"
#include "tests/fuzz/told.h"
#include "tests/fuzz/tree.h"

#define TEXT_MOST 300u

/* First byte. */
#define WITH_PROC 1u
#define TELL 2u /* times way of told_check */

/* ---- text_clean and its friends ---------------------------------------------------------- */

static void check_cleaned(const char *bytes, size_t size, size_t room)
{
	char *clean = malloc(room), again[TEXT_MOST + 1], clip[64];
	size_t n = text_clean(clean, room, bytes, size);
	int columns = (int)(size % 41);

	FUZZ_CLAIM(n < room && strlen(clean) == n, "%zu of %zu bytes", n, room);
	told_clean(clean, n, false);
	FUZZ_CLAIM(text_clean(again, sizeof(again), clean, n) == n && !memcmp(again, clean, n),
		   "cleaned twice is not cleaned once");
	FUZZ_CLAIM(text_fit(clean, columns) <= n, "more than there is fits");
	n = text_clip(clip, sizeof(clip), clean, columns);
	told_clean(clip, n, false);
	FUZZ_CLAIM(text_width(clip) <= columns, "%d columns, not %d", text_width(clip), columns);
	free(clean);
}

/* ---- a canvas takes what was never cleaned, too ------------------------------------------- */

static void check_canvas(const char *raw, bool unicode)
{
	struct canvas *canvas = canvas_new(20, 3, unicode);
	struct rect cell = { 3, 1, (int)strlen(raw) % 21, 1 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	FUZZ_CLAIM(canvas && out, "no memory");
	canvas_text(canvas, -2, 0, STYLE_PLAIN, raw);
	canvas_cell(canvas, cell, STYLE_PLAIN, raw, CANVAS_LEFT);
	canvas_text(canvas, 7, 2, STYLE_PLAIN, raw);
	canvas_text(canvas, 8, 2, STYLE_PLAIN, raw);
	canvas_print(canvas, 3, out);
	fclose(out);
	told_clean(text, size, true);
	for (size_t i = 0; !unicode && i < size; i++)
		FUZZ_CLAIM((uint8_t)text[i] < 0x80, "not ASCII: %02x", (uint8_t)text[i]);
	free(text);
	canvas_free(canvas);
}

static void check_text(const uint8_t *bytes, size_t size)
{
	char *raw = malloc(size + 1);

	FUZZ_CLAIM(raw, "no memory");
	memcpy(raw, bytes, size);
	raw[size] = '\0';
	check_cleaned(raw, size, 1 + size % 7);
	check_cleaned(raw, size, TEXT_MOST + 1);
	check_canvas(raw, true);
	check_canvas(raw, false);
	free(raw);
}

/* ---- the way of a name through the viewer -------------------------------------------------- */

/* Where each text goes. */
static const struct place {
	enum image_part part;
	uint32_t slot;
	size_t offset, size;
} places[] = {
	{ IMAGE_HEADER, 0, offsetof(struct mpt_wire_header, name), MPT_NAME_MAX },
	{ IMAGE_PROCESS, 1, offsetof(struct mpt_wire_process, name), MPT_NAME_MAX },
	{ IMAGE_THREAD, 1, offsetof(struct mpt_wire_thread, name), 16 },
	{ IMAGE_OBJECT, 1, offsetof(struct mpt_wire_object, name), MPT_NAME_MAX },
	{ IMAGE_OBJECT, 1, offsetof(struct mpt_wire_object, site_module), MPT_NAME_MAX },
	{ IMAGE_STORAGE, IMAGE_POOL, IMAGE_POOL_NAME, MPT_NAME_MAX },
};

static void put_names(struct input *in)
{
	const uint8_t *bytes;
	size_t size, room;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		uint8_t *at = image_part(p->part, p->slot, &room), name[MPT_NAME_MAX] = { 0 };

		size = input_bytes(in, input_byte(in), &bytes);
		check_text(bytes, size);
		memcpy(name, bytes, size < p->size ? size : p->size);
		image_patch(at, room, p->offset, name, p->size);
	}
}

static void put_program(struct input *in)
{
	char comm[65] = "";
	const uint8_t *bytes;
	size_t size = input_bytes(in, input_byte(in) % sizeof(comm), &bytes);

	memcpy(comm, bytes, size);
	check_text(bytes, size);
	tree_put_stat(IMAGE_PID + 1, IMAGE_PID, 5001, comm);
	size = input_bytes(in, TEXT_MOST, &bytes);
	check_text(bytes, size);
	tree_put(IMAGE_PID + 1, "cmdline", bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	struct reader r;

	reader_open(&r);
	if (how & WITH_PROC)
		reader_add_proc(&r);
	put_names(&in);
	put_program(&in);
	reader_look(&r, 1000000000);
	reader_look(&r, 1000000000);
	told_check(r.model, how / TELL);
	reader_close(&r);
	image_restore();
	return 0;
}
