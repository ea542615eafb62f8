/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prompt.c - see prompt.h.
 */
#include "mpstat/view/prompt.h"

#include "mpstat/util/text.h"
#include "mpstat/view/keys.h"

#include <string.h>

static void close_with(struct prompt *prompt, struct view *view, bool yes)
{
	prompt->active = false;
	if (yes && prompt->accepted)
		prompt->accepted(view, prompt->text);
	else if (!yes && prompt->cancelled)
		prompt->cancelled(view);
}

/* Whole characters go, not bytes. */
static bool erase(struct prompt *prompt)
{
	size_t length = strlen(prompt->text);

	if (length == 0)
		return false;
	do
		length--;
	while (length > 0 && ((unsigned char)prompt->text[length] & 0xc0) == 0x80);
	prompt->text[length] = '\0';
	return true;
}

static bool append(struct prompt *prompt, int code)
{
	struct cell cell = {.ch = (uint32_t)code};
	char text[CANVAS_CELL_MAX];

	if (code < ' ' || code >= KEY_CODE_UP || !text_harmless((uint32_t)code))
		return false;
	canvas_cell_text(&cell, text);
	if (strlen(prompt->text) + strlen(text) >= sizeof(prompt->text))
		return false;
	strcat(prompt->text, text);
	return true;
}

void prompt_key(struct prompt *prompt, struct view *view, int code)
{
	bool changed;

	if (prompt->question) {
		close_with(prompt, view, code == 'y' || code == 'Y');
		return;
	}
	if (code == KEY_CODE_ENTER || code == KEY_CODE_ESC) {
		close_with(prompt, view, code == KEY_CODE_ENTER);
		return;
	}
	changed = code == KEY_CODE_BACKSPACE ? erase(prompt) : append(prompt, code);
	if (changed && prompt->changed)
		prompt->changed(view, prompt->text);
}

void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int y)
{
	int width = canvas_columns(canvas), x;

	canvas_cell(canvas, (struct rect){0, y, width, 1}, STYLE_LABEL, "", CANVAS_LEFT);
	x = canvas_text(canvas, 0, y, STYLE_LABEL, prompt->label);
	if (prompt->question)
		return;
	x += canvas_text(canvas, x, y, STYLE_LABEL, prompt->text);
	canvas_text(canvas, x, y, STYLE_PLAIN, " "); /* the cursor */
}
