/*
 * What a chain and checkpw-test take apart or put together. The first byte chooses: 0 the reject
 * codes, 1 a checker with its arguments, 2 a configuration with a list, 3 a message made of a login
 * and a password.
 */
#include "fuzz.h"

#include "../../checkpw-chain/answer.c"
#include "../../checkpw-chain/links.c"
#undef add
#define add add_piece
#include "../../checkpw-test/shape.c"
#include "configuration.h"

#include <assert.h>
#include <stdlib.h>

static void fuzz_codes(struct span input)
{
	struct answer_codes codes;
	struct text why;

	if (!answer_take_codes(&codes, input, &why))
		return;
	assert(codes.refuses[1] && !codes.refuses[0] && !codes.refuses[111]);
}

static void fuzz_link(struct span input)
{
	static char checker[8192], gate_word[] = "gate", subprogram_word[] = "true";
	char *gate[] = { gate_word, NULL }, *subprogram[] = { subprogram_word, NULL };
	struct link link;
	struct text why;
	size_t seen = 0;

	if (input.length >= sizeof(checker))
		return;
	memcpy(checker, input.at, input.length);
	checker[input.length] = '\0';
	if (!links_compose(&link, checker, gate, subprogram, &why))
		return;
	for (; link.words[seen] != NULL; seen++)
		assert(strpbrk(link.words[seen], " \t") == NULL && link.words[seen][0] != '\0');
	assert(seen >= 3 && seen <= LINKS_WORDS_MAX);
	assert(link.words[seen - 1] == subprogram_word && link.words[seen - 2] == gate_word);
	assert(strchr(link.name, '/') == NULL);
}

static void fuzz_list(struct span input)
{
	static struct configuration_list list;
	static const struct configuration_key own[] = {
		{ "checker", CONFIGURATION_LIST, &list, 0, 0, NULL },
		{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
	};
	struct configuration configuration;
	struct text why;

	memset(&list, 0, sizeof(list));
	(void)configuration_read_general("fuzz", fuzz_file((const uint8_t *)input.at, input.length),
					 own, &configuration, &why);
	assert(list.length <= sizeof(list.bytes));
	assert(list.length == 0 || list.bytes[list.length - 1] == '\0');
	for (size_t at = 0; at < list.length; at += strlen(list.bytes + at) + 1)
		assert(list.bytes[at] != '\0');
}

static void fuzz_shape(struct span input)
{
	static char message[SHAPE_MESSAGE_BYTES];
	struct shape_secrets secrets = { .challenge = span_of("<1.2@h>") };
	const struct shape *shape;

	secrets.login = (struct span){ input.at, input.length / 3 };
	secrets.password = span_from(input, input.length / 3);
	for (size_t i = 0; (shape = shape_at(i)) != NULL; i++) {
		for (int m = 0; m < SHAPE_MECHANISMS; m++) {
			size_t length = shape_compose(shape, (enum shape_mechanism)m,
						      (enum shape_order)(input.length % 3),
						      &secrets, message);

			assert(length <= sizeof(message));
			assert(shape->strings[m] != NULL || length == 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct span input) = { fuzz_codes, fuzz_link, fuzz_list,
							      fuzz_shape };
	struct span input = { (const char *)data, size };

	if (size != 0)
		targets[data[0] % 4](span_from(input, 1));
	return 0;
}
