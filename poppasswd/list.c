/* The command list. */
#include "complain.h"
#include "describe.h"
#include "file.h"
#include "names.h"
#include "print.h"
#include "walk.h"

#include <stdio.h>
#include <unistd.h>

struct listing {
	const struct options *options;
	struct names wanted; /* those that were asked for; all of them if it is empty */
	struct names seen;
	uint64_t printed;
};

static void print_text(const struct walk *walk, const struct description *description)
{
	struct text login, mechanisms;

	print_shown(&login, walk->entry.login);
	describe_mechanisms(description, ",", &mechanisms);
	printf("%-31s %-14s %-19s %s\n", login.bytes, description->scheme, mechanisms.bytes,
	       describe_state(description));
}

static void print_object(const struct walk *walk, const struct description *description, bool first)
{
	struct text mechanisms;

	printf("%s    {\"login\": ", first ? "" : ",\n");
	print_json(walk->entry.login);
	printf(", \"line\": %lu, \"scheme\": ", walk->lines.number);
	if (strcmp(description->scheme, "-") == 0)
		(void)fputs("null", stdout);
	else
		print_json(span_of(description->scheme));
	describe_mechanisms(description, "\", \"", &mechanisms);
	printf(", \"mechanisms\": [%s%s%s]", description->plain ? "\"" : "",
	       description->plain ? mechanisms.bytes : "", description->plain ? "\"" : "");
	printf(", \"locked\": %s, \"state\": \"%s\"}", description->locked ? "true" : "false",
	       describe_state(description));
}

/* The lines that count: of each login the first. False if there is no memory. */
static bool print_entry(struct listing *listing, const struct walk *walk)
{
	struct description description;
	struct name *seen, *wanted;

	seen = names_add(&listing->seen, walk->entry.login, walk->lines.number);
	if (seen == NULL)
		return false;
	if (seen->line != walk->lines.number)
		return true;
	wanted = names_find(&listing->wanted, walk->entry.login);
	if (listing->options->count != 0 && wanted == NULL)
		return true;
	if (wanted != NULL)
		wanted->of = wanted;
	description = describe(walk->entry.secret);
	if (listing->options->json)
		print_object(walk, &description, listing->printed == 0);
	else
		print_text(walk, &description);
	listing->printed++;
	return true;
}

static enum ending print_all(struct listing *listing, int descriptor)
{
	const struct options *options = listing->options;
	enum ending ending = ENDING_DONE;
	enum userfile_line kind;
	struct walk walk;

	for (size_t i = 0; i < options->count; i++) {
		if (names_add(&listing->wanted, span_of(options->arguments[i]), 0) == NULL)
			return complain_errno(options->file);
	}
	if (!walk_begin(&walk, descriptor))
		return complain_errno(options->file);
	if (options->json) {
		(void)fputs("{\"file\": ", stdout);
		print_json(span_of(options->file));
		(void)fputs(",\n  \"users\": [\n", stdout);
	}
	while ((kind = walk_next_entry(&walk)) == USERFILE_ENTRY) {
		if (!print_entry(listing, &walk))
			return complain_errno(options->file);
	}
	if (kind == USERFILE_TROUBLE)
		return complain_errno(options->file);
	if (options->json)
		(void)fputs("\n  ]}\n", stdout);
	for (size_t i = 0; i < options->count; i++) {
		struct span login = span_of(options->arguments[i]);
		const struct name *name = names_find(&listing->wanted, login);

		if (name != NULL && name->of == NULL)
			ending = complain_login(login, "there is no such login");
	}
	return ending;
}

enum ending command_list(const struct options *options)
{
	struct listing listing = { .options = options };
	enum ending ending;
	struct text why;
	int descriptor = file_open(options->file, FILE_TRUST_ANY, NULL, &why);

	if (descriptor == -1)
		return complain_why(&why);
	ending = print_all(&listing, descriptor);
	close(descriptor);
	names_free(&listing.wanted);
	names_free(&listing.seen);
	return ending;
}
