/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what commands that look once and write one answer share.
 *
 * Owns: the exit code of an error, the choice of a format, looking twice so
 * that rates are known.  Does not own: the answer.
 */
#ifndef MPSTAT_COMMANDS_REPORT_H
#define MPSTAT_COMMANDS_REPORT_H

#include "mpstat/commands/session.h"
#include "mpstat/export/exporter.h"

/* EXIT_USAGE for -EINVAL, else EXIT_BLIND. */
int report_failed(const struct err *err);

/* The exporter that --json or --format names; `otherwise` without either.
 * 0, or -EINVAL with the names there are. */
int report_format(const struct options *options, const char *otherwise, const struct exporter **out,
		  struct err *err);

/* Opens the session and looks twice: 200 ms apart, or --delay.  Blocks as long.
 * 0; else negative errno: of session_open, -ESRCH (nothing of that group),
 * -EINTR (asked to stop).  On failure the session is closed. */
int report_look(struct session *session, const struct options *options, struct err *err);

/* Answers --schema: the JSON Schema of that command's document.  Exit code. */
int report_schema(const struct options *options, const char *name, struct err *err);

/* What documents say besides the model; valid as long as the session. */
struct export_about report_about(const struct session *session);

#endif
