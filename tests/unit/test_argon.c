/* Argon2's PHC strings; larger ones are among the vectors. */
#include "argon.h"

#include "unit.h"

#include <sys/resource.h>
#include <sys/wait.h>

#define ID "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$"
#define HASH "+RsCrdHrAKGEJIDLM0Esow"

static struct {
	const char *name;
	struct span stored;
	const char *password;
	enum match want;
} rows[] = {
	{ "Argon2id", { BYTES(ID HASH) }, "secret", MATCH_YES },
	{ "Argon2id, wrong", { BYTES(ID HASH) }, "secres", MATCH_NO },
	{ "Argon2id, empty", { BYTES(ID HASH) }, "", MATCH_NO },
	{ "Argon2id of empty", { BYTES(ID "t//HbSO1FWh8MWS7g4bL6Q") }, "", MATCH_YES },
	{ "Argon2i, two lanes",
	  { BYTES("$argon2i$v=19$m=16,t=2,p=2$c2FsdHNhbHQ$"
		  "f3GiQhXP4q6iv+F0+P/LRw8cYGGL0JpRfMrdSck4tqM") },
	  "secret",
	  MATCH_YES },
	{ "version 1.0",
	  { BYTES("$argon2i$v=16$m=8,t=1,p=1$c2FsdHNhbHQ$CgqBS5gVJZI8SUtjfEPzzg") },
	  "secret",
	  MATCH_YES },
	{ "version 1.0, which wrote none",
	  { BYTES("$argon2i$m=8,t=1,p=1$c2FsdHNhbHQ$CgqBS5gVJZI8SUtjfEPzzg") },
	  "secret",
	  MATCH_YES },
	{ "the other type",
	  { BYTES("$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" HASH) },
	  "secret",
	  MATCH_NO },
	{ "Argon2d is not taken",
	  { BYTES("$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$ltt0BG6Ew30G/qU8ZrfQ+Q") },
	  "secret",
	  MATCH_DAMAGED },
	{ "unknown version",
	  { BYTES("$argon2id$v=18$m=8,t=1,p=1$c2FsdHNhbHQ$" HASH) },
	  "secret",
	  MATCH_DAMAGED },
	{ "no hash", { BYTES(ID) }, "secret", MATCH_DAMAGED },
	{ "no salt", { BYTES("$argon2id$v=19$m=8,t=1,p=1$$" HASH) }, "secret", MATCH_DAMAGED },
	{ "salt too short",
	  { BYTES("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$" HASH) },
	  "secret",
	  MATCH_DAMAGED },
	{ "padding", { BYTES(ID HASH "==") }, "secret", MATCH_DAMAGED },
	{ "a field more", { BYTES(ID HASH "$") }, "secret", MATCH_DAMAGED },
	{ "a bit behind the hash",
	  { BYTES(ID "+RsCrdHrAKGEJIDLM0Esox") },
	  "secret",
	  MATCH_DAMAGED },
	{ "no memory",
	  { BYTES("$argon2id$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$" HASH) },
	  "x",
	  MATCH_DAMAGED },
	{ "no pass",
	  { BYTES("$argon2id$v=19$m=8,t=0,p=1$c2FsdHNhbHQ$" HASH) },
	  "x",
	  MATCH_DAMAGED },
	{ "no lane",
	  { BYTES("$argon2id$v=19$m=8,t=1,p=0$c2FsdHNhbHQ$" HASH) },
	  "x",
	  MATCH_DAMAGED },
	{ "parameters left out",
	  { BYTES("$argon2id$v=19$m=8,t=1$c2FsdHNhbHQ$" HASH) },
	  "x",
	  MATCH_DAMAGED },
	{ "a number of 33 bits",
	  { BYTES("$argon2id$v=19$m=8,t=4294967297,p=1$c2FsdHNhbHQ$" HASH) },
	  "secret",
	  MATCH_DAMAGED },
	{ "the prefix alone", { BYTES("$argon2id$") }, "secret", MATCH_DAMAGED },
	{ "empty", { BYTES("") }, "", MATCH_DAMAGED },
};

static void answers(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct text why;

	text_clear(&why);
	assert_int_equal(argon_verify(row->stored, span_of(row->password), &why), row->want);
	assert_int_equal(why.length, 0);
}

/* Nothing that is cut off makes a hash that verifies. */
static void refuses_each_beginning(void **state)
{
	static const char stored[] = ID HASH;
	struct text why;

	(void)state;
	for (size_t length = 0; length < sizeof(stored) - 1; length++)
		assert_int_not_equal(
			argon_verify((struct span){ stored, length }, SPAN("secret"), &why),
			MATCH_YES);
}

/* 64 MiB, in a child whose hard limit allows less: it must not outlive the test. */
static void tells_the_hard_limit(void **state)
{
	static const char stored[] = "$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHQ$" HASH;
	const struct rlimit limit = { 32 << 20, 32 << 20 };
	struct text why;
	int status = -1;
	pid_t child;

	(void)state;
	if (UNIT_ADDRESS_SANITIZER)
		skip();
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		_exit(setrlimit(RLIMIT_AS, &limit) == 0 &&
				      argon_verify(span_of(stored), SPAN("x"), &why) ==
					      MATCH_NO_MEMORY &&
				      strstr(why.bytes, "67108864 bytes") != NULL
			      ? 0
			      : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	UNIT_ROWS(rows, answers);
	UNIT_TEST(refuses_each_beginning);
	UNIT_TEST(tells_the_hard_limit);
	return unit_run();
}
