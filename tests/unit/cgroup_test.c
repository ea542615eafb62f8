/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup_test.c - the line that tells most, containers, hostile paths. */
#include "mpstat/collector/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEX "1f2e3d4c5b6a79880123456789abcdef1f2e3d4c5b6a79880123456789abcdef"

static struct cgroup parse(const char *text)
{
	struct cgroup cgroup;

	cgroup_parse(text, strlen(text), &cgroup);
	return cgroup;
}

static void the_line_that_tells_most_is_taken(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "", "" },
		{ "0::/\n", "" },
		{ "0::/user.slice/a:b\n", "/user.slice/a:b" },
		{ "9:name=systemd:/s\n8:pids:/p\n4:memory:/m\n1:cpu:/longest\n0::/\n", "/s" },
		{ "9:name=systemd:/\n8:pids:/p\n4:memory:/m\n1:cpu:/longest\n0::/\n", "/p" },
		{ "9:name=systemd:/\n8:pids:/\n4:memory:/m\n1:cpu:/longest\n0::/\n", "/m" },
		{ "9:cpuset:/a\n1:cpu,cpuacct:/longest\n", "/longest" },
		{ "9:cpu,pids:/p\n8:name=systemdx:/longest\n", "/p" },
		{ "9:name=systemd:/s\n0::/unified\n", "/unified" },
		{ "garbage\n:\n0:\n0::/x\n", "/x" },
		{ "0::/cut", "" }, /* who knows how it ends */
		{ "\n\n\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(parse(rows[i].text).path, rows[i].path);
}

static void containers_are_known_by_their_paths(void **state)
{
	static const struct {
		const char *text, *container;
	} rows[] = {
		{ "0::/system.slice/docker-" HEX ".scope\n", "docker 1f2e3d4c5b6a" },
		{ "0::/system.slice/docker-" HEX ".scope/init\n", "docker 1f2e3d4c5b6a" },
		{ "4:memory:/docker/" HEX "\n", "docker 1f2e3d4c5b6a" },
		{ "0::/machine.slice/libpod-" HEX ".scope/container\n", "podman 1f2e3d4c5b6a" },
		{ "0::/libpod_parent/libpod-" HEX "\n", "podman 1f2e3d4c5b6a" },
		{ "0::/machine.slice/libpod-conmon-" HEX ".scope\n", "" },
		{ "0::/kubepods.slice/kubepods-podab_cd.slice/cri-containerd-" HEX ".scope\n",
		  "containerd 1f2e3d4c5b6a" },
		{ "0::/kubepods.slice/kubepods-podab.slice/crio-" HEX ".scope\n",
		  "crio 1f2e3d4c5b6a" },
		{ "8:pids:/kubepods/burstable/pod1234-56/" HEX "\n", "pod 1f2e3d4c5b6a" },
		{ "0::/lxc.payload.web1/system.slice/cron.service\n", "lxc web1" },
		{ "8:pids:/lxc/web2\n", "lxc web2" },
		{ "0::/machine.slice/systemd-nspawn@box.service/payload\n", "nspawn box" },
		{ "0::/machine.slice/machine-qemu.scope\n", "machine qemu" },
		{ "0::/ecs/task/" HEX "\n", "container 1f2e3d4c5b6a" },
		/* in one another: the innermost */
		{ "0::/docker/" HEX "/lxc/in\n", "lxc in" },
		{ "0::/user.slice/user-0.slice/session-1.scope\n", "" },
		{ "0::/docker\n", "" },
		{ "0::/docker/short\n", "" },
		{ "0::/docker-.scope\n", "" },
		{ "0::/lxc.payload.\n", "" },
		{ "0::/docker-" HEX "0.scope\n", "" },
		{ "0::/docker-" HEX ".scop\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(parse(rows[i].text).container, rows[i].container);
}

static void hostile_paths_are_made_harmless(void **state)
{
	struct cgroup cgroup = parse("0::/lxc.payload.\x1b[31m\xff\xe2\x80\xae//../..\n");

	(void)state;
	assert_string_equal(cgroup.path, "/lxc.payload.?[31m?\?//../..");
	assert_string_equal(cgroup.container, "lxc ?[31m?\?");
	cgroup = parse("0:://////\n");
	assert_string_equal(cgroup.container, "");
}

static void a_long_path_keeps_its_end(void **state)
{
	char text[6000] = "0::/";
	struct cgroup cgroup;
	size_t used = 4;

	(void)state;
	while (used < 3000)
		used += (size_t)sprintf(text + used, "\xc3\xa4");
	sprintf(text + used, "/docker/" HEX "\n");
	cgroup = parse(text);
	assert_int_equal(strncmp(cgroup.path, "...", 3), 0);
	assert_true(strlen(cgroup.path) >= FACT_CGROUP_MAX - 3);
	assert_string_equal(cgroup.path + strlen(cgroup.path) - 64, HEX);
	assert_int_equal((unsigned char)cgroup.path[3], 0xc3);
	assert_string_equal(cgroup.container, "docker 1f2e3d4c5b6a");
	memset(text + 4, 'x', sizeof(text) - 5);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	cgroup = parse(text);
	assert_int_equal(strlen(cgroup.path), FACT_CGROUP_MAX - 1);
	memcpy(text, "0::/lxc/", 8);
	cgroup = parse(text);
	assert_int_equal(strlen(cgroup.container), FACT_CONTAINER_MAX - 1);
}

static void every_prefix_is_survived(void **state)
{
	static const char text[] = "9:name=systemd:/s\n8:pids:/p\n0::/docker/" HEX "\n";
	struct cgroup cgroup;
	char *copy;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		copy = malloc(n + 1);
		memcpy(copy, text, n);
		cgroup_parse(copy, n, &cgroup);
		free(copy);
	}
	assert_string_equal(cgroup.container, "docker 1f2e3d4c5b6a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_that_tells_most_is_taken),
		cmocka_unit_test(containers_are_known_by_their_paths),
		cmocka_unit_test(hostile_paths_are_made_harmless),
		cmocka_unit_test(a_long_path_keeps_its_end),
		cmocka_unit_test(every_prefix_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
