/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf_load.c - our programs into the kernel, each with its own verdict.
 *
 * Owns: which program of two variants fits this kernel, loading, attaching, why
 * something did not work, in words.  The newest variants are tried at once first, as
 * reading the kernel's types takes as long as loading; only when the kernel refuses
 * that, what fits its types, and then each program alone.
 * Once attached, the object is closed: the links keep the programs, the maps in
 * memory keep the rest, and a descriptor less counts for somebody.
 */
#include "mpstat/collector/kernel_bpf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <programs.skel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"
/* linux/proc_ns.h: the first pid namespace has this inode on every machine. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

const struct kernel_part kernel_bpf_parts[PART_COUNT] = {
	[PART_TASKS] = {.name = "tasks", .gives = "all processes and threads at one moment"},
	[PART_WAITS] = {.name = "waits", .gives = "in which call each thread sleeps, on what"},
	[PART_FILES] = {.name = "files", .gives = "who has which pipe or socket, how full it is"},
	[PART_FORK] = {.name = "fork", .gives = "who started whom, also short-lived processes"},
	[PART_EXEC] = {.name = "exec", .gives = "the moment a process becomes another program"},
	[PART_EXIT] = {.name = "exit", .gives = "exit codes and the moment of death"},
	[PART_SIGNAL] = {.name = "signal", .gives = "who sent the signal that killed"},
	[PART_OOM] = {.name = "oom", .gives = "deaths because memory ran out"},
};

/* Which program a part has: `older` where `is_older` says so of the tracepoint's
 * prototype. */
struct part_programs {
	const char *hook; /* a type or function that the kernel's BTF must have */
	__u32 hook_kind;
	const char *program;
	const char *older;
	bool (*is_older)(const struct btf *btf, const struct btf_type *proto);
};

/* (data, task) since 5.5, (data, task, group_dead) since 6.16. */
static bool exit_is_older(const struct btf *btf, const struct btf_type *proto)
{
	(void)btf;
	return btf_vlen(proto) < 3;
}

/* (data, pid), since 6.9 (data, task, uid). */
static bool oom_is_older(const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_type *type;

	if (btf_vlen(proto) < 2)
		return false;
	type = btf__type_by_id(btf, btf_params(proto)[1].type);
	return type && !btf_is_ptr(type);
}

static const struct part_programs part_programs[PART_COUNT] = {
	[PART_TASKS] = {"bpf_iter_task", BTF_KIND_FUNC, "task_rows", NULL, NULL},
	[PART_WAITS] = {"bpf_find_vma", BTF_KIND_FUNC, "wait_rows", NULL, NULL},
	[PART_FILES] = {"bpf_iter_task_file", BTF_KIND_FUNC, "file_rows", NULL, NULL},
	[PART_FORK] = {"btf_trace_sched_process_fork", BTF_KIND_TYPEDEF, "life_fork", NULL, NULL},
	[PART_EXEC] = {"btf_trace_sched_process_exec", BTF_KIND_TYPEDEF, "life_exec", NULL, NULL},
	[PART_EXIT] = {"btf_trace_sched_process_exit", BTF_KIND_TYPEDEF, "life_exit",
		       "life_exit_each", exit_is_older},
	[PART_SIGNAL] = {"btf_trace_signal_generate", BTF_KIND_TYPEDEF, "life_signal", NULL, NULL},
	[PART_OOM] = {"btf_trace_mark_victim", BTF_KIND_TYPEDEF, "life_oom", "life_oom_number",
		      oom_is_older},
};

/* One attempt. */
struct attempt {
	const char *programs[PART_COUNT]; /* NULL: not this part */
	unsigned int pid_namespace;
	unsigned int ring_bytes;
	uint64_t secret[2]; /* what the kernel's addresses are hashed with */
};

/* -- What libbpf says ---------------------------------------------------------- */

/* The last line that tells something; libbpf has one print function per process. */
static char last_words[sizeof(((struct kernel_part *)NULL)->why)];

/* Not a reason: sums, frames around the log, libbpf's "it failed". */
static bool is_noise(const char *line)
{
	static const char *const noise[] = {"processed ", "verification time", "stack depth",
					    "-- ", "libbpf: failed to load object",
					    "libbpf: failed to load BPF skeleton"};

	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (!strncmp(line, noise[i], strlen(noise[i])))
			return true;
	return strstr(line, "BEGIN PROG LOAD LOG") || strstr(line, "END PROG LOAD LOG") ||
	       strstr(line, "BPF program load failed") || !*line;
}

static int keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text = NULL, *rest, *line;

	if (level > LIBBPF_WARN || vasprintf(&text, format, args) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (!is_noise(line))
			snprintf(last_words, sizeof(last_words), "%s", line);
	free(text);
	return 0;
}

static void say_refused(struct kernel_part *part, int r)
{
	if (r == -EPERM)
		snprintf(part->why, sizeof(part->why),
			 "the kernel forbids it here (a container, a user namespace, lockdown)");
	else if (last_words[0])
		snprintf(part->why, sizeof(part->why), "the kernel refused it: %.120s", last_words);
	else
		snprintf(part->why, sizeof(part->why), "the kernel refused it: %s", strerror(-r));
}

/* -- Which programs ------------------------------------------------------------ */

static const struct btf_type *prototype(const struct btf *btf, int id)
{
	const struct btf_type *type = btf__type_by_id(btf, (__u32)id);

	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? type : NULL;
}

static const char *choose(const struct btf *btf, const struct part_programs *from,
			  struct kernel_part *part)
{
	const struct btf_type *proto;
	int id = btf__find_by_name_kind(btf, from->hook, from->hook_kind);

	if (id < 0) {
		snprintf(part->why, sizeof(part->why), "this kernel has no %s", from->hook);
		return NULL;
	}
	proto = prototype(btf, id);
	if (from->is_older && proto && from->is_older(btf, proto))
		return from->older;
	return from->program;
}

static void choose_newest(struct attempt *attempt)
{
	for (size_t i = 0; i < PART_COUNT; i++)
		attempt->programs[i] = part_programs[i].program;
}

static int choose_fitting(struct kernel *kernel, struct attempt *attempt, struct err *err)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return err_set(err, -EOPNOTSUPP, "the kernel's types (" BTF_PATH
			       ") make no sense: %s", strerror(errno));
	for (size_t i = 0; i < PART_COUNT; i++)
		attempt->programs[i] = choose(btf, &part_programs[i], &kernel->parts[i]);
	btf__free(btf);
	return 0;
}

/* -- Loading -------------------------------------------------------------------- */

static bool wanted(const struct attempt *attempt, const char *name)
{
	for (size_t i = 0; i < PART_COUNT; i++)
		if (attempt->programs[i] && !strcmp(attempt->programs[i], name))
			return true;
	return false;
}

static int load(const struct attempt *attempt, struct programs **out)
{
	struct programs *skeleton;
	struct bpf_program *program;
	int r;

	last_words[0] = '\0';
	*out = NULL;
	skeleton = programs__open();
	if (!skeleton)
		return -errno;
	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, wanted(attempt, bpf_program__name(program)));
	skeleton->rodata->reader_namespace = attempt->pid_namespace;
	skeleton->rodata->reader_sees_all = attempt->pid_namespace == FIRST_PID_NAMESPACE;
	memcpy(skeleton->rodata->secret, attempt->secret, sizeof(attempt->secret));
	bpf_map__set_max_entries(skeleton->maps.ring, attempt->ring_bytes);
	r = programs__load(skeleton);
	if (r) {
		programs__destroy(skeleton);
		return r;
	}
	*out = skeleton;
	return 0;
}

/* Leaves in `attempt` what loads alone. */
static void load_each(struct kernel *kernel, struct attempt *attempt)
{
	for (size_t i = 0; i < PART_COUNT; i++) {
		struct attempt alone = {.pid_namespace = attempt->pid_namespace,
					.ring_bytes = 1u << 16};
		struct programs *skeleton;
		int r;

		if (!attempt->programs[i])
			continue;
		alone.programs[i] = attempt->programs[i];
		r = load(&alone, &skeleton);
		programs__destroy(skeleton);
		if (!r)
			continue;
		say_refused(&kernel->parts[i], r);
		attempt->programs[i] = NULL;
	}
}

static void attach(struct kernel *kernel, struct programs *skeleton, const struct attempt *attempt)
{
	for (size_t i = 0; i < PART_COUNT; i++) {
		struct kernel_part *part = &kernel->parts[i];
		struct bpf_program *program;

		if (!attempt->programs[i])
			continue;
		program = bpf_object__find_program_by_name(skeleton->obj, attempt->programs[i]);
		kernel->links[i] = i < PART_FIRST_EVENT ? bpf_program__attach_iter(program, NULL)
							: bpf_program__attach(program);
		part->works = kernel->links[i] != NULL;
		if (!part->works)
			say_refused(part, -errno);
	}
}

/* Variables and ring outlive the object that made them. */
static int keep_maps(struct kernel *kernel, struct programs *skeleton, struct err *err)
{
	struct kernel_shared *shared = &kernel->shared;
	struct programs__bss *variables;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(*variables) + page - 1) / page * page;

	variables = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_map__fd(skeleton->maps.bss), 0);
	if (variables == MAP_FAILED)
		return err_set(err, -errno, "mapping the variables of the eBPF programs: %s",
			       strerror(errno));
	shared->page = variables;
	shared->size = size;
	shared->lost = &variables->lost;
	shared->own_arrival_ns = &variables->own_arrival_ns;
	shared->own_switches = &variables->own_switches;
	shared->want_threads = &variables->want_threads;
	shared->wanted_pids = variables->wanted_pids;
	shared->wanted_count = &variables->wanted_count;
	shared->first_seen = &variables->first_seen;
	kernel->ring = ring_buffer__new(bpf_map__fd(skeleton->maps.ring), kernel_bpf_event,
					kernel, NULL);
	if (!kernel->ring)
		return err_set(err, -errno, "mapping the ring of kernel events: %s",
			       strerror(errno));
	return 0;
}

static int load_what_goes(struct kernel *kernel, struct attempt *attempt,
			  struct programs **skeleton, struct err *err)
{
	int r;

	choose_newest(attempt);
	if (!load(attempt, skeleton))
		return 0;
	r = choose_fitting(kernel, attempt, err);
	if (r)
		return r;
	if (!load(attempt, skeleton))
		return 0;
	load_each(kernel, attempt);
	r = load(attempt, skeleton);
	return r ? err_set(err, r, "eBPF programs: %s (%s)", strerror(-r), last_words) : 0;
}

static int load_and_attach(struct kernel *kernel, struct attempt *attempt, struct err *err)
{
	struct programs *skeleton;
	int r = load_what_goes(kernel, attempt, &skeleton, err);

	if (r)
		return r;
	attach(kernel, skeleton, attempt);
	for (size_t i = 0; i < PART_COUNT; i++)
		if (kernel->parts[i].works) {
			r = keep_maps(kernel, skeleton, err);
			programs__destroy(skeleton);
			return r;
		}
	programs__destroy(skeleton);
	return err_set(err, -EOPNOTSUPP, "no eBPF program works here: %s", kernel->parts[0].why);
}

int kernel_bpf_load(struct kernel *kernel, struct err *err)
{
	struct attempt attempt = {.ring_bytes = KERNEL_RING_BYTES};
	libbpf_print_fn_t before;
	struct stat own;
	int r;

	if (stat("/proc/self/ns/pid", &own))
		return err_set(err, -errno, "/proc/self/ns/pid: %s", strerror(errno));
	attempt.pid_namespace = (unsigned int)own.st_ino;
	if (getrandom(attempt.secret, sizeof(attempt.secret), 0) != sizeof(attempt.secret))
		return err_set(err, -errno, "getrandom: %s", strerror(errno));
	if (access(BTF_PATH, R_OK))
		return err_set(err, -EOPNOTSUPP,
			       "this kernel does not describe its types (no readable " BTF_PATH
			       "): eBPF needs one built with CONFIG_DEBUG_INFO_BTF");
	before = libbpf_set_print(keep_words);
	r = load_and_attach(kernel, &attempt, err);
	libbpf_set_print(before);
	return r;
}
