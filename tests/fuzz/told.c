/* SPDX-License-Identifier: BSD-2-Clause */
/* told.c - see told.h. */
#include "tests/fuzz/told.h"

#include "mpstat/export/exporter.h"
#include "mpstat/view/keys.h"
#include "mpstat/view/view.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>

/* Said once more and in other words than mpstat/util/text.c, which is what is looked at. */
static const struct {
	uint32_t first, last;
} harmful[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	/* controls */
	{ 0x61c, 0x61c },   { 0x200b, 0x200f }, /* bidirectional marks, zero width */
	{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, /* separators, bidirectional embedding */
	{ 0xd800, 0xdfff }, { 0xfdd0, 0xfdef }, /* surrogates, noncharacters */
	{ 0xfeff, 0xfeff }, { 0xfffe, 0xffff }, { 0xe0000, 0xe0fff }, { 0x110000, UINT32_MAX },
};

static bool is_harmful(uint32_t code)
{
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (code >= harmful[i].first && code <= harmful[i].last)
			return true;
	return false;
}

/* Length of the UTF-8 character at `at`, 0: it is none. */
static size_t character(const uint8_t *at, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 :
			at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;

	*code = length < 2 ? at[0] : at[0] & (0x7fu >> length);
	if (length > left)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (at[i] & 0x3fu);
	}
	return length && *code >= least[length] ? length : 0;
}

void told_clean(const char *text, size_t size, bool lines)
{
	for (size_t at = 0, n; at < size; at += n) {
		uint32_t code;

		n = character((const uint8_t *)text + at, size - at, &code);
		FUZZ_CLAIM(n > 0, "no UTF-8 at byte %zu of %zu: %02x", at, size, (uint8_t)text[at]);
		FUZZ_CLAIM(!is_harmful(code) || (lines && code == '\n'),
			   "U+%04X at byte %zu of %zu", code, at, size);
	}
}

/* Text that grows; to be closed and freed. */
struct writing {
	char *text;
	size_t size;
	FILE *out;
};

static void writing_open(struct writing *w)
{
	w->text = NULL;
	w->size = 0;
	w->out = open_memstream(&w->text, &w->size);
	FUZZ_CLAIM(w->out, "no memory");
}

static void writing_close(struct writing *w)
{
	fclose(w->out);
	told_clean(w->text, w->size, true);
}

static struct export_about about_of(const struct model *model)
{
	struct export_about about = { model, "0", "host", "all domains", 1700000000123456789u };

	return about;
}

/* ---- documents --------------------------------------------------------------------------- */

/* The names and strings of a document, as who reads it has them. */
static void check_strings(const json_t *value)
{
	json_t *inner;
	const char *key;
	size_t i;

	if (json_is_string(value))
		told_clean(json_string_value(value), json_string_length(value), true);
	json_object_foreach((json_t *)(uintptr_t)value, key, inner)
		check_strings(inner);
	json_array_foreach(value, i, inner)
		check_strings(inner);
}

static void check_json(const char *text, size_t size)
{
	json_error_t error;
	json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

	FUZZ_CLAIM(document, "%s at %d of: %.300s", error.text, error.position, text);
	check_strings(document);
	json_decref(document);
}

static void check_document(const struct export_about *about, const char *format, bool pretty)
{
	struct writing w;
	struct err err = { 0 };

	writing_open(&w);
	FUZZ_CLAIM(exporter_find(format)->snapshot(w.out, about, pretty, &err) == 0, "%s",
		   err.text);
	writing_close(&w);
	if (strcmp(format, "json") == 0)
		check_json(w.text, w.size);
	free(w.text);
}

static void check_record(const struct export_about *about, const struct record *record)
{
	struct writing w;
	struct err err = { 0 };

	for (size_t i = 0; exporters[i]; i++) {
		if (!exporters[i]->record)
			continue;
		writing_open(&w);
		FUZZ_CLAIM(exporters[i]->record(w.out, about, record, &err) == 0, "%s", err.text);
		writing_close(&w);
		if (strcmp(exporters[i]->name, "json") == 0)
			check_json(w.text, w.size);
		free(w.text);
	}
}

/* ---- screens ----------------------------------------------------------------------------- */

static time_t noon(void)
{
	return 43200;
}

static struct view_config config_of(struct model *model)
{
	struct view_config config = { .model = model,
				      .delay_s = 1,
				      .program = "mpstat",
				      .scope = "all domains",
				      .readonly = true,
				      .clock = noon };

	return config;
}

/* The screens as they are printed, all rows of them. */
static void check_print(struct view_config config)
{
	struct writing w;
	struct err err = { 0 };

	writing_open(&w);
	FUZZ_CLAIM(view_print(&config, w.out, 100) == 0, "%s", err.text);
	writing_close(&w);
	free(w.text);
}

static void check_frame(struct view *view, struct canvas *canvas)
{
	struct writing w;

	view_draw(view, canvas);
	writing_open(&w);
	canvas_print(canvas, canvas->height, w.out);
	writing_close(&w);
	free(w.text);
}

/* Each screen with its first rows, and what opens when a row is chosen. */
static void check_screens(struct view_config config)
{
	struct err err = { 0 };
	struct view *view = view_new(&config, &err);
	struct canvas *canvas = canvas_new(80, 24, config.unicode);

	FUZZ_CLAIM(view && canvas, "%s", err.text);
	for (size_t i = 0; view_screen_name(i); i++) {
		view_key(view, '1' + (int)i);
		check_frame(view, canvas);
		view_key(view, KEY_CODE_ENTER);
		check_frame(view, canvas);
		view_key(view, KEY_CODE_ESC);
	}
	canvas_free(canvas);
	view_free(view);
}

static void tell_json(struct model *model)
{
	struct export_about about = about_of(model);

	check_document(&about, "json", false);
	for (size_t i = 0; i < model_record_count(model) && i < 2; i++)
		check_record(&about, model_record(model, i));
}

static void tell_text(struct model *model)
{
	struct export_about about = about_of(model);

	check_document(&about, "text", true);
}

static void tell_print(struct model *model)
{
	check_print(config_of(model));
}

static void tell_screens(struct model *model)
{
	struct view_config config = config_of(model);

	config.unicode = true;
	check_screens(config);
}

void told_check(struct model *model, unsigned int way)
{
	static void (*const ways[TOLD_WAYS])(struct model *) = { tell_json, tell_text, tell_print,
								 tell_screens };

	way %= 2 * TOLD_WAYS;
	if (way < TOLD_WAYS)
		ways[way](model);
}
