/* The command import. */
#include "complain.h"
#include "credential.h"
#include "describe.h"
#include "file.h"
#include "make.h"
#include "names.h"
#include "newlogin.h"
#include "password.h"
#include "print.h"
#include "rewrite.h"
#include "secret.h"
#include "source.h"
#include "walk.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One user who is to be taken over. On the heap, wiped before it is freed. */
struct incoming {
	struct incoming *next;
	uint64_t line; /* of the source */
	bool placed;   /* replaces a login that is there, or is left because of it */
	size_t login_length, secret_length, length;
	char text[]; /* login:secret[:further], and a newline */
};

struct import {
	const struct options *options;
	const char *format;
	struct names names; /* login -> the user */
	struct incoming *first, **end;
	uint64_t taken, left;
	bool no_memory;
};

static void tell(const struct import *import, uint64_t line, struct span login, const char *what,
		 const char *why)
{
	struct text shown;

	print_shown(&shown, login);
	warnx("%s:%llu: %s%s%s: %s", import->options->arguments[0], (unsigned long long)line,
	      login.length != 0 ? shown.bytes : "", login.length != 0 ? ": " : "", what, why);
}

static void leave(struct import *import, uint64_t line, struct span login, const char *why)
{
	import->left++;
	tell(import, line, login, "left", why);
}

static struct incoming *build(struct span login, bool locked, struct span secret,
			      struct span further, uint64_t line)
{
	size_t length = login.length + 1 + (locked ? 1 : 0) + secret.length + further.length + 1;
	struct incoming *user = malloc(sizeof(*user) + length);
	const struct span parts[] = {
		login, span_of(locked ? ":!" : ":"), secret, further, span_of("\n"),
	};
	size_t at = 0;

	if (user == NULL)
		return NULL;
	*user = (struct incoming){
		.line = line,
		.login_length = login.length,
		.secret_length = secret.length + (locked ? 1 : 0),
		.length = length,
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].length != 0)
			memcpy(user->text + at, parts[i].at, parts[i].length);
		at += parts[i].length;
	}
	return user;
}

/* The secret of a password that is known. NULL, or why there is none. */
static const char *make_of_clear(const struct import *import, struct span login, struct span clear,
				 struct span *secret)
{
	static char password[PASSWORD_ROOM_BYTES + 1];
	static struct secret_region region = { .base = password, .size = sizeof(password) };
	static struct text why;

	if (clear.length == 0)
		return "the password is empty";
	if (login.length + clear.length > PASSWORD_ROOM_BYTES)
		return "the password is longer than a mail server can send";
	secret_register(&region);
	region.dirty = sizeof(password);
	memcpy(password, clear.at, clear.length);
	password[clear.length] = '\0';
	if (strlen(password) != clear.length)
		return "the password holds a NUL byte";
	return make_secret(import->options->scheme, login, (struct span){ password, clear.length },
			   secret, &why) == MAKE_DONE
		       ? NULL
		       : why.bytes;
}

/*
 * What the user is to be stored with. A password that is known is stored in the scheme of --scheme,
 * unless it comes from a file of ours and none was asked for. NULL, or why there is no secret.
 */
static const char *choose_secret(const struct import *import, const struct source_user *user,
				 struct span login, struct span *secret)
{
	struct description description;
	struct credential credential;

	if (user->secret.at == NULL)
		return make_of_clear(import, login, user->clear, secret);
	*secret = user->secret;
	description = describe(user->secret);
	if (description.locked)
		return NULL;
	switch (description.reason) {
	case REASON_OK:
		break;
	case REASON_UNKNOWN_SCHEME:
		return "the scheme is not known";
	case REASON_EMPTY_SECRET:
		return "the password is empty";
	default:
		return "the secret is damaged";
	}
	if (!description.clear ||
	    (source_is_ours(import->format) && import->options->scheme == NULL) ||
	    credential_parse(&credential, user->secret) != REASON_OK)
		return NULL;
	return make_of_clear(import, login, credential.value, secret);
}

/* The login with the domain of --domain, if it has none. False if it does not fit. */
static bool complete_login(const struct import *import, struct span given, char *room, size_t size,
			   struct span *login)
{
	const char *domain = import->options->domain;
	int length;

	*login = given;
	if (domain == NULL || memchr(given.at, '@', given.length) != NULL)
		return true;
	length = snprintf(room, size, "%.*s@%s", (int)given.length, given.at, domain);
	*login = (struct span){ room, (size_t)length };
	return length > 0 && (size_t)length < size;
}

static void take(struct import *import, uint64_t line, const struct source_user *user)
{
	char room[FILE_LINE_MAX_BYTES + 1];
	struct span login, secret;
	struct incoming *incoming;
	struct name *name;
	const char *fault;

	if (!complete_login(import, user->login, room, sizeof(room), &login)) {
		leave(import, line, user->login, "the login is too long");
		return;
	}
	fault = newlogin_fault(login);
	if (fault == NULL && names_find(&import->names, login) != NULL)
		fault = "the login stands above already";
	if (fault == NULL)
		fault = choose_secret(import, user, login, &secret);
	if (fault == NULL &&
	    login.length + secret.length + user->further.length + 2 > FILE_LINE_MAX_BYTES)
		fault = "the line would be too long";
	if (fault != NULL) {
		leave(import, line, login, fault);
		return;
	}
	name = names_add(&import->names, login, line);
	incoming =
		build(login, user->locked && !describe(secret).locked, secret, user->further, line);
	if (name == NULL || incoming == NULL) {
		free(incoming);
		import->no_memory = true;
		return;
	}
	name->of = incoming;
	*import->end = incoming;
	import->end = &incoming->next;
	if (user->lost != NULL)
		tell(import, line, login, "taken", user->lost);
}

static bool read_source(struct import *import, source_parser *parse, int descriptor)
{
	struct file_lines lines;
	enum file_line kind;
	struct span line;

	file_lines_begin(&lines, descriptor);
	while ((kind = file_lines_next(&lines, &line)) != FILE_LINE_END && !import->no_memory) {
		struct source_user user = { 0 };
		const char *fault;

		if (kind == FILE_LINE_TROUBLE)
			return false;
		if (kind != FILE_LINE) {
			leave(import, lines.number, span_of(""), "too long, or a NUL byte");
			continue;
		}
		if (line.length == 0 || line.at[0] == '#')
			continue;
		fault = parse(line, &user);
		if (fault != NULL)
			leave(import, lines.number, user.login, fault);
		else
			take(import, lines.number, &user);
	}
	errno = ENOMEM;
	return !import->no_memory;
}

/* Those that are there already: replaced or left. */
static bool meet_present(struct import *import, const struct rewrite *rewrite, struct edits *edits)
{
	enum userfile_line kind;
	struct walk walk;

	if (rewrite->old == -1)
		return true;
	if (!walk_begin(&walk, rewrite->old))
		return false;
	while ((kind = walk_next_entry(&walk)) == USERFILE_ENTRY) {
		const struct name *name = names_find(&import->names, walk.entry.login);
		struct incoming *user = name != NULL ? name->of : NULL;

		if (user == NULL || user->placed)
			continue;
		user->placed = true;
		if (!import->options->force) {
			leave(import, user->line, walk.entry.login,
			      "is there already; --force replaces its password");
			continue;
		}
		import->taken++;
		if (!edits_add(edits, walk_secret_at(&walk), walk.entry.secret.length,
			       (struct span){ user->text + user->login_length + 1,
					      user->secret_length }))
			return false;
	}
	return kind == USERFILE_END;
}

static bool append_others(struct import *import, const struct rewrite *rewrite, struct edits *edits)
{
	uint64_t end = (uint64_t)rewrite->status.st_size;
	bool within_line = rewrite_ends_within_line(rewrite);

	for (struct incoming *user = import->first; user != NULL; user = user->next) {
		if (user->placed)
			continue;
		if (within_line && !edits_add(edits, end, 0, span_of("\n")))
			return false;
		within_line = false;
		if (!edits_add(edits, end, 0, (struct span){ user->text, user->length }))
			return false;
		import->taken++;
	}
	return true;
}

static enum ending write_all(struct import *import)
{
	const struct options *options = import->options;
	enum ending ending = ENDING_DONE;
	struct edits edits = { 0 };
	struct rewrite rewrite;
	struct text why;

	if (!rewrite_begin(&rewrite, options->file, true, options->wait, &why)) {
		ending = complain_why(&why);
	} else if (!meet_present(import, &rewrite, &edits) ||
		   !append_others(import, &rewrite, &edits)) {
		ending = complain_errno(options->file);
	} else if (edits.count != 0) {
		if (!rewrite_commit(&rewrite, &edits, &why))
			ending = complain_why(&why);
		else if (why.length != 0)
			warnx("%s", why.bytes);
	}
	rewrite_end(&rewrite);
	edits_free(&edits);
	return ending;
}

static void end_import(struct import *import)
{
	while (import->first != NULL) {
		struct incoming *user = import->first;

		import->first = user->next;
		secret_wipe(user, sizeof(*user) + user->length);
		free(user);
	}
	names_free(&import->names);
}

static int open_source(const char *path, struct text *why)
{
	char absolute[PATH_MAX];

	if (strcmp(path, "-") == 0)
		return STDIN_FILENO;
	if (realpath(path, absolute) == NULL) {
		text_join(why, path, ": ", text_of_errno(errno));
		return -1;
	}
	return file_open(absolute, FILE_TRUST_ANY, NULL, why);
}

enum ending command_import(const struct options *options)
{
	struct import import = {
		.options = options,
		.format = options->format != NULL ? options->format : "poppasswd",
	};
	source_parser *parse = source_find(import.format);
	enum ending ending = make_check(options);
	struct text why;
	int descriptor;

	if (parse == NULL) {
		warnx("%s: no format to import; there are " SOURCE_FORMATS, import.format);
		return ENDING_USAGE;
	}
	if (ending != ENDING_DONE)
		return ending;
	import.end = &import.first;
	descriptor = open_source(options->arguments[0], &why);
	if (descriptor == -1)
		return complain_why(&why);
	ending = read_source(&import, parse, descriptor) ? write_all(&import)
							 : complain_errno(options->arguments[0]);
	if (descriptor != STDIN_FILENO)
		close(descriptor);
	if (ending == ENDING_DONE) {
		printf("%llu taken, %llu left\n", (unsigned long long)import.taken,
		       (unsigned long long)import.left);
		ending = import.left == 0 ? ENDING_DONE : ENDING_NO;
	}
	end_import(&import);
	return ending;
}
