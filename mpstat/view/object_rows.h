/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_rows.h - what the screens that list objects have in common.
 */
#ifndef MPSTAT_VIEW_OBJECT_ROWS_H
#define MPSTAT_VIEW_OBJECT_ROWS_H

#include "mpstat/view/screen.h"

/* Fills the table with the objects shown that have one of the traits, or explains. */
void object_rows_fill(struct page *page, const struct view *view, uint32_t traits,
		      const char *nothing);

enum style object_rows_style(const void *row);	    /* of a whole row */
enum style object_rows_name_style(const void *row); /* of its name */
enum style object_rows_give_style(const void *row); /* blocked producers */
enum style object_rows_take_style(const void *row); /* blocked consumers, waiters */
enum style object_rows_lost_style(const void *row);

extern const struct key object_rows_keys[]; /* Enter: detail */

#endif
