/* The commands that change lines of several logins in one go: del, lock, unlock. */
#include "complain.h"
#include "describe.h"
#include "file.h"
#include "names.h"
#include "rewrite.h"
#include "walk.h"

#include <err.h>

/* Adds the edit for a line of a login that was asked for. False if there is no memory. */
typedef bool line_editor(struct edits *edits, const struct walk *walk, bool first,
			 enum ending *ending);

/* Every line of the login: one that was hidden behind the first must not come to count. */
static bool delete_line(struct edits *edits, const struct walk *walk, bool first,
			enum ending *ending)
{
	(void)first;
	(void)ending;
	return edits_add(edits, walk->at, walk->length, span_of(""));
}

static bool lock_line(struct edits *edits, const struct walk *walk, bool first, enum ending *ending)
{
	if (!first || describe(walk->entry.secret).locked)
		return true;
	if (walk->length >= FILE_LINE_MAX_BYTES) {
		*ending = complain_login(walk->entry.login, "the line would be too long");
		return true;
	}
	return edits_add(edits, walk_secret_at(walk), 0, span_of("!"));
}

static bool unlock_line(struct edits *edits, const struct walk *walk, bool first,
			enum ending *ending)
{
	struct span secret = walk->entry.secret, rest = describe_unlocked(secret);

	if (!first || !describe(secret).locked)
		return true;
	if (rest.length == 0) {
		*ending = complain_login(
			walk->entry.login,
			"has no password behind its lock: poppasswd passwd sets one");
		return true;
	}
	return edits_add(edits, walk_secret_at(walk), secret.length - rest.length, span_of(""));
}

static bool gather(struct rewrite *rewrite, const struct names *wanted, line_editor *edit_line,
		   struct edits *edits, enum ending *ending)
{
	enum userfile_line kind;
	struct walk walk;

	if (!walk_begin(&walk, rewrite->old))
		return false;
	while ((kind = walk_next_entry(&walk)) == USERFILE_ENTRY) {
		struct name *name = names_find(wanted, walk.entry.login);

		if (name == NULL)
			continue;
		if (!edit_line(edits, &walk, name->of == NULL, ending))
			return false;
		name->of = name;
	}
	return kind == USERFILE_END;
}

static bool want(struct names *wanted, const struct options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		if (names_add(wanted, span_of(options->arguments[i]), i) == NULL)
			return false;
	}
	return true;
}

/* Those that were not found, in the order in which they were asked for. */
static enum ending tell_missing(const struct names *wanted, const struct options *options)
{
	enum ending ending = ENDING_DONE;

	for (size_t i = 0; i < options->count; i++) {
		struct span login = span_of(options->arguments[i]);
		const struct name *name = names_find(wanted, login);

		if (name != NULL && name->of == NULL && !options->force)
			ending = complain_login(login, "there is no such login");
	}
	return ending;
}

static enum ending change(struct rewrite *rewrite, const struct options *options,
			  line_editor *edit_line, struct names *wanted, struct edits *edits)
{
	enum ending ending = ENDING_DONE, missing;
	struct text why;

	if (!want(wanted, options) || !gather(rewrite, wanted, edit_line, edits, &ending))
		return complain_errno(options->file);
	missing = tell_missing(wanted, options);
	if (edits->count != 0 && !rewrite_commit(rewrite, edits, &why))
		return complain_why(&why);
	if (edits->count != 0 && why.length != 0)
		warnx("%s", why.bytes);
	return ending != ENDING_DONE ? ending : missing;
}

static enum ending change_several(const struct options *options, line_editor *edit_line)
{
	enum ending ending;
	struct rewrite rewrite;
	struct names wanted = { 0 };
	struct edits edits = { 0 };
	struct text why;

	if (rewrite_begin(&rewrite, options->file, false, options->wait, &why))
		ending = change(&rewrite, options, edit_line, &wanted, &edits);
	else
		ending = complain_why(&why);
	rewrite_end(&rewrite);
	edits_free(&edits);
	names_free(&wanted);
	return ending;
}

enum ending command_del(const struct options *options)
{
	return change_several(options, delete_line);
}

enum ending command_lock(const struct options *options)
{
	return change_several(options, lock_line);
}

enum ending command_unlock(const struct options *options)
{
	return change_several(options, unlock_line);
}
