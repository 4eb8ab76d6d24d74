/* The commands that set a password: add and passwd. */
#include "complain.h"
#include "describe.h"
#include "file.h"
#include "make.h"
#include "newlogin.h"
#include "password.h"
#include "rewrite.h"
#include "secret.h"
#include "walk.h"

#include <err.h>
#include <errno.h>
#include <unistd.h>

#define IS_THERE "is there already; --force replaces its password"
#define IS_ABSENT "there is no such login"
#define TOO_LONG "the line would be too long"

/* The first line of a login, which is the one that counts. */
struct place {
	bool found, locked;
	uint64_t line_length, secret_at;
	size_t secret_length;
};

static char line[FILE_LINE_MAX_BYTES + 2];
static struct secret_region line_region = { .base = line, .size = sizeof(line) };

static bool find_place(int descriptor, struct span login, struct place *place)
{
	enum userfile_line kind = USERFILE_END;
	struct walk walk;

	*place = (struct place){ 0 };
	if (descriptor == -1)
		return true;
	if (!walk_begin(&walk, descriptor))
		return false;
	while ((kind = walk_next_entry(&walk)) == USERFILE_ENTRY) {
		if (!walk_is_of(&walk, login))
			continue;
		*place = (struct place){
			.found = true,
			.locked = describe(walk.entry.secret).locked,
			.line_length = walk.length,
			.secret_at = walk_secret_at(&walk),
			.secret_length = walk.entry.secret.length,
		};
		return true;
	}
	return kind == USERFILE_END;
}

/* Puts one edit into the file. */
static enum ending edit(struct rewrite *rewrite, uint64_t at, uint64_t length, struct span text)
{
	struct edits edits = { 0 };
	struct text why;
	bool done;

	if (!edits_add(&edits, at, length, text))
		return complain_errno(rewrite->path);
	done = rewrite_commit(rewrite, &edits, &why);
	edits_free(&edits);
	if (!done)
		return complain_why(&why);
	if (why.length != 0)
		warnx("%s", why.bytes);
	return ENDING_DONE;
}

static enum ending replace_secret(struct rewrite *rewrite, const struct place *place,
				  struct span login, struct span secret)
{
	enum ending ending;

	/* A line that grows must stay one that is read. */
	if (place->line_length - place->secret_length + secret.length > FILE_LINE_MAX_BYTES)
		return complain_login(login, TOO_LONG);
	ending = edit(rewrite, place->secret_at, place->secret_length, secret);
	if (ending == ENDING_DONE && place->locked)
		(void)complain_login(login, "was locked, and is not any more");
	return ending;
}

static enum ending append(struct rewrite *rewrite, struct span login, struct span secret)
{
	const struct span parts[] = {
		span_of(rewrite_ends_within_line(rewrite) ? "\n" : ""),
		login,
		span_of(":"),
		secret,
		span_of("\n"),
	};
	size_t length = 0;

	if (login.length + 1 + secret.length > FILE_LINE_MAX_BYTES)
		return complain_login(login, TOO_LONG);
	secret_register(&line_region);
	line_region.dirty = sizeof(line);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].length != 0)
			memcpy(line + length, parts[i].at, parts[i].length);
		length += parts[i].length;
	}
	return edit(rewrite, (uint64_t)rewrite->status.st_size, 0, (struct span){ line, length });
}

/* What a command does: add a login, or give one that is there another password. */
enum purpose { ADD, CHANGE };

static enum ending judge(enum purpose purpose, const struct options *options, struct span login,
			 const struct place *place)
{
	if (purpose == CHANGE && !place->found)
		return complain_login(login, IS_ABSENT);
	if (purpose == ADD && place->found && !options->force)
		return complain_login(login, IS_THERE);
	return ENDING_DONE;
}

/*
 * Before the password is asked for, and without the lock. Under the lock it is all looked at again.
 */
static enum ending look(enum purpose purpose, const struct options *options, struct span login)
{
	enum ending ending;
	struct place place;
	struct text why;
	int descriptor = file_open(options->file, FILE_TRUST_STORE, NULL, &why);

	if (descriptor == -1 && (errno != ENOENT || purpose == CHANGE))
		return complain_why(&why);
	ending = find_place(descriptor, login, &place) ? judge(purpose, options, login, &place)
						       : complain_errno(options->file);
	if (descriptor != -1)
		close(descriptor);
	return ending;
}

static enum ending write_secret(enum purpose purpose, const struct options *options,
				struct span login, struct span secret)
{
	enum ending ending = ENDING_TROUBLE;
	struct place place = { 0 };
	struct rewrite rewrite;
	struct text why;

	if (!rewrite_begin(&rewrite, options->file, purpose == ADD, options->wait, &why))
		(void)complain_why(&why);
	else if (!find_place(rewrite.old, login, &place))
		(void)complain_errno(options->file);
	else
		ending = judge(purpose, options, login, &place);
	if (ending == ENDING_DONE)
		ending = place.found ? replace_secret(&rewrite, &place, login, secret)
				     : append(&rewrite, login, secret);
	rewrite_end(&rewrite);
	return ending;
}

static enum ending set_password(enum purpose purpose, const struct options *options)
{
	struct span login = span_of(options->arguments[0]), password, secret;
	enum ending ending;

	ending = make_check(options);
	if (ending == ENDING_DONE)
		ending = look(purpose, options, login);
	if (ending == ENDING_DONE)
		ending = password_get(options, login, &password);
	if (ending == ENDING_DONE)
		ending = make_for(options, login, password, &secret);
	if (ending == ENDING_DONE)
		ending = write_secret(purpose, options, login, secret);
	/* Only now: a password that is not in the file must not be handed on. */
	if (ending == ENDING_DONE)
		password_tell(options, password);
	return ending;
}

enum ending command_add(const struct options *options)
{
	struct span login = span_of(options->arguments[0]);
	const char *fault = newlogin_fault(login);

	return fault != NULL ? complain_login(login, fault) : set_password(ADD, options);
}

enum ending command_passwd(const struct options *options)
{
	return set_password(CHANGE, options);
}
