/*
 * userfile - the format of /etc/poppasswd: `login:secret[:ignored...]`, one login a line.
 *
 * The first line of a login counts. Lines that begin with # and blank lines are ignored; lines
 * that are too long, hold a NUL or have no colon are skipped whole. See poppasswd(5). The one
 * place that knows the format: checker, index and poppasswd(8) must never differ.
 */
#ifndef COMMON_USERFILE_H
#define COMMON_USERFILE_H

#include "configuration.h"
#include "file.h"

/* Where the file is, and the key of cmd5checkpw's configuration that says so. */
extern char userfile_path[CONFIGURATION_TEXT_BYTES];
extern const struct configuration_key userfile_keys[];

/* One line. The spans point into it. */
struct userfile_entry {
	struct span login, secret;
};

enum userfile_line {
	USERFILE_TROUBLE = 0, /* reading failed; errno is set */
	USERFILE_END,
	USERFILE_ENTRY,
	USERFILE_REMARK,   /* blank, or a comment */
	USERFILE_NO_COLON, /* this and the next two are no entries and no remarks */
	USERFILE_OVERLONG,
	USERFILE_NUL,
};

/* Pure. USERFILE_ENTRY, _REMARK or _NO_COLON. */
enum userfile_line userfile_parse(struct span line, struct userfile_entry *entry);

/* The next line of the file, whatever it is. `entry` is set for USERFILE_ENTRY only. */
enum userfile_line userfile_next(struct file_lines *lines, struct userfile_entry *entry);

/* Whether the login asked for is an entry's. One with a colon is none's. */
bool userfile_same_login(struct span asked, struct span login);

/* Whether a refused login may be tried against that secret: not if it is empty or locked. */
bool userfile_serves_as_decoy(struct span secret);

/* Lines that were skipped though they are no remarks. */
struct userfile_skipped {
	uint64_t count, first; /* the number of the first line */
};

/*
 * Looking a login up by reading all lines, and drawing a decoy from all entries that may serve,
 * each with the same probability: so the decoys' schemes and costs are spread as those of the
 * store. The draw follows from `seed` alone. An entry costs the same before the login is found and
 * after it: where it stands must not show in the time that a refusal takes.
 */
struct userfile_search {
	struct span login; /* what is looked for; the caller's */
	uint64_t draw, candidates;
	uint64_t lead, lead_mask; /* the first bytes of the login, as many as a word holds */
	uint64_t tail;            /* its last bytes, if it has more */
	struct userfile_skipped skipped;
};

void userfile_search_begin(struct userfile_search *search, struct span login, uint64_t seed);

/*
 * Reads on to the next entry that is of the login, or is drawn, or both: a later one that is drawn
 * takes the place of an earlier one. Returns USERFILE_ENTRY, _END or _TROUBLE.
 */
enum userfile_line userfile_search_next(struct userfile_search *search, struct file_lines *lines,
					struct userfile_entry *entry, bool *found, bool *drawn);

#endif
