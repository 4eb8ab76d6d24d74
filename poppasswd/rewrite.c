#include "rewrite.h"

#include "file.h"
#include "indexer.h"
#include "lock.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define INDEX_ATTEMPTS 5 /* for a text that changes meanwhile */

bool rewrite_begin(struct rewrite *rewrite, const char *path, bool create, unsigned seconds,
		   struct text *why)
{
	*rewrite = (struct rewrite){
		.text = REPLACEMENT_NONE,
		.index = REPLACEMENT_NONE,
		.path = path,
		.lock = -1,
		.old = -1,
	};
	if (!replacement_locate(&rewrite->text, path, REPLACEMENT_OF_TARGET, why))
		return false;
	rewrite->lock = lock_take(&rewrite->text, seconds, why);
	if (rewrite->lock == -1)
		return false;
	replacement_clean(&rewrite->text);
	rewrite->old = file_open(rewrite->text.path, FILE_TRUST_STORE, NULL, why);
	if (rewrite->old == -1)
		return errno == ENOENT && create;
	if (fstat(rewrite->old, &rewrite->status) == 0)
		return true;
	text_join(why, path, ": ", text_of_errno(errno));
	return false;
}

bool rewrite_ends_within_line(const struct rewrite *rewrite)
{
	char last = '\n';

	return rewrite->old != -1 && rewrite->status.st_size != 0 &&
	       pread(rewrite->old, &last, 1, rewrite->status.st_size - 1) == 1 && last != '\n';
}

/* Whether somebody else, an editor perhaps, has changed or renamed the file since it was opened. */
static bool is_untouched(const struct rewrite *rewrite)
{
	struct stat opened, named;

	if (rewrite->old == -1)
		return stat(rewrite->text.path, &named) != 0 && errno == ENOENT;
	return fstat(rewrite->old, &opened) == 0 && stat(rewrite->text.path, &named) == 0 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino &&
	       indexer_same(&opened, &rewrite->status);
}

static bool write_new(struct rewrite *rewrite, const struct edits *edits, struct text *why)
{
	if (!replacement_create(&rewrite->text, rewrite->old, why))
		return false;
	if (!edits_apply(edits, rewrite->old, rewrite->text.descriptor)) {
		text_join(why, rewrite->text.path,
			  ": writing the new file: ", text_of_errno(errno));
		return false;
	}
	return replacement_sync(&rewrite->text, why);
}

static bool locate_index(struct rewrite *rewrite, struct text *why)
{
	struct text name;

	text_join(&name, rewrite->path, USERINDEX_SUFFIX);
	if (name.length != strlen(rewrite->path) + strlen(USERINDEX_SUFFIX)) {
		text_join(why, "the path is too long for an index");
		return false;
	}
	return replacement_locate(&rewrite->index, name.bytes, REPLACEMENT_OF_LINK, why);
}

static bool build_index(struct rewrite *rewrite, int text, struct userindex_head *head,
			uint64_t *logins, struct text *why)
{
	if (!replacement_create(&rewrite->index, text, why))
		return false;
	if (!indexer_build(text, rewrite->index.descriptor, head, logins)) {
		text_join(why, rewrite->index.path, ": ", text_of_errno(errno));
		return false;
	}
	return replacement_sync(&rewrite->index, why);
}

static bool publish_index(struct rewrite *rewrite, const struct stat *status,
			  struct userindex_head *head, struct text *why)
{
	bool done;

	if (!indexer_seal(rewrite->index.descriptor, status, head)) {
		text_join(why, rewrite->index.path, ": ", text_of_errno(errno));
		return false;
	}
	return replacement_sync(&rewrite->index, why) &&
	       replacement_publish(&rewrite->index, &done, why);
}

/* An index that is there. What goes wrong with it does not stop the change of the text. */
static bool prepare_index(struct rewrite *rewrite, struct userindex_head *head, struct stat *status,
			  struct text *why)
{
	uint64_t logins;

	if (!locate_index(rewrite, why))
		return false;
	replacement_clean(&rewrite->index);
	if (access(rewrite->index.path, F_OK) != 0) {
		text_clear(why);
		return false;
	}
	if (!build_index(rewrite, rewrite->text.descriptor, head, &logins, why))
		return false;
	if (fstat(rewrite->text.descriptor, status) == 0 && indexer_settle(status))
		return true;
	text_join(why, rewrite->text.path, ": its times cannot be relied on");
	return false;
}

/*
 * After the renaming, which sets the time of change. The text was out of others' reach before, so
 * if the time of writing is still the one from before, so is the content.
 */
static bool finish_index(struct rewrite *rewrite, struct userindex_head *head,
			 const struct stat *before, struct text *why)
{
	struct stat now, later;

	if (stat(rewrite->text.path, &now) == 0 && indexer_settle(&now) &&
	    stat(rewrite->text.path, &later) == 0 && indexer_same(before, &later) &&
	    now.st_ctim.tv_sec == later.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == later.st_ctim.tv_nsec)
		return publish_index(rewrite, &later, head, why);
	text_join(why, rewrite->text.path, ": was changed meanwhile");
	return false;
}

static bool replace(struct rewrite *rewrite, const struct edits *edits, struct text *why)
{
	struct userindex_head head;
	struct text of_index;
	struct stat before;
	bool indexed, done;

	text_clear(&of_index);
	if (!write_new(rewrite, edits, why))
		return false;
	indexed = prepare_index(rewrite, &head, &before, &of_index);
	if (!is_untouched(rewrite)) {
		text_join(why, rewrite->text.path,
			  ": somebody else has changed it meanwhile: nothing is done, try again");
		return false;
	}
	if (!replacement_publish(&rewrite->text, &done, why))
		return false;
	if (indexed)
		(void)finish_index(rewrite, &head, &before, &of_index);
	if (of_index.length != 0)
		text_join(why,
			  "the index does not match now, run poppasswd index: ", of_index.bytes);
	return true;
}

/* Signals that would end us wait: they can neither leave a file behind nor an index. */
static void block_signals(sigset_t *came)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGQUIT);
	sigaddset(&ending, SIGTSTP);
	sigprocmask(SIG_BLOCK, &ending, came);
}

bool rewrite_commit(struct rewrite *rewrite, const struct edits *edits, struct text *why)
{
	sigset_t came;
	bool replaced;

	text_clear(why);
	block_signals(&came);
	replaced = replace(rewrite, edits, why);
	rewrite_end(rewrite);
	sigprocmask(SIG_SETMASK, &came, NULL);
	return replaced;
}

static bool index_once(struct rewrite *rewrite, uint64_t *logins, bool *again, struct text *why)
{
	struct userindex_head head;
	struct stat before, after;

	*again = false;
	if (fstat(rewrite->old, &before) != 0 || !indexer_settle(&before)) {
		text_join(why, rewrite->text.path,
			  ": was changed in the future: is the clock right?");
		return false;
	}
	if (!build_index(rewrite, rewrite->old, &head, logins, why))
		return false;
	if (fstat(rewrite->old, &after) == 0 && indexer_same(&before, &after) &&
	    before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
	    before.st_ctim.tv_nsec == after.st_ctim.tv_nsec)
		return publish_index(rewrite, &after, &head, why);
	*again = true;
	text_join(why, rewrite->text.path, ": was changed meanwhile: try again");
	return false;
}

bool rewrite_index(struct rewrite *rewrite, uint64_t *logins, struct text *why)
{
	bool done = false, again = true;
	sigset_t came;

	text_clear(why);
	block_signals(&came);
	if (locate_index(rewrite, why)) {
		for (unsigned i = 0; i < INDEX_ATTEMPTS && again && !done; i++) {
			if (rewrite->index.descriptor != -1)
				close(rewrite->index.descriptor);
			rewrite->index.descriptor = -1;
			done = index_once(rewrite, logins, &again, why);
		}
	}
	rewrite_end(rewrite);
	sigprocmask(SIG_SETMASK, &came, NULL);
	return done;
}

void rewrite_end(struct rewrite *rewrite)
{
	replacement_end(&rewrite->text);
	replacement_end(&rewrite->index);
	if (rewrite->old != -1)
		close(rewrite->old);
	if (rewrite->lock != -1)
		close(rewrite->lock);
	rewrite->old = rewrite->lock = -1;
}
