#include "password.h"

#include "secret.h"
#include "terminal.h"

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* 4 groups of 5 of 32 characters that look different: 100 bits. */
#define GROUPS 4
#define GROUP_CHARACTERS 5
#define GENERATED_CHARACTERS (GROUPS * GROUP_CHARACTERS + GROUPS - 1)

static char first[PASSWORD_ROOM_BYTES + 1], second[PASSWORD_ROOM_BYTES + 1];
static struct secret_region first_region = { .base = first, .size = sizeof(first) };
static struct secret_region second_region = { .base = second, .size = sizeof(second) };

static enum ending generate(size_t *length)
{
	static const char characters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t random[GENERATED_CHARACTERS];

	_Static_assert(sizeof(characters) == 32 + 1, "each with the same probability");
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		warn("random bytes");
		return ENDING_TROUBLE;
	}
	for (size_t i = 0; i < GENERATED_CHARACTERS; i++)
		first[i] = characters[random[i] % 32];
	for (size_t i = GROUP_CHARACTERS; i < GENERATED_CHARACTERS; i += GROUP_CHARACTERS + 1)
		first[i] = '-';
	secret_wipe(random, sizeof(random));
	*length = GENERATED_CHARACTERS;
	return ENDING_DONE;
}

/* Byte by byte: what follows the line is somebody else's. */
static enum ending read_stdin(size_t *length)
{
	*length = 0;
	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			warn("standard input");
			return ENDING_TROUBLE;
		}
		if (got == 0 || byte == '\n')
			return ENDING_DONE;
		if (*length == PASSWORD_ROOM_BYTES) {
			warnx("the password is longer than a mail server can send");
			return ENDING_NO;
		}
		first[(*length)++] = byte;
	}
}

static enum ending ask_twice(struct span login, size_t *length)
{
	struct text prompt, why;
	size_t again;

	text_join(&prompt, "Password");
	if (login.length != 0) {
		text_add(&prompt, " of ");
		text_add_quoted(&prompt, login, 64);
	}
	text_add(&prompt, ": ");
	if (!terminal_ask(prompt.bytes, first, PASSWORD_ROOM_BYTES, length, &why) ||
	    !terminal_ask("Once more: ", second, PASSWORD_ROOM_BYTES, &again, &why)) {
		warnx("%s", why.bytes);
		return ENDING_TROUBLE;
	}
	if (secret_equal((struct span){ first, *length }, (struct span){ second, again }))
		return ENDING_DONE;
	warnx("the two passwords differ");
	return ENDING_NO;
}

/* What no mail server can send, or no login be accepted with. */
static enum ending judge(struct span login, struct span password)
{
	const char *fault = NULL;

	if (password.length == 0)
		fault = "the password is empty";
	else if (memchr(password.at, '\0', password.length) != NULL)
		fault = "the password holds a NUL byte";
	else if (login.length + password.length > PASSWORD_ROOM_BYTES)
		fault = "login and password together are longer than a mail server can send";
	if (fault == NULL)
		return ENDING_DONE;
	warnx("%s", fault);
	return ENDING_NO;
}

enum ending password_get(const struct options *options, struct span login, struct span *password)
{
	enum ending ending;
	size_t length = 0;

	secret_register(&first_region);
	secret_register(&second_region);
	first_region.dirty = sizeof(first);
	second_region.dirty = sizeof(second);
	*password = (struct span){ first, 0 };
	if (options->generate)
		ending = generate(&length);
	else if (options->from_stdin)
		ending = read_stdin(&length);
	else
		ending = ask_twice(login, &length);
	if (ending != ENDING_DONE)
		return ending;
	first[length] = '\0';
	password->length = length;
	return judge(login, *password);
}

void password_tell(const struct options *options, struct span password)
{
	if (options->generate)
		printf("%.*s\n", (int)password.length, password.at);
}
