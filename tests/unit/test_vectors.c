/*
 * The stored secrets of credentials.tsv, made with other programs: each must verify, and must
 * not once it or the password is damaged. The file's first lines explain its columns.
 */
#include "cram.h"
#include "credential.h"
#include "encoding.h"
#include "unit.h"

#include <stdio.h>
#include <strings.h>

/*
 * What the vectors hold and this suite does not know. A scheme that is lost is not on the list
 * and fails; one that was added and is still on the list fails too.
 */
static struct {
	const char *name;     /* as in {SHA1} or {SHA1.HEX}, or in $apr1$salt$hash */
	unsigned rows, known; /* of its vectors: how many there are, how many are taken */
} unsupported[] = {
	{ "{OTP", 0, 0 },
};

enum column { KIND, SCHEME, PASSWORD, STORED, USER, LABEL, NOTE, COLUMNS };

struct vector {
	struct span column[COLUMNS];
	char password[1024]; /* decoded, with a NUL behind it */
	size_t password_length;
	char name[128];
};

static struct vector vectors[1024];
static size_t vector_count;
static char file[1024 * 1024];

static void read_vector(struct vector *vector, char *line, unsigned number)
{
	struct span *column = vector->column;

	for (size_t i = 0; i < COLUMNS; i++) {
		char *field = line != NULL ? strsep(&line, "\t") : NULL;

		column[i] = span_of(field != NULL ? field : "");
	}
	if (!encoding_from_hex(column[PASSWORD], (uint8_t *)vector->password,
			       sizeof(vector->password) - 1, &vector->password_length))
		exit(2);
	snprintf(vector->name, sizeof(vector->name), "line %u: %.6s %.60s, %.40s", number,
		 column[KIND].at, column[SCHEME].at, column[LABEL].at);
}

static void read_vectors(void)
{
	const char *path = getenv("CHECKPW_VECTORS");
	FILE *stream = path != NULL ? fopen(path, "re") : NULL;
	unsigned number = 0;
	char *rest = file, *line;

	if (stream == NULL || fread(file, 1, sizeof(file) - 1, stream) == 0) {
		fputs("CHECKPW_VECTORS must name credentials.tsv\n", stderr);
		exit(2);
	}
	fclose(stream);
	while ((line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (line[0] == '#' || line[0] == '\0' || vector_count == COUNT(vectors))
			continue;
		read_vector(&vectors[vector_count++], line, number);
	}
}

static struct span password_of(const struct vector *vector)
{
	return (struct span){ vector->password, vector->password_length };
}

/* Whether `stored` is of the scheme or the method that `name` begins. */
static bool names(struct span stored, const char *name)
{
	size_t length = strlen(name);

	return stored.length > length && strncasecmp(stored.at, name, length) == 0 &&
	       strchr("}.$", stored.at[length]) != NULL;
}

static bool is_unsupported(struct span stored)
{
	struct credential credential;

	for (size_t i = 0; i < COUNT(unsupported); i++) {
		if (names(stored, unsupported[i].name)) {
			unsupported[i].rows++;
			unsupported[i].known +=
				credential_parse(&credential, stored) != REASON_UNKNOWN_SCHEME;
			return true;
		}
	}
	return false;
}

static enum match try_scheme(const struct credential *credential, struct span password,
			     struct span login)
{
	const struct scheme_trial trial = { credential->value, password, login };
	struct text why;

	return credential->scheme->verify(credential->scheme, &trial, &why);
}

/* At the level of the scheme, where the empty password is one as any other. */
static enum match verify(const struct vector *vector, struct span stored, struct span password)
{
	struct credential credential;
	/* Exact copies, so that a sanitizer sees a byte read too far. */
	char *text = malloc(stored.length + 1), *given = malloc(password.length + 1);
	enum match match = MATCH_DAMAGED;

	assert_non_null(text);
	assert_non_null(given);
	memcpy(text, stored.at, stored.length);
	memcpy(given, password.at, password.length);
	given[password.length] = '\0';
	text = realloc(text, stored.length != 0 ? stored.length : 1);
	if (credential_parse(&credential, (struct span){ text, stored.length }) == REASON_OK)
		match = try_scheme(&credential, (struct span){ given, password.length },
				   vector->column[USER]);
	free(text);
	free(given);
	return match;
}

static void accepts(void **state)
{
	const struct vector *vector = *state;

	assert_int_equal(verify(vector, vector->column[STORED], password_of(vector)), MATCH_YES);
}

static void refuses_another_password(void **state)
{
	struct vector damaged = *(const struct vector *)*state;
	struct span stored = damaged.column[STORED];

	/* The first byte always counts, where DES and bcrypt leave out others. */
	damaged.password[0] ^= damaged.password_length != 0 ? 1 : 'x';
	if (damaged.password_length == 0)
		damaged.password_length = 1;
	assert_int_equal(verify(&damaged, stored, password_of(&damaged)), MATCH_NO);
}

static void assert_refused(const struct vector *vector, struct span stored, struct span password)
{
	enum match match = verify(vector, stored, password);

	assert_true(match == MATCH_NO || match == MATCH_DAMAGED);
}

static void refuses_damaged_text(void **state)
{
	const struct vector *vector = *state;
	struct span stored = vector->column[STORED];
	char text[1024];

	assert_in_range(stored.length, 1, sizeof(text));
	memcpy(text, stored.at, stored.length);
	assert_refused(vector, (struct span){ text, stored.length - 1 }, password_of(vector));
	text[stored.length - 1] ^= 1;
	assert_refused(vector, (struct span){ text, stored.length }, password_of(vector));
}

/* Not even to one who has read the store. */
static void text_is_no_password(void **state)
{
	const struct vector *vector = *state;
	struct span stored = vector->column[STORED];
	const char *brace = memchr(stored.at, '}', stored.length);

	assert_refused(vector, stored, stored);
	assert_refused(vector, stored, span_from(stored, (size_t)(brace - stored.at) + 1));
}

static void refuses(void **state)
{
	const struct vector *vector = *state;

	assert_refused(vector, vector->column[STORED], password_of(vector));
}

static void answers_cram(void **state)
{
	const struct vector *vector = *state;
	static const char mark[] = "context=";
	struct cram_context context;
	struct credential credential;
	struct span challenge = vector->column[SCHEME], response = vector->column[STORED];

	cram_context_derive(&context, password_of(vector));
	assert_true(cram_verify(&context, challenge, response));
	assert_true(span_begins(vector->column[NOTE], mark));
	assert_int_equal(
		credential_parse(&credential, span_from(vector->column[NOTE], sizeof(mark) - 1)),
		REASON_OK);
	assert_int_equal(credential.value.length, sizeof(context.bytes));
	assert_memory_equal(credential.value.at, context.bytes, sizeof(context.bytes));
	memcpy(context.bytes, credential.value.at, sizeof(context.bytes));
	assert_true(cram_verify(&context, challenge, response));
	context.bytes[CRAM_CONTEXT_BYTES - 1] ^= 1;
	assert_false(cram_verify(&context, challenge, response));
}

static void answers_apop(void **state)
{
	const struct vector *vector = *state;
	struct span challenge = vector->column[SCHEME], response = vector->column[STORED];

	assert_true(apop_verify(password_of(vector), challenge, response));
	assert_false(apop_verify(SPAN("another"), challenge, response));
}

/* Plaintext by either mechanism through the front door, the window off; empty is refused. */
static void front_door_agrees(void **state)
{
	const struct vector *vector = *state;
	const struct credential_rules rules = { .apop = true };
	bool apop = span_is(vector->column[KIND], "apop");
	struct credential credential = { .scheme = scheme_find(SPAN("PLAIN"), SPAN("")),
					 .stored = password_of(vector),
					 .value = password_of(vector) };
	struct request request = { .challenge = vector->column[SCHEME],
				   .digest = vector->column[STORED],
				   .digest_may_be_apop = true };
	enum mechanism mechanism;
	struct text why;
	enum reason reason = credential_verify(&credential, &request, &rules, &mechanism, &why);

	if (vector->password_length == 0) {
		assert_int_equal(reason, REASON_EMPTY_SECRET);
		return;
	}
	assert_int_equal(reason, REASON_OK);
	assert_int_equal(mechanism, apop ? MECHANISM_APOP : MECHANISM_CRAM_MD5);
}

static bool is_hash_in_braces(struct span stored)
{
	struct credential credential;

	return span_begins(stored, "{") && credential_parse(&credential, stored) == REASON_OK &&
	       credential.scheme->kind != SCHEME_CLEAR;
}

static unsigned accepted, rejected, cram, apop;

static void add_vector(struct vector *vector)
{
	struct span kind = vector->column[KIND];

	if (span_is(kind, "scheme")) {
		if (is_unsupported(vector->column[STORED]))
			return;
		accepted++;
		unit_add(vector->name, accepts, vector);
		unit_add(vector->name, refuses_another_password, vector);
		unit_add(vector->name, refuses_damaged_text, vector);
		if (is_hash_in_braces(vector->column[STORED]))
			unit_add(vector->name, text_is_no_password, vector);
	} else if (span_is(kind, "reject")) {
		rejected++;
		unit_add(vector->name, refuses, vector);
	} else if (span_is(kind, "cram-md5")) {
		cram++;
		unit_add(vector->name, answers_cram, vector);
		unit_add(vector->name, front_door_agrees, vector);
	} else if (span_is(kind, "apop")) {
		apop++;
		unit_add(vector->name, answers_apop, vector);
		unit_add(vector->name, front_door_agrees, vector);
	}
}

static void file_was_read(void **state)
{
	(void)state;
	assert_in_range(vector_count, 200, COUNT(vectors) - 1);
	assert_in_range(accepted, 50, 1000);
	assert_in_range(rejected, 10, 1000);
	assert_in_range(cram, 8, 1000);
	assert_in_range(apop, 8, 1000);
}

/* A scheme that was added must leave the list, or its vectors would not be tried. */
static void list_of_unsupported_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unsupported); i++) {
		if (unsupported[i].rows == 0)
			fail_msg("%s has no vector: take it off the list", unsupported[i].name + 1);
		if (unsupported[i].known != 0)
			fail_msg("%s is supported: take it off the list", unsupported[i].name + 1);
	}
}

static void tell_unsupported(void)
{
	for (size_t i = 0; i < COUNT(unsupported); i++)
		printf("# not supported: %s, %u vectors\n", unsupported[i].name + 1,
		       unsupported[i].rows);
	fflush(stdout);
}

int main(void)
{
	read_vectors();
	for (size_t i = 0; i < vector_count; i++)
		add_vector(&vectors[i]);
	UNIT_TEST(file_was_read);
	UNIT_TEST(list_of_unsupported_is_right);
	tell_unsupported();
	return unit_run();
}
