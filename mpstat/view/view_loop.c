/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_loop.c - the viewer on a real terminal: keys, refreshes and frames in turn.
 *
 * Owns: when what happens.  Does not own: the terminal's modes (term.c), what
 * a key or a frame is (view.c).
 */
#include "mpstat/view/keys.h"
#include "mpstat/view/term.h"
#include "mpstat/view/view_state.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

struct loop {
	struct view *view;
	struct term *term;
	struct canvas *canvas;
	uint64_t next_ns; /* when the next refresh is due */
	uint64_t drained_ns;
	uint64_t refreshes;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void refresh(struct loop *loop)
{
	view_refresh(loop->view);
	loop->refreshes += !loop->view->paused;
	/* counted from the end: a slow refresh must not eat the time for keys */
	loop->next_ns = now_ns() + (uint64_t)(loop->view->delay_s * 1e9);
}

/* 0 or -ENOMEM. */
static int show(struct loop *loop)
{
	int columns, lines;
	bool resized;

	term_size(loop->term, &columns, &lines);
	resized = columns != loop->canvas->width || lines != loop->canvas->height;
	if (resized && !canvas_resize(loop->canvas, columns, lines))
		return -ENOMEM;
	view_draw(loop->view, loop->canvas);
	term_show(loop->term, loop->canvas, loop->view->repaint);
	loop->view->repaint = false;
	return 0;
}

/* Milliseconds until the next refresh, rounded up so that it is then due. */
static int wait_ms(const struct loop *loop)
{
	uint64_t now = now_ns(), left;

	if (loop->next_ns <= now)
		return 0;
	left = (loop->next_ns - now + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* A flood of keys does not stop it: it goes by the clock, not by the waits. */
static void drain(struct loop *loop)
{
	const struct view_config *config = &loop->view->config;
	uint64_t now = now_ns();

	if (!config->drain || now - loop->drained_ns < VIEW_DRAIN_MS * 1000000ull)
		return;
	config->drain(config->arg);
	loop->drained_ns = now;
}

/* The next key, or none when the next refresh is due. */
static int wait_key(struct loop *loop)
{
	for (;;) {
		int left = wait_ms(loop), slice = left, key;

		if (loop->view->config.drain && slice > VIEW_DRAIN_MS)
			slice = VIEW_DRAIN_MS;
		key = term_key(loop->term, slice);
		drain(loop);
		if (key != KEY_CODE_NONE || slice == left)
			return key;
	}
}

/* Takes one key and all that have come with it, so that a paste or a key held
 * down costs one frame.  0, or -EIO: the terminal is gone. */
static int take_keys(struct loop *loop)
{
	int key = wait_key(loop);

	for (; key != KEY_CODE_NONE && !loop->view->quit; key = term_key(loop->term, 0)) {
		if (key == KEY_CODE_LOST)
			return -EIO;
		if (key == KEY_CODE_QUIT)
			loop->view->quit = true;
		else if (key == KEY_CODE_RESIZED)
			loop->view->repaint = true;
		else
			view_key(loop->view, key);
	}
	return 0;
}

static bool finished(const struct loop *loop)
{
	uint64_t count = loop->view->config.count;

	return loop->view->quit || (count && loop->refreshes >= count && wait_ms(loop) == 0);
}

static int run(struct loop *loop, struct err *err)
{
	int ret;

	refresh(loop);
	ret = show(loop);
	while (ret == 0 && !finished(loop)) {
		double delay_s = loop->view->delay_s;

		if (take_keys(loop) < 0)
			return err_set(err, -EIO, "the terminal is gone");
		if (loop->view->delay_s != delay_s)
			loop->view->refresh_now = true;
		if (!loop->view->quit && !finished(loop) &&
		    (loop->view->refresh_now || wait_ms(loop) == 0))
			refresh(loop);
		ret = show(loop);
	}
	return ret ? err_set(err, ret, "no memory for the screen") : 0;
}

int view_run(const struct view_config *config, struct err *err)
{
	struct loop loop = {.view = view_new(config, err)};
	int ret;

	if (!loop.view)
		return err->code;
	ret = term_open(&loop.term, config->colour, err);
	if (ret == 0) {
		loop.canvas = canvas_new(1, 1, config->unicode && term_unicode(loop.term));
		ret = loop.canvas ? run(&loop, err)
				  : err_set(err, -ENOMEM, "no memory for the screen");
		term_close(loop.term);
	}
	canvas_free(loop.canvas);
	view_free(loop.view);
	return ret;
}
