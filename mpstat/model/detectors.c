/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detectors.c - the list of detectors and what they found.
 *
 * Owns: the table, the findings of the last tick, their order: problems first,
 * then the oldest, then identity.  Does not own: what is worth finding
 * (detect_*.c).
 */
#include "mpstat/model/detect.h"
#include "mpstat/model/store.h"

#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

const struct detector *const detectors[] = {
#define DETECTOR(name) &detect_##name,
#include "mpstat/model/detectors.def"
#undef DETECTOR
	NULL,
};

struct finding *findings_add(struct findings *out, const struct detector *detector)
{
	struct finding *finding = NULL;

	if (out->count < MODEL_FINDINGS && !VEC_RESERVE(out, out->count + 1))
		finding = calloc(1, sizeof(*finding));
	if (!finding) {
		out->left_out++;
		return NULL;
	}
	finding->detector = detector;
	out->items[out->count++] = finding;
	return finding;
}

void detect_missed(struct findings *out)
{
	out->left_out++;
}

static int compare(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a;
	const struct finding *y = *(const struct finding *const *)b;
	int order = compare(y->severity, x->severity);

	if (!order)
		order = compare(x->since_ns, y->since_ns);
	if (!order)
		order = compare(x->processes[0].pid, y->processes[0].pid);
	if (!order)
		order = compare(x->objects[0].domain, y->objects[0].domain);
	if (!order)
		order = compare(x->objects[0].slot, y->objects[0].slot);
	if (!order)
		order = strcmp(x->detector->name, y->detector->name);
	return order ? order : strcmp(x->sentence, y->sentence);
}

static void clear(struct findings *findings)
{
	while (findings->count)
		free(findings->items[--findings->count]);
	findings->left_out = 0;
}

void findings_update(struct model *model)
{
	struct findings *findings = &model->findings;

	clear(findings);
	for (const struct detector *const *at = detectors; *at; at++)
		(*at)->check(model, findings);
	if (findings->count)
		qsort(findings->items, findings->count, sizeof(findings->items[0]), by_weight);
}

void findings_free(struct findings *findings)
{
	clear(findings);
	free(findings->items);
}

size_t model_finding_count(const struct model *model)
{
	return model->findings.count;
}

const struct finding *model_finding(const struct model *model, size_t index)
{
	return index < model->findings.count ? model->findings.items[index] : NULL;
}

size_t model_findings_left_out(const struct model *model)
{
	return model->findings.left_out;
}
