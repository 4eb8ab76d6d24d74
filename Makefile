# checkpw-suite. `make help` lists what can be made. No configure step: what differs from
# machine to machine is probed below or set on the command line.

VERSION = 0.1.0

CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DATADIR ?= $(PREFIX)/share/checkpw
SYSCONFDIR ?= /etc
DESTDIR ?=
# static: fast to start and small enough for `softlimit -m 7340032`; dynamic: for distributions
LINK ?= static
# WERROR=1 makes warnings errors; SAN=address,undefined builds with those sanitizers
WERROR ?=
SAN ?=
FUZZ_SECONDS ?= 60

B = build
ifneq ($(SAN),)
B := build/san
override LINK := dynamic
endif

# V=1 shows each command
V ?=
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# ---- flags ------------------------------------------------------------------------------------

comma := ,
# empty where nothing is compiled
BUILDS := $(or $(if $(MAKECMDGOALS),,all),$(filter-out clean help coverage dist distcheck uninstall install-setuid,$(MAKECMDGOALS)))

# $(call accepted,FLAG): FLAG if the compiler takes it and links with it, by the linker that was chosen.
accepted = $(shell printf 'int main(void) { return 0; }' | \
	$(CC) -Werror $(filter -fuse-ld=%,$(CFLAGS) $(LDFLAGS)) $(1) -x c - -o /dev/null >/dev/null 2>&1 && echo $(1))

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wundef -Wvla -Wformat=2 -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough -Wunused-macros
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DSYSCONFDIR='"$(SYSCONFDIR)"' $(WARNINGS)

ifneq ($(BUILDS),)
ifeq ($(SAN),)
HARDENING := $(foreach flag,-fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	-ftrivial-auto-var-init=zero -fno-common -fPIE,$(call accepted,$(flag))) \
	$(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,$(call accepted,-O2 -D_FORTIFY_SOURCE=2))
LINK_HARDENING := $(foreach flag,-Wl$(comma)-z$(comma)relro -Wl$(comma)-z$(comma)now \
	-Wl$(comma)-z$(comma)noexecstack -Wl$(comma)-z$(comma)separate-code -Wl$(comma)--as-needed,$(call accepted,$(flag)))
# What is not used is left out, and large buffers lie behind small variables: common/layout.h.
HARDENING += -ffunction-sections -fdata-sections
LINK_HARDENING += $(foreach flag,-Wl$(comma)--gc-sections -Wl$(comma)--sort-section=name,$(call accepted,$(flag)))
else
HARDENING := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK_HARDENING := -fsanitize=$(SAN)
endif
endif
ifneq ($(WERROR),)
ALL_CFLAGS += -Werror
endif
ALL_CFLAGS += $(HARDENING) $(CPPFLAGS) $(CFLAGS)

# A program that cannot be linked statically here is linked dynamically, and make says so.
ifeq ($(LINK),static)
STATIC := $(call accepted,-static-pie -fPIE)
ifneq ($(STATIC),)
STATIC := $(shell printf 'int main(void) { return 0; }' | $(CC) -static-pie -fPIE -x c - -o /dev/null \
	-lcdb -lcrypt -lcrypto -largon2 >/dev/null 2>&1 && echo -static-pie)
endif
ifeq ($(STATIC),)
ifneq ($(BUILDS),)
$(info notice: no static libc, libcdb, libcrypt, libcrypto or libargon2 here; linking dynamically)
endif
endif
endif
# Fewer pages to touch before main; the C library must know the form, as glibc does since 2.36.
ifneq ($(STATIC),)
STATIC += $(shell printf '\043include <features.h>\n\043if !__GLIBC_PREREQ(2, 36)\n\043error\n\043endif\nint main(void) { return 0; }' | \
	$(CC) -static-pie -fPIE -Wl$(comma)-z$(comma)pack-relative-relocs -x c - -o /dev/null >/dev/null 2>&1 && \
	echo -Wl$(comma)-z$(comma)pack-relative-relocs)
# The client library and OpenSSL can load modules; the linker says so at each call.
STATIC += $(call accepted,-Wl$(comma)--no-warnings)
# For programs with many pages to relocate: common/prefault.c goes before the C library's function.
PREFAULT := $(shell printf 'void _dl_relocate_static_pie(void); int main(void) { return !_dl_relocate_static_pie; }' | \
	$(CC) -static-pie -fPIE -x c - -o /dev/null >/dev/null 2>&1 && \
	echo -Wl$(comma)--wrap=_dl_relocate_static_pie$(comma)-u$(comma)__wrap__dl_relocate_static_pie)
# Not with LINK=dynamic: valgrind knows no name outside of .text.
LAYOUT := $(call accepted,-Wl$(comma)-T$(comma)common/layout.ld)
# See common/digest.c.
AT_START := -Wl,--wrap=OPENSSL_cpuid_setup -Wl,-u,OPENSSL_cpuid_setup
endif
ALL_LDFLAGS = $(or $(STATIC),$(if $(SAN),,-pie)) $(LINK_HARDENING) $(LDFLAGS)
LIBRARIES = -lcdb -lcrypto -lcrypt -largon2

# The MySQL client library; without it checkpw-mysql is left out, and make says so.
MYSQL_LIBRARIES := $(shell pkg-config --libs $(if $(STATIC),--static) libmariadb 2>/dev/null)
MYSQL_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libmariadb 2>/dev/null))
ifneq ($(BUILDS),)
ifeq ($(MYSQL_LIBRARIES),)
$(info notice: no pkg-config or no libmariadb here; checkpw-mysql is left out)
endif
endif

# ---- programs ---------------------------------------------------------------------------------

PROGRAMS = cmd5checkpw checkpw-passwd checkpw-vpasswd checkpw-chain checkpw-test poppasswd $(if $(MYSQL_LIBRARIES),checkpw-mysql)
MANUALS = $(wildcard $(PROGRAMS:%=%/*.[58]))
SAMPLES = $(wildcard $(PROGRAMS:%=%/*.sample))
COMPLETIONS = $(wildcard contrib/completion/*)
SCHEMAS = $(wildcard $(PROGRAMS:%=%/*.sql))

COMMON_OBJECTS = $(patsubst %.c,$(B)/%.o,$(wildcard common/*.c))

all: $(PROGRAMS:%=$(B)/bin/%)

# What a program is linked with, where that differs: NSS needs the dynamic libc, nothing else.
$(B)/bin/checkpw-passwd $(B)/bin/checkpw-test: LINKING = $(if $(STATIC),-pie $(AT_START) $(LINK_HARDENING) $(LDFLAGS),$(ALL_LDFLAGS)) $(LAYOUT)
$(B)/bin/checkpw-passwd $(B)/bin/checkpw-test: LIBRARIES := $(if $(STATIC),-Wl$(comma)-Bstatic $(LIBRARIES) -Wl$(comma)-Bdynamic,$(LIBRARIES))

$(B)/bin/checkpw-mysql: LIBRARIES := $(MYSQL_LIBRARIES) $(LIBRARIES)
$(B)/bin/checkpw-mysql: LINKING = $(ALL_LDFLAGS) $(LAYOUT) $(AT_START) $(PREFAULT)
$(B)/checkpw-mysql/client.o: ALL_CFLAGS += $(MYSQL_CFLAGS)

define program
$(B)/bin/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(B)/libcommon.a common/layout.ld
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LINKING) -o $$@ $$(filter-out %.ld,$$^) $$(LIBRARIES)
endef
LINKING = $(ALL_LDFLAGS) $(LAYOUT) $(AT_START)
# It computes no digest.
$(B)/bin/checkpw-chain: AT_START =
$(foreach name,$(PROGRAMS),$(eval $(call program,$(name))))

$(B)/libcommon.a: $(COMMON_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -iquote common $(FURTHER) -MMD -MP -c -o $@ $<

# Programs see each other's headers never, tests those of all.
$(B)/tests/%.o: FURTHER = $(PROGRAMS:%=-iquote %)

# Objects are made anew when the flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$(subst ",\",$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LAYOUT) $(AT_START) $(PREFAULT) $(COMMON_OBJECTS))" >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- tests ------------------------------------------------------------------------------------

# Those of a program that is left out are left out, too.
LEFT_OUT = $(if $(MYSQL_LIBRARIES),,$(foreach name,server name query row mysql_store,tests/unit/test_$(name).c))
UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(filter-out $(LEFT_OUT),$(wildcard tests/unit/test_*.c)))
HELPERS = $(B)/tests/probe $(B)/tests/spawn $(B)/tests/standin $(B)/tests/killer $(B)/tests/witness \
	$(B)/tests/flood
SIMULATION = $(B)/simulation/cmd5checkpw $(B)/simulation/simulate $(B)/simulation/hammer
REPLAYS = $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/replay_%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH = $(B)/bench/bench $(B)/bench/lines $(B)/bench/floor $(B)/bench/floor-dynamic $(B)/bench/noop
PROVE = prove
TESTS = tests/unit tests/lint tests/cli tests/clients tests/contrib tests/root tests/fuzz
UNIT_OBJECTS = $(foreach name,$(PROGRAMS),$(patsubst %.c,$(B)/%.o, \
	$(filter-out %/main.c,$(wildcard $(name)/*.c)))) $(B)/libcommon.a

$(B)/unit/%: $(B)/tests/unit/%.o $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter-out $(STATIC),$(ALL_LDFLAGS)) $(if $(SAN),,-pie) -o $@ $^ \
		-lcmocka $(MYSQL_LIBRARIES) $(LIBRARIES)

$(B)/tests/%: $(B)/tests/lib/%.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

# The checker with a clock that the simulation keeps: what is linked first takes the place of
# common/clock.c. Nothing of it is installed.
$(B)/simulation/cmd5checkpw: $(B)/tests/simulation/clock.o \
		$(patsubst %.c,$(B)/%.o,$(wildcard cmd5checkpw/*.c)) $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES)

$(B)/simulation/%: $(B)/tests/simulation/%.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES)

$(B)/bench/bench: $(patsubst %,$(B)/tests/bench/%.o,bench pairs trace limit load message)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/bench/%: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/bench/floor-dynamic: $(B)/tests/bench/floor.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter-out $(STATIC),$(ALL_LDFLAGS)) $(if $(SAN),,-pie) -o $@ $^

# The memory sanitizer has to be told what the libraries write.
ifeq ($(SAN),memory)
WRAPPED = $(B)/tests/memory/wrapped.o
WRAP = $(foreach name,crypt_rn argon2_ctx cdb_hash cdb_unpack cdb_seek cdb_bread fgetspent_r EVP_Digest HMAC \
	$(foreach digest,MD4 MD5 SHA1 SHA256 SHA512,$(digest)_Init $(digest)_Update $(digest)_Final),-Wl$(comma)--wrap=$(name))
endif

$(B)/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/fuzz.o $(B)/tests/fuzz/replay.o \
		$(B)/libcommon.a $(WRAPPED)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WRAP) -o $@ $^ $(LIBRARIES)

.SECONDARY:

test-programs: all $(UNIT_TESTS) $(HELPERS) $(SIMULATION) $(REPLAYS) $(BENCH)

# With B=build/dynamic LINK=dynamic what tests/memory runs under valgrind.
memory-programs: all $(HELPERS)

replays: $(REPLAYS)

# Two at a time: those that run servers or need root one after the other, beside the others.
check: test-programs
	CHECKPW_BUILD=$(CURDIR)/$(B) $(PROVE) --timer --recurse --jobs 2 \
		--rules 'seq=tests/{unit,lint,cli}/*' --rules 'seq=tests/{clients,contrib,root,fuzz}/*' $(TESTS)

# BENCH_FLAGS=-q is quicker, and says less.
BENCH_FLAGS =
bench: all $(BENCH)
	tests/bench/run $(BENCH_FLAGS) $(B)

lint:
	tests/lint/run

coverage:
	tests/coverage/run

fuzz:
	tests/fuzz/run $(FUZZ_SECONDS)

# ---- installation -----------------------------------------------------------------------------

# A program that is there already keeps its owner, its mode and its set-id bits. The new one takes its
# place in one step, so that no login meets half a program; chown takes the bits away, so it is first.
define install_program
new='$(DESTDIR)$(BINDIR)/$(1).new'; old='$(DESTDIR)$(BINDIR)/$(1)'; \
	install -m 0755 '$(B)/bin/$(1)' "$$new" && \
	if [ -f "$$old" ]; then chown "$$(stat -Lc %u:%g "$$old")" "$$new" && \
		chmod "$$(stat -Lc %a "$$old")" "$$new"; fi && \
	mv -f "$$new" "$$old" || { rm -f "$$new"; exit 1; }

endef

install: all
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man5' '$(DESTDIR)$(MANDIR)/man8' \
		'$(DESTDIR)$(SYSCONFDIR)/checkpw' $(if $(COMPLETIONS),'$(DESTDIR)$(COMPLETIONDIR)')
	$(foreach program,$(PROGRAMS),$(call install_program,$(program)))
	for page in $(MANUALS); do \
		install -m 0644 $$page '$(DESTDIR)$(MANDIR)'/man$${page##*.} || exit 1; done
	install -m 0644 $(SAMPLES) '$(DESTDIR)$(SYSCONFDIR)/checkpw'
	$(if $(COMPLETIONS),install -m 0644 $(COMPLETIONS) '$(DESTDIR)$(COMPLETIONDIR)')
	$(if $(SCHEMAS),install -D -m 0644 -t '$(DESTDIR)$(DATADIR)' $(SCHEMAS))

# GROUP=qmail: only root and that group may run cmd5checkpw.
install-setuid:
	$(if $(DESTDIR),$(error install-setuid makes a user: it needs the running system and no DESTDIR))
	@contrib/install-setuid '$(BINDIR)' '$(SYSCONFDIR)' $(GROUP)

# Users, configurations and the user checkpw stay.
uninstall:
	rm -f $(PROGRAMS:%='$(DESTDIR)$(BINDIR)/%') \
		$(foreach page,$(MANUALS),'$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))') \
		$(foreach sample,$(SAMPLES),'$(DESTDIR)$(SYSCONFDIR)/checkpw/$(notdir $(sample))') \
		$(foreach schema,$(SCHEMAS),'$(DESTDIR)$(DATADIR)/$(notdir $(schema))') \
		$(foreach file,$(COMPLETIONS),'$(DESTDIR)$(COMPLETIONDIR)/$(notdir $(file))')
	rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(SYSCONFDIR)/checkpw' 2>/dev/null || true

dist:
	git archive --prefix=checkpw-suite-$(VERSION)/ -o checkpw-suite-$(VERSION).tar.gz HEAD

# DISTCHECK_TESTS="tests/unit tests/lint" is quicker.
DISTCHECK_TESTS = $(TESTS)
distcheck: dist
	tests/dist/run checkpw-suite-$(VERSION) $(DISTCHECK_TESTS)

clean:
	rm -rf build

help:
	@echo 'make            build every program into build/bin'
	@echo 'make check      run the tests (./quickstart check installs what they need)'
	@echo 'make bench      measure against the floor and against other checkers'
	@echo 'make lint       compilers, cppcheck, clang-tidy, mandoc, clang-format'
	@echo 'make coverage   which lines of common/ and of the stores the tests run (needs gcc; best as root)'
	@echo 'make fuzz       fuzz each parser for FUZZ_SECONDS (60)'
	@echo 'make install    install into DESTDIR, PREFIX (/usr/local), BINDIR, MANDIR, DATADIR, SYSCONFDIR'
	@echo 'make install-setuid  make the user checkpw and give him cmd5checkpw, set-uid; GROUP='
	@echo 'make uninstall  take the installation away again, but no user and no configuration'
	@echo 'make dist       a source archive; make distcheck: build, test, install and remove it'
	@echo 'make clean      remove build'
	@echo 'variables: CC CPPFLAGS CFLAGS LDFLAGS LINK=static|dynamic WERROR=1 SAN=address,undefined V=1'

FORCE:
.PHONY: all check test-programs memory-programs replays bench lint coverage fuzz install install-setuid uninstall \
	dist distcheck clean help FORCE
