/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_rows.h - what the screens that list processes have in common.
 *
 * Owns: how their cells look, whom a row's signal goes to.  Does not own: which
 * processes are listed (screens).
 */
#ifndef MPSTAT_VIEW_PROCESS_ROWS_H
#define MPSTAT_VIEW_PROCESS_ROWS_H

#include "mpstat/view/screen.h"

/* Of a row: ended ones are faint, 'o' is an orphan. */
enum style process_rows_style(const void *row);
char process_rows_mark(const void *row);

/* Of cells. */
enum style process_rows_verdict_style(const void *row);
enum style process_rows_name_style(const void *row);
enum style process_rows_state_style(const void *row);
enum style process_rows_words_style(const void *row);

/* "waiting for", or what there is to say of a zombie, an orphan, an end. */
void process_rows_draw_waiting(const struct table_cell *cell, struct canvas *canvas);

/* screen.process */
struct process_id process_rows_process(const struct page *page, const struct view *view,
				       const void *row);

/* Enter opens the process. */
extern const struct key process_rows_keys[];

#endif
