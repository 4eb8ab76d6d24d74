#include "penalties.h"

#include "clock.h"
#include "network.h"
#include "penalty_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What is shown at once, or cleared. */
struct names {
	const char *program;
	uint32_t now;
	unsigned long known;    /* pairs */
	struct penalty_who who; /* whose key in `kind` is to be cleared */
	enum penalty_kind kind;
	bool cleared;
};

static struct span until_nul(const uint8_t *name)
{
	return (struct span){ (const char *)name, strnlen((const char *)name, PENALTY_NAME_BYTES) };
}

static void add_address(struct text *line, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_ipv4 = memcmp(bytes, mapped, sizeof(mapped)) == 0;
	char address[INET6_ADDRSTRLEN];

	if (inet_ntop(is_ipv4 ? AF_INET : AF_INET6, is_ipv4 ? bytes + sizeof(mapped) : bytes,
		      address, sizeof(address)) != NULL)
		text_add(line, address);
	if (!is_ipv4)
		text_add(line, "/64");
}

static void add_field(struct text *line, const char *name, long long number)
{
	text_add(line, name);
	text_add_number(line, number);
}

static void show(enum penalty_kind kind, struct penalty_slot *slot, void *context)
{
	static const char *const words[PENALTY_KINDS] = { "", "address ", "login ", "pair " };
	struct names *names = context;
	struct text line;

	names->known += kind == PENALTY_PAIR;
	if (slot->failures == 0)
		return;
	text_join(&line, words[kind]);
	if (kind == PENALTY_LOGIN)
		text_add_quoted(&line, until_nul(slot->name), PENALTY_NAME_BYTES);
	else
		add_address(&line, slot->name);
	add_field(&line, " failures=", slot->failures);
	add_field(&line, " wait=", penalty_step(slot));
	add_field(&line, " ago=", names->now > slot->last ? names->now - slot->last : 0);
	puts(line.bytes);
}

/* Whether an entry is of the name to be cleared; a pair is of both of its names. */
static bool is_named(enum penalty_kind kind, const struct penalty_slot *slot,
		     const struct names *names)
{
	if (kind == names->kind)
		return slot->key == names->who.keys[kind];
	if (kind != PENALTY_PAIR)
		return false;
	if (names->kind == PENALTY_ADDRESS)
		return memcmp(slot->name, names->who.names[PENALTY_ADDRESS],
			      NETWORK_ADDRESS_BYTES) == 0;
	return memcmp(slot->name + NETWORK_ADDRESS_BYTES, &names->who.keys[PENALTY_LOGIN],
		      sizeof(uint64_t)) == 0;
}

static void clear(enum penalty_kind kind, struct penalty_slot *slot, void *context)
{
	struct names *names = context;

	if (!is_named(kind, slot, names))
		return;
	names->cleared |= slot->failures != 0;
	/* A pair stays known: that helps its user. */
	if (kind == PENALTY_PAIR)
		slot->failures = 0;
	else
		slot->key = 0;
}

static int complain(const struct names *names)
{
	(void)fprintf(stderr, "%s: %s\n", names->program, penalty_file_complaint());
	return 111;
}

static int list(struct names *names)
{
	if (!penalty_file_visit(show, names))
		return complain(names);
	printf("%lu known pairs of an address and a login\n", names->known);
	return fflush(stdout) == 0 ? 0 : 111;
}

static int clear_name(struct names *names, const char *name)
{
	struct network_address address;
	bool is_address = network_parse(span_of(name), &address);

	network_reduce(&address);
	names->kind = is_address ? PENALTY_ADDRESS : PENALTY_LOGIN;
	names->cleared = false;
	if (!penalty_file_identify(&names->who, is_address ? &address : NULL, span_of(name)) ||
	    !penalty_file_visit(clear, names))
		return complain(names);
	if (names->cleared)
		return 0;
	(void)fprintf(stderr, "%s: no failures of %s\n", names->program, name);
	return 1;
}

static int clear_names(struct names *names, char **list)
{
	int code = 0;

	for (; *list != NULL && code != 111; list++) {
		int one = clear_name(names, *list);

		if (one != 0)
			code = one;
	}
	return code;
}

int penalties_command(int argc, char **argv)
{
	struct names names = { .program = argv[0], .now = (uint32_t)clock_now() };
	const char *path = PENALTY_FILE_PATH;
	int next = 1, code;

	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		path = argv[2];
		next = 3;
	}
	if (next < argc && (strcmp(argv[next], "clear") != 0 || next + 1 == argc)) {
		(void)fprintf(stderr, "usage: %s [-f file] [clear address|login ...]\n", argv[0]);
		return 2;
	}
	/* Looking must not make the file. */
	if (access(path, F_OK) != 0) {
		(void)fprintf(stderr, "%s: %s: %s\n", argv[0], path, text_of_errno(errno));
		return 111;
	}
	penalty_file_open(path);
	code = next < argc ? clear_names(&names, argv + next + 1) : list(&names);
	penalty_file_close();
	return code;
}
