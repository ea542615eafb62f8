/* SPDX-License-Identifier: BSD-2-Clause */
/* source_segment_test.c - domains that come and go, are damaged, or are files. */
#include "tests/unit/members.h"
#include "tests/unit/proc_tree.h"

static void an_announced_domain_is_told_until_it_ends(void **state)
{
	int descriptors = open_descriptors();
	struct fake_ring ring;
	struct member m;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	fake_ring_open(&ring, &fake, 0);
	seen_open(&s, &fake);
	seen_read(&s);
	assert_false(seen_domain(&s));
	assert_true(member_start(&m, MEMBER_GOOD, &fake));
	for (int i = 0; i < 3; i++) {
		seen_read(&s);
		assert_true(seen_domain(&s));
	}
	fake_ring_put(&ring, &(struct mpt_record){ .time = 1, .op = MPT_OP_QUEUE_PUT });
	member_stop(&m);
	seen_read(&s); /* the last look: nothing of the end is missed */
	assert_true(seen_domain(&s));
	assert_int_equal(seen_records(&s), 1);
	seen_read(&s);
	assert_false(seen_domain(&s));
	seen_close(&s);
	fake_free(&fake);
	assert_int_equal(open_descriptors(), descriptors);
}

static void a_snapshot_has_a_beginning_an_end_and_a_state(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	const struct fact *last;

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_GOOD, &fake));
	seen_open(&s, &fake);
	seen_read(&s);
	assert_int_equal(s.facts.items[0].type, FACT_SNAPSHOT_BEGIN);
	last = &s.facts.items[s.facts.count - 1];
	assert_int_equal(last->type, FACT_SOURCE);
	assert_true(last->u.source.ok);
	assert_string_equal(last->u.source.name, "segment");
	assert_non_null(strstr(last->u.source.text, "domain"));
	assert_int_equal(fact_log_count(&s.facts, FACT_SNAPSHOT_END), 1);
	seen_close(&s);
	member_stop(&m);
	fake_free(&fake);
}

/* The announcement leads nowhere, but somebody has the memfd open. */
static void what_cannot_be_opened_is_one_sentence(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	char pid[32];

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_FIFO, &fake));
	snprintf(pid, sizeof(pid), "process %d", m.pid);
	seen_open(&s, &fake);
	seen_read(&s);
	assert_false(seen_domain(&s));
	assert_true(seen_note(&s, pid));
	assert_true(seen_note(&s, "not a regular file"));
	seen_close(&s);
	member_stop(&m);
	fake_free(&fake);
}

/* As an ordinary user: what, why, what to do. */
static void no_right_is_said_with_what_to_do(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	int status;
	pid_t viewer;

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_GOOD, &fake)); /* root's */
	viewer = child_fork();
	if (viewer == 0) {
		bool said;

		if (setresuid(65534, 65534, 65534) < 0)
			_exit(9);
		seen_open(&s, &fake);
		seen_read(&s);
		said = !seen_domain(&s) && seen_note(&s, "Permission denied") &&
		       seen_note(&s, "belongs to user 0; run as that user or as root");
		_exit(said ? 0 : 1);
	}
	waitpid(viewer, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	member_stop(&m);
	fake_free(&fake);
}

/* A member that gave up root announces root's segment: fine.  One user's process with
 * another's file: a trick. */
static void a_damaged_domain_does_not_hide_the_others(void **state)
{
	struct member m1, m2;
	struct fake good, bad;
	char words[120];
	struct seen s;

	(void)state;
	fake_segment(&good);
	fake_segment(&bad);
	bad.header->domain_id[14] ^= 0x77;
	assert_true(member_start(&m1, MEMBER_GOOD, &good));
	assert_true(member_start(&m2, MEMBER_GOOD, &bad));
	seen_open(&s, &good);
	seen_read(&s);
	assert_true(seen_domain(&s));
	assert_false(seen_note(&s, good.header->name));
	bad.header->section[MPT_SEC_THREADS].offset = 1ull << 40;
	seen_read(&s);
	assert_true(seen_domain(&s));
	snprintf(words, sizeof(words), "domain '%s' of process %d contradicts itself",
		 bad.header->name, m2.pid);
	assert_true(seen_note(&s, words));
	bad.header->major = 9;
	seen_read(&s);
	assert_true(seen_domain(&s));
	assert_true(seen_note(&s, "is of format 9"));
	assert_int_equal(fact_log_count(&s.facts, FACT_SNAPSHOT_END), 1);
	seen_close(&s);
	member_stop(&m1);
	member_stop(&m2);
	fake_free(&good);
	fake_free(&bad);
}

/* ---- a flood ------------------------------------------------------------------------ */

#define FLOOD 3000
#define LINE "00000000f8a1b2c3: 00000002 00000000 00000000 0002 01 12345 "

/* False announcements before and after the true one. */
static void write_flood(const struct tree *t, const struct fake *fake)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < FLOOD; i++)
		fprintf(f, LINE "@mptrace.1/%02x%030x/%d/3\n", i % 256, i, 100 + i);
	fprintf(f, LINE "@mptrace.1/");
	for (int i = 0; i < 16; i++)
		fprintf(f, "%02x", fake->header->domain_id[i]);
	fprintf(f, "/50/3\n");
	fclose(f);
	tree_write(t, "net/unix", text, size);
	free(text);
}

static void a_flood_of_false_announcements_hides_no_domain(void **state)
{
	char file[80];
	int refreshes = 0;
	struct fake fake;
	struct tree t;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	tree_make(&t);
	write_flood(&t, &fake);
	assert_int_equal(mkdirat(t.fd, "50", 0755), 0);
	assert_int_equal(mkdirat(t.fd, "50/fd", 0755), 0);
	snprintf(file, sizeof(file), "%s/segment", t.root);
	tree_write(&t, "segment", (char *)fake.bytes, fake.size);
	assert_int_equal(symlinkat(file, t.fd, "50/fd/3"), 0);
	seen_open_at(&s, &fake, t.root);
	do {
		seen_read(&s);
		refreshes++;
	} while (!seen_domain(&s) && refreshes < 100);
	assert_true(refreshes <= 1 + FLOOD / 500);
	assert_true(seen_note(&s, "more announced domains cannot be opened"));
	seen_read(&s);
	assert_true(seen_domain(&s));
	seen_close(&s);
	unlinkat(t.fd, "50/fd/3", 0);
	unlinkat(t.fd, "50/fd", AT_REMOVEDIR);
	unlinkat(t.fd, "50", AT_REMOVEDIR);
	unlinkat(t.fd, "segment", 0);
	tree_remove(&t);
	fake_free(&fake);
}

/* ---- kept files ------------------------------------------------------------------------ */

static void a_kept_file_is_read_as_a_story_that_is_over(void **state)
{
	const char *files[2];
	struct place p;
	struct fake fake;
	struct seen s;
	int fd;

	(void)state;
	place_make(&p);
	fake_segment(&fake);
	fake_process(&fake, 0)->pid = 4000000; /* more than there can be */
	fake_object(&fake, 0)->state = MPT_SLOT_ENDED;
	fd = open(p.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, fake.bytes, fake.size), fake.size);
	close(fd);
	seen_open(&s, &fake);
	files[0] = files[1] = p.path; /* named twice: told once */
	s.options.files = files;
	s.options.file_count = 2;
	s.options.only_files = true;
	for (int i = 0; i < 3; i++) {
		seen_read(&s);
		assert_int_equal(fact_log_count(&s.facts, FACT_DOMAIN), 1);
		assert_true(fact_log_get(&s.facts, FACT_DOMAIN, 0)->u.domain.post_mortem);
		assert_int_equal(fact_log_count(&s.facts, FACT_OBJECT), 2);
		assert_true(fact_log_get(&s.facts, FACT_PROCESS, 0)->u.process.ended);
	}
	seen_close(&s);
	fake_free(&fake);
	place_remove(&p);
}

static void a_file_that_is_none_is_one_sentence(void **state)
{
	const char *files[3];
	const struct fact *source;
	struct place p;
	struct fake fake;
	struct seen s;

	(void)state;
	place_make(&p);
	fake_segment(&fake);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	seen_open(&s, &fake);
	files[0] = p.path;
	files[1] = "/nowhere/\033[31mx.mptrace";
	files[2] = "/proc/self/status"; /* regular, and not ours */
	s.options.files = files;
	s.options.file_count = 3;
	s.options.only_files = true;
	seen_read(&s);
	assert_true(seen_note(&s, "a.mptrace is not a regular file"));
	assert_true(seen_note(&s, "/nowhere/?[31mx.mptrace cannot be opened: No such file"));
	assert_true(seen_note(&s, "status is"));
	source = fact_log_get(&s.facts, FACT_SOURCE, 0);
	assert_false(source->u.source.ok);
	assert_non_null(strstr(source->u.source.text, "and 2 more"));
	seen_close(&s);
	fake_free(&fake);
	place_remove(&p);
}

static void without_proc_the_source_is_missing_with_a_reason(void **state)
{
	struct source_options options = { .proc = "/nowhere" };
	struct err err = { 0 };
	void *source = NULL;

	(void)state;
	assert_true(source_segment.open(&source, &options, &err) < 0);
	assert_non_null(strstr(err.text, "/nowhere cannot be opened"));
}

static void without_the_list_of_sockets_the_source_says_so(void **state)
{
	struct source_options options = { 0 };
	struct fact_log facts = { 0 };
	struct fact_sink sink = fact_log_sink(&facts);
	struct err err = { 0 };
	struct tree t;
	void *source = NULL;

	(void)state;
	tree_make(&t);
	options.proc = t.root;
	assert_int_equal(source_segment.open(&source, &options, &err), 0);
	source_segment.read(source, 1, &sink);
	assert_false(fact_log_get(&facts, FACT_SOURCE, 0)->u.source.ok);
	assert_non_null(strstr(fact_log_get(&facts, FACT_SOURCE, 0)->u.source.text,
			       "list of sockets"));
	source_segment.close(source);
	fact_log_free(&facts);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announced_domain_is_told_until_it_ends),
		cmocka_unit_test(a_snapshot_has_a_beginning_an_end_and_a_state),
		cmocka_unit_test(what_cannot_be_opened_is_one_sentence),
		cmocka_unit_test(no_right_is_said_with_what_to_do),
		cmocka_unit_test(a_damaged_domain_does_not_hide_the_others),
		cmocka_unit_test(a_flood_of_false_announcements_hides_no_domain),
		cmocka_unit_test(a_kept_file_is_read_as_a_story_that_is_over),
		cmocka_unit_test(a_file_that_is_none_is_one_sentence),
		cmocka_unit_test(without_proc_the_source_is_missing_with_a_reason),
		cmocka_unit_test(without_the_list_of_sockets_the_source_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
