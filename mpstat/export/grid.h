/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grid.h - rows of the model as a plain text table.
 *
 * Owns: column widths taken from the content, alignment.  Does not own: which
 * rows (rows.h), which columns there are (model/field.h).
 */
#ifndef MPSTAT_EXPORT_GRID_H
#define MPSTAT_EXPORT_GRID_H

#include "mpstat/export/rows.h"

#include <stdio.h>

/* Says whether a row belongs into the table; NULL: all. */
typedef bool grid_choose(const void *arg, const void *row);

struct grid {
	const struct model *model;
	enum entity entity;
	const char *title;   /* printed above the table; NULL: none */
	grid_choose *choose; /* may be NULL */
	const void *choose_arg;
};

/* Prints titles and rows; columns in which nothing is known are left out, long
 * text ends with '~'.  Nothing at all is printed when there is no row.
 * Returns the number of rows. */
size_t grid_print(FILE *out, const struct grid *grid);

#endif
