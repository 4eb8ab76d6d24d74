/* The command export. */
#include "complain.h"
#include "describe.h"
#include "file.h"
#include "names.h"
#include "walk.h"

#include <err.h>
#include <stdio.h>
#include <unistd.h>

/* Prints a user; NULL, or why he is left. */
typedef const char *printer(struct span login, struct span secret,
			    const struct description *description);

static void put(struct span text)
{
	(void)fwrite(text.at, 1, text.length, stdout);
}

static const char *print_poppasswd(struct span login, struct span secret,
				   const struct description *description)
{
	put(login);
	putchar(':');
	/* A bare plaintext gets its mark, and so cannot be taken for something else. */
	if (description->clear && !description->marked && !description->locked)
		(void)fputs("{PLAIN}", stdout);
	put(secret);
	putchar('\n');
	return NULL;
}

static const char *print_dovecot(struct span login, struct span secret,
				 const struct description *description)
{
	struct span open = description->locked ? describe_unlocked(secret) : secret;

	if (description->reason != REASON_OK)
		return "it has no secret that can be used";
	if (span_begins(open, "$apr1$") || span_begins(open, "{CRYPT}$apr1$"))
		return "Dovecot does not know $apr1$";
	put(login);
	putchar(':');
	if (!description->marked && span_begins(open, "$argon2"))
		printf("{%s}", description->scheme);
	else if (!description->marked)
		(void)fputs(description->clear ? "{PLAIN}" : "{CRYPT}", stdout);
	put(open);
	(void)fputs(description->locked ? "::::::nologin\n" : "\n", stdout);
	return NULL;
}

static const struct {
	const char *name;
	printer *print;
} formats[] = { { "poppasswd", print_poppasswd }, { "dovecot", print_dovecot } };

static printer *find_printer(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].print;
	}
	return NULL;
}

/* Of each login the line that counts. */
static enum ending export_all(const struct options *options, printer *print, int descriptor)
{
	enum ending ending = ENDING_DONE;
	struct names seen = { 0 };
	enum userfile_line kind;
	struct walk walk;

	if (!walk_begin(&walk, descriptor))
		return complain_errno(options->file);
	while ((kind = walk_next_entry(&walk)) == USERFILE_ENTRY) {
		const struct name *name = names_add(&seen, walk.entry.login, walk.lines.number);
		struct description description;
		const char *left;

		if (name == NULL)
			break;
		if (name->line != walk.lines.number)
			continue;
		description = describe(walk.entry.secret);
		left = print(walk.entry.login, walk.entry.secret, &description);
		if (left != NULL)
			ending = complain_login(walk.entry.login, left);
	}
	names_free(&seen);
	return kind == USERFILE_END ? ending : complain_errno(options->file);
}

enum ending command_export(const struct options *options)
{
	printer *print = find_printer(options->format != NULL ? options->format : "poppasswd");
	enum ending ending;
	struct text why;
	int descriptor;

	if (print == NULL) {
		warnx("%s: no format to export; there are poppasswd and dovecot", options->format);
		return ENDING_USAGE;
	}
	descriptor = file_open(options->file, FILE_TRUST_ANY, NULL, &why);
	if (descriptor == -1)
		return complain_why(&why);
	ending = export_all(options, print, descriptor);
	close(descriptor);
	return ending;
}
