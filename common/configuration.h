/*
 * configuration - the `key = value` file of a checker.
 *
 * CONFIGURATION_DIRECTORY/PROGRAM.conf, or $CHECKPW_CONF where no set-id bit is involved. A
 * file that does not exist is an empty one, unless $CHECKPW_CONF names it. Blank lines and
 * lines that begin with # are ignored; a value goes to the end of its line, without the blanks
 * around it. An unknown key, a repeated one that is no list, a value that does not fit and a line
 * without = are errors: a typing error must not silently weaken a mail server.
 */
#ifndef COMMON_CONFIGURATION_H
#define COMMON_CONFIGURATION_H

#include "caller.h"
#include "text.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define CONFIGURATION_DIRECTORY SYSCONFDIR "/checkpw"
#define CONFIGURATION_TEXT_BYTES                                                                   \
	960 /* with the NUL; a path with a file's name must fit a struct text */
#define CONFIGURATION_LIST_BYTES 4096
#define CONFIGURATION_DEADLINE_SECONDS 60

enum configuration_type {
	CONFIGURATION_FLAG,   /* bool: yes, no */
	CONFIGURATION_NUMBER, /* long: a decimal number in minimum..maximum */
	CONFIGURATION_WORD,   /* int: the index of one of `words` */
	CONFIGURATION_TEXT,   /* char[CONFIGURATION_TEXT_BYTES]: anything */
	CONFIGURATION_PATH,   /* char[CONFIGURATION_TEXT_BYTES]: an absolute path */
	CONFIGURATION_LIST,   /* struct configuration_list: each of its lines; may be repeated */
};

/* The values of a key that may be repeated, in their order, each with its NUL. */
struct configuration_list {
	char bytes[CONFIGURATION_LIST_BYTES];
	size_t length; /* bytes */
};

struct configuration_key {
	const char *name; /* NULL ends a table */
	enum configuration_type type;
	void *value; /* holds the default until the file says otherwise */
	long minimum, maximum;
	const char *const *words; /* ends with NULL */
};

/* The keys that all checkers have. */
struct configuration {
	int log; /* enum log_target */
	bool log_success;
	bool log_unknown_login;
	bool challenges;
	long challenge_window; /* seconds; 0: for ever */
	bool apop;
	bool indimail;
	bool dovecot;
	bool dovecot_credentials;
	long deadline; /* seconds */
	long min_uid;
	int service;                          /* enum service */
	char decoy[CONFIGURATION_TEXT_BYTES]; /* a stored secret; "": one of the store's */
	bool penalty;
	const char *penalty_file; /* a path; "": PENALTY_FILE_PATH */
	const char *allow_nets;   /* a list as in network.h */
};

/*
 * Reads the configuration of `program` into `configuration` and into the values of `own`, its
 * keys beyond the common ones. A file that is secret must exist, and others must not be able to
 * read it. The log is directed as soon as its line is read. False with
 * `why` naming file and line.
 */
bool configuration_read(const char *program, const struct configuration_key *own, bool is_secret,
			struct configuration *configuration, struct text *why);

/*
 * The same for a program that is no checker: of the common keys it has log, log-success, deadline
 * and service only. `named` is the path of the file, or NULL for the usual one.
 */
bool configuration_read_general(const char *program, const char *named,
				const struct configuration_key *own,
				struct configuration *configuration, struct text *why);

/*
 * Whether a checker whose accounts have ids and homes is to become them: not for SMTP, which needs
 * none; not for Dovecot, which does that itself and refuses a checker that changed its user; and
 * under a set-id bit, where the environment belongs to a user, not for a service that only the
 * environment names.
 */
bool configuration_lets_become(const struct configuration *configuration,
			       const struct caller *caller);

/*
 * Pure: takes the value of one key, for configuration_read and for the tests. False with `why`
 * if it does not fit.
 */
bool configuration_set(const struct configuration_key *key, struct span value, struct text *why);

#endif
