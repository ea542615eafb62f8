# SPDX-License-Identifier: BSD-2-Clause
#
# Makefile - builds, tests and installs; `make help` lists what it can do.
#
# Owns: how sources become programs.  Sources are taken by wildcard, so a new
# file needs no row here.  Does not own: what is tested (tests/run.sh) and
# which Debian packages are needed (tests/deps.sh).
# No package query is made before a recipe needs it: on a fresh machine
# pkg-config itself arrives with `make deps`.

VERSION = 0.1.0
SOVERSION = 0

BUILD ?= build
V ?= 0
SAN ?=
WERROR ?= 0
DEPS ?= 1
BPF ?= 1
T ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
# sysstat owns /usr/bin/mpstat: MPSTAT_NAME=mpstat opts in.
MPSTAT_NAME ?= mpstat-ipc

CFLAGS ?= -O2 -g
LDFLAGS ?=
PKG_CONFIG ?= pkg-config
INSTALL ?= install
OBJCOPY ?= objcopy

ifeq ($(filter-out / . .. ./ ../,$(strip $(BUILD))),)
$(error BUILD must name a directory of its own)
endif

# -- Compiler and linker words ------------------------------------------------

comma := ,
OUT := $(BUILD)$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
OBJ := $(OUT)/obj

# gcc says that the thread sanitizer does not know fences; ours order words that are atomic.
SAN_FLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer $(if $(findstring thread,$(SAN)),-Wno-tsan))
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes
OUR_CFLAGS := -std=gnu11 -D_GNU_SOURCE -fvisibility=hidden $(WARNINGS) \
	-I. -Ilibtrace/include -DMPTRACE_VERSION='"$(VERSION)"' \
	-ffile-prefix-map=$(CURDIR)=. $(SAN_FLAGS)
OUR_LDFLAGS := $(SAN_FLAGS)

# BPF=0 leaves out bpf/ and what speaks to it, for machines without clang or libbpf.
ifeq ($(filter 0 1,$(BPF)),)
$(error BPF is 0 or 1)
endif
MPSTAT_PKGS := ncursesw jansson $(if $(filter 1,$(BPF)),libbpf)
# bpftool lives where a user's PATH does not look.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool /usr/local/sbin/bpftool) bpftool)
BPF_CLANG ?= clang
BPF_CFLAGS := -target bpf -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror -I. \
	-ffile-prefix-map=$(CURDIR)=. $(if $(filter x86_64 amd64,$(shell uname -m)),-DMPTRACE_X86)
# Asked once, when the first recipe needs it.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(MPSTAT_PKGS)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell $(PKG_CONFIG) --libs $(MPSTAT_PKGS)))$(PKG_LIBS)

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# -- What there is ------------------------------------------------------------

LIB_SRC := $(wildcard libtrace/*.c)
# The kernel side, or what says that there is none.
KERNEL_OFF := $(if $(filter 1,$(BPF)),%/kernel_none.c,$(wildcard mpstat/collector/kernel_bpf*.c))
MPSTAT_SRC := $(filter-out $(KERNEL_OFF),$(wildcard mpstat/*.c mpstat/*/*.c))
BPF_SRC := $(if $(filter 1,$(BPF)),$(wildcard bpf/*.bpf.c))
BPF_TEST_SRC := $(if $(filter 1,$(BPF)),$(wildcard tests/bpf/*_test.c))
PROGRAM_SRC := $(wildcard tests/programs/*.c)
# Programs that never heard of the library; hang.c is linked to each.
HANG_SRC := $(filter-out %/hang.c,$(wildcard tests/programs/hangs/*.c))
BENCH_SRC := $(wildcard tests/bench/*.c)
# A file of tests/unit, tests/api, tests/crash or tests/bpf not called *_test.c is linked to each
# test there, those of tests/api to the tests of tests/crash too.
UNIT_SRC := $(wildcard tests/unit/*_test.c)
API_SRC := $(wildcard tests/api/*_test.c)
CRASH_SRC := $(wildcard tests/crash/*_test.c)
UNIT_HELP_SRC := $(filter-out %_test.c,$(wildcard tests/unit/*.c))
API_HELP_SRC := $(filter-out %_test.c,$(wildcard tests/api/*.c))
CRASH_HELP_SRC := $(filter-out %_test.c,$(wildcard tests/crash/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_CALLS_SRC := $(wildcard tests/fuzz/calls_*.c)
FUZZ_HELP_SRC := $(filter-out $(FUZZ_SRC) $(FUZZ_CALLS_SRC),$(wildcard tests/fuzz/*.c))
# Allocations pass by tests/crash/fail.c.
FAIL_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
BPF_HELP_SRC := $(if $(BPF_TEST_SRC),$(filter-out %_test.c,$(wildcard tests/bpf/*.c)))

obj = $(patsubst %.c,$(OBJ)/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
PIC_OBJ := $(patsubst %.c,$(OBJ)/pic/%.o,$(LIB_SRC))
MPSTAT_OBJ := $(call obj,$(MPSTAT_SRC))
MPSTAT_PARTS := $(filter-out $(OBJ)/mpstat/main.o,$(MPSTAT_OBJ))
UNIT_HELP := $(call obj,$(UNIT_HELP_SRC))
API_HELP := $(call obj,$(API_HELP_SRC))
CRASH_HELP := $(call obj,$(CRASH_HELP_SRC))
BPF_HELP := $(call obj,$(BPF_HELP_SRC))
HANG_HELP := $(call obj,tests/programs/hangs/hang.c)
FUZZ_HELP := $(call obj,$(FUZZ_HELP_SRC))
BPF_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(BPF_SRC))
SKELETON := $(OBJ)/bpf/programs.skel.h
ALL_OBJ := $(LIB_OBJ) $(PIC_OBJ) $(MPSTAT_OBJ) $(UNIT_HELP) $(API_HELP) $(CRASH_HELP) $(BPF_HELP) \
	$(FUZZ_HELP) $(HANG_HELP) $(call obj,$(FUZZ_SRC) $(FUZZ_CALLS_SRC) $(PROGRAM_SRC) $(HANG_SRC) $(BENCH_SRC) $(UNIT_SRC) $(API_SRC) $(CRASH_SRC) $(BPF_TEST_SRC))

SONAME := libmptrace.so.$(SOVERSION)
SHARED := $(OUT)/$(SONAME)
STATIC := $(OUT)/libmptrace.a
LIBS := $(if $(LIB_SRC),$(SHARED) $(OUT)/libmptrace.so $(STATIC))
MPSTAT := $(if $(wildcard mpstat/main.c),$(OUT)/mpstat)
PROGRAMS := $(patsubst tests/programs/%.c,$(OUT)/programs/%,$(PROGRAM_SRC) $(HANG_SRC))
BENCHES := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(BENCH_SRC))
UNIT_TESTS := $(patsubst %.c,$(OUT)/%,$(UNIT_SRC))
API_TESTS := $(patsubst %.c,$(OUT)/%,$(API_SRC))
CRASH_TESTS := $(patsubst %.c,$(OUT)/%,$(CRASH_SRC))
BPF_TESTS := $(patsubst %.c,$(OUT)/%,$(BPF_TEST_SRC))
# tests/fuzz/fuzz_x.c becomes $(FUZZ)/x.  What is fuzzed there: the library, else the viewer.
FUZZ := $(BUILD)
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,$(FUZZ)/%,$(FUZZ_SRC))
FUZZ_OF_LIBRARY := $(FUZZ)/calls
HEADERS := $(wildcard libtrace/include/mptrace/*.h)
MAN_PAGES := $(wildcard $(foreach n,1 3 5 7,docs/*.$(n) docs/*/*.$(n)))
API_PAGES := $(wildcard docs/api/*.3)

# docs/mpstat.1 is installed under the command's installed name, docs/api/queue.3 as
# mpt_queue.3 with a link for each function it describes.
man_name = $(if $(filter docs/api/%,$(1)),mpt_)$(patsubst mpstat.%,$(MPSTAT_NAME).%,$(notdir $(1)))
man_path = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(call man_name,$(1))
man_links = $(shell sed -n 's/^\.Nm \(mpt_[a-z0-9_]*\).*/\1/p' $(1) | sort -u)

# -- What one can ask for -----------------------------------------------------

.PHONY: all lib programs tests unit-tests api-tests crash-tests bpf-tests benches fuzz fuzzers deps deps-test deps-full \
	deps-bench demo check check-full check-bounded bench install uninstall clean help FORCE
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
# Objects stay: they are not intermediate files.
.SECONDARY:

## all          the library, build/mpstat and the small programs under build/programs
all: lib $(MPSTAT) programs
## lib          libmptrace.so and libmptrace.a
lib: $(LIBS)
## programs     the small programs the tests and the demo observe
programs: $(PROGRAMS)
## tests        everything `make check` runs, built but not run
tests: all unit-tests api-tests crash-tests bpf-tests
unit-tests: $(UNIT_TESTS)
api-tests: $(API_TESTS)
crash-tests: $(CRASH_TESTS)
bpf-tests: $(BPF_TESTS)
benches: lib $(BENCHES)

# A second make, so that what was just installed is seen by its queries.
again = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

## deps         install the Debian packages a build needs (DEPS=0: only say which)
deps:
	@DEPS=$(DEPS) BPF=$(BPF) tests/deps.sh build
## deps-test    the same plus what the tests need
deps-test:
	@DEPS=$(DEPS) BPF=$(BPF) tests/deps.sh build test
deps-full:
	@DEPS=$(DEPS) BPF=$(BPF) tests/deps.sh build test full
deps-bench:
	@DEPS=$(DEPS) BPF=$(BPF) tests/deps.sh build bench

## demo         install what is missing, build, watch a small workload run into a deadlock
demo: deps
	@$(again) all
	@BUILD=$(abspath $(OUT)) tests/demo.sh

## check        install what is missing, build without warnings, run every test (T=pattern: some)
check: deps-test
	@$(again) tests WERROR=1
	@BUILD=$(abspath $(OUT)) BASE=$(abspath $(BUILD)) SAN=$(SAN) tests/run.sh $(if $(T),'$(T)')

## check-full   also clang, sanitizers, valgrind and repeated runs
check-full: deps-full
	@BUILD=$(abspath $(BUILD)) tests/full.sh
check-bounded: deps-full
	@BUILD=$(abspath $(BUILD)) tests/full.sh bounded

## fuzz         build/fuzz/x: fuzz targets, by clang with libFuzzer; tests/fuzz/run.sh runs them
fuzz:
	@$(again) fuzzers CC=clang BPF=0 BUILD='$(BUILD)/fuzz' SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g'
fuzzers: $(FUZZERS)

## bench        measure: record, lock, queue and viewer against their neighbours
bench: deps-bench
	@$(again) all benches
	@BUILD=$(abspath $(OUT)) tests/bench/run
	@BUILD=$(abspath $(OUT)) tests/bench/viewers
	@$(OUT)/bench/looks

## install      PREFIX=/usr/local DESTDIR= ; the command is called MPSTAT_NAME=mpstat-ipc
install: all
	$(call say,INSTALL,'$(DESTDIR)$(PREFIX)')
	$(Q)$(INSTALL) -d $(foreach d,$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR)/mptrace,'$(DESTDIR)$(d)')
	$(Q)$(INSTALL) -m 755 $(OUT)/mpstat '$(DESTDIR)$(BINDIR)/$(MPSTAT_NAME)'
	$(Q)$(INSTALL) -m 755 $(SHARED) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	$(Q)ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libmptrace.so'
	$(Q)$(INSTALL) -m 644 $(STATIC) '$(DESTDIR)$(LIBDIR)/libmptrace.a'
	$(Q)$(INSTALL) -m 644 $(HEADERS) '$(DESTDIR)$(INCLUDEDIR)/mptrace/'
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' libtrace/mptrace.pc.in \
		>'$(DESTDIR)$(LIBDIR)/pkgconfig/mptrace.pc'
	$(Q)chmod 644 '$(DESTDIR)$(LIBDIR)/pkgconfig/mptrace.pc'
	$(Q)$(foreach p,$(MAN_PAGES),$(INSTALL) -D -m 644 $(p) '$(DESTDIR)$(call man_path,$(p))' &&) :
	$(Q)$(foreach p,$(API_PAGES),$(foreach n,$(call man_links,$(p)), \
		ln -sf $(call man_name,$(p)) '$(DESTDIR)$(MANDIR)/man3/$(n).3' &&)) :
## uninstall    the same switches; leaves nothing of ours behind
uninstall:
	$(call say,REMOVE,'$(DESTDIR)$(PREFIX)')
	$(Q)rm -f $(foreach f,$(BINDIR)/$(MPSTAT_NAME) $(LIBDIR)/$(SONAME) $(LIBDIR)/libmptrace.so \
		$(LIBDIR)/libmptrace.a $(LIBDIR)/pkgconfig/mptrace.pc \
		$(foreach p,$(MAN_PAGES),$(call man_path,$(p))) \
		$(foreach p,$(API_PAGES),$(patsubst %,$(MANDIR)/man3/%.3,$(call man_links,$(p)))), \
		'$(DESTDIR)$(f)')
	$(Q)rm -rf '$(DESTDIR)$(INCLUDEDIR)/mptrace'

## clean        remove build/
clean:
	$(Q)rm -rf -- '$(BUILD)'

## help         this list
help:
	@echo 'make [target] [switch=value]'
	@echo
	@sed -n 's/^## /  /p' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  V=1                    show each command'
	@echo '  BUILD=dir              put everything generated there (build)'
	@echo '  SAN=address,undefined  sanitizers, built in a directory of their own'
	@echo '  WERROR=1               a warning is an error'
	@echo '  BPF=0                  without eBPF: needs no clang, bpftool, libbpf; sees less'
	@echo '  CC= CFLAGS= LDFLAGS=   as everywhere'
	@echo '  DEPS=0                 install nothing, say what is missing'
	@echo '  T=pattern              check: only tests whose path contains it'

# -- How it is made -----------------------------------------------------------

# Says what to do instead of a page of "No such file", once per build directory.
$(OUT)/.tools:
	$(Q)mkdir -p $(@D)
	$(Q)BPF=$(BPF) BPF_CLANG='$(BPF_CLANG)' BPFTOOL='$(BPFTOOL)' \
		tests/deps.sh --usable '$(CC)' '$(PKG_CONFIG)' $(MPSTAT_PKGS)
	$(Q)touch $@

# Changes when the flags do; every object depends on it.
export BUILD_WORDS := $(CC) $(CFLAGS) $(OUR_CFLAGS) / $(LDFLAGS) $(OUR_LDFLAGS) / \
	BPF=$(BPF) $(BPF_CLANG) $(BPF_CFLAGS) $(BPFTOOL)
$(OUT)/.flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' "$$BUILD_WORDS" | cmp -s - $@ || \
		printf '%s\n' "$$BUILD_WORDS" >$@

# Both depend on what there is: with BPF switched, one set of objects goes.
$(OUT)/mpstat $(UNIT_TESTS): $(OUT)/.flags

# An object that compiled with warnings leaves them in x.o.warn; WERROR=1
# compiles it again, so that a quiet old object cannot hide one.
ifeq ($(WERROR),1)
WARNED := $(basename $(wildcard $(addsuffix .warn,$(ALL_OBJ))))
$(WARNED): FORCE
endif

# $(1): flags on top of the common ones
define compile
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) $(1) $(CPPFLAGS) $(CFLAGS) $(if $(filter 1,$(WERROR)),-Werror) \
		-MMD -MP -c -o $@ $< 2>$@.warn; status=$$?; cat $@.warn >&2; \
		test -s $@.warn || rm -f $@.warn; exit $$status
endef

$(ALL_OBJ): $(OUT)/.flags | $(OUT)/.tools

$(OBJ)/pic/%.o: %.c
	$(call say,CC,'$< (pic)')
	$(call compile,-fPIC)
$(OBJ)/mpstat/%.o: mpstat/%.c
	$(call say,CC,$<)
	$(call compile,$(PKG_CFLAGS))
# What bpftool generated is judged as a system header.
$(OBJ)/mpstat/collector/kernel_bpf%.o: mpstat/collector/kernel_bpf%.c $(if $(BPF_SRC),$(SKELETON))
	$(call say,CC,$<)
	$(call compile,$(PKG_CFLAGS) -isystem $(dir $(SKELETON)))
$(OBJ)/bpf/%.bpf.o: bpf/%.bpf.c $(OUT)/.flags | $(OUT)/.tools
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
$(OBJ)/bpf/programs.o: $(BPF_OBJ)
	$(Q)$(BPFTOOL) gen object $@ $(BPF_OBJ)
$(SKELETON): $(OBJ)/bpf/programs.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name programs >$@
$(OBJ)/tests/fuzz/%.o: tests/fuzz/%.c
	$(call say,CC,$<)
	$(call compile,$(PKG_CFLAGS))
$(OBJ)/tests/unit/%.o: tests/unit/%.c
	$(call say,CC,$<)
	$(call compile,$(PKG_CFLAGS))
$(OBJ)/%.o: %.c
	$(call say,CC,$<)
	$(call compile)

$(SHARED): $(PIC_OBJ) libtrace/libmptrace.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-z,nodelete -Wl,-soname,$(SONAME) -Wl,--version-script=libtrace/libmptrace.map \
		$(if $(SAN),,-Wl$(comma)-z$(comma)defs) -Wl,-z,relro,-z,now \
		$(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(PIC_OBJ) -lpthread -lrt
$(OUT)/libmptrace.so: $(SHARED)
	$(Q)ln -sf $(SONAME) $@
# One object whose inner names are local: the archive, too, defines mpt_* only.
$(STATIC): $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)$(CC) -r -nostdlib -o $(OBJ)/mptrace.o $(LIB_OBJ)
	$(Q)$(OBJCOPY) --localize-hidden $(OBJ)/mptrace.o
	$(Q)rm -f $@ && $(AR) rcsD $@ $(OBJ)/mptrace.o

$(OUT)/mpstat: $(MPSTAT_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(MPSTAT_OBJ) $(PKG_LIBS) -lm

$(OUT)/programs/%: $(OBJ)/tests/programs/%.o $(STATIC)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(STATIC) -lpthread -lrt
$(OUT)/programs/hangs/%: $(OBJ)/tests/programs/hangs/%.o $(HANG_HELP)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(HANG_HELP) -lpthread -lrt
$(OUT)/bench/%: $(OBJ)/tests/bench/%.o $(STATIC)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(STATIC) -lpthread -lrt -lm
# It measures a part of mpstat.
$(OUT)/bench/looks: $(OBJ)/tests/bench/looks.o $(MPSTAT_PARTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(MPSTAT_PARTS) $(PKG_LIBS) -lpthread -lm
$(OUT)/tests/unit/%: $(OBJ)/tests/unit/%.o $(UNIT_HELP) $(MPSTAT_PARTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(UNIT_HELP) $(MPSTAT_PARTS) \
		-lcmocka $(PKG_LIBS) -lpthread -lm
$(OUT)/tests/bpf/%: $(OBJ)/tests/bpf/%.o $(BPF_HELP) $(MPSTAT_PARTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(BPF_HELP) $(MPSTAT_PARTS) \
		-lcmocka $(PKG_LIBS) -lpthread -lm
$(OUT)/tests/api/%: $(OBJ)/tests/api/%.o $(API_HELP) $(STATIC)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(API_HELP) $(STATIC) -lcmocka -lpthread -lrt
$(OUT)/tests/crash/%: $(OBJ)/tests/crash/%.o $(API_HELP) $(CRASH_HELP) $(STATIC)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) $(FAIL_WRAP) -o $@ $< $(API_HELP) $(CRASH_HELP) $(STATIC) \
		-lcmocka -lpthread -lrt
# The objects of the library and not the archive: making one of them would hide what libFuzzer
# looks at.
$(FUZZ_OF_LIBRARY): $(FUZZ)/%: $(OBJ)/tests/fuzz/fuzz_%.o $(call obj,$(FUZZ_CALLS_SRC)) $(API_HELP) $(LIB_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ -lcmocka -lpthread -lrt
$(filter-out $(FUZZ_OF_LIBRARY),$(FUZZERS)): $(FUZZ)/%: $(OBJ)/tests/fuzz/fuzz_%.o $(FUZZ_HELP) $(MPSTAT_PARTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread -lm

-include $(ALL_OBJ:.o=.d) $(BPF_OBJ:.o=.d)
