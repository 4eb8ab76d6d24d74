/*
 * installation - the files of a checker: its program, its configuration and its store, their owners
 * and modes.
 */
#ifndef CHECKPW_TEST_INSTALLATION_H
#define CHECKPW_TEST_INSTALLATION_H

#include "attempt.h"

#include <stdbool.h>
#include <sys/stat.h>

#define INSTALLATION_PATH_BYTES 512

struct installation {
	char program[INSTALLATION_PATH_BYTES]; /* where the checker is; "" if it was not found */
	struct stat status;                    /* of it */
	const char *name;                      /* the last part of its path */
	char configuration[INSTALLATION_PATH_BYTES]; /* of a checker of the suite; else "" */
	uid_t effective_user; /* what it runs with when the mail server starts it */
};

/* Finds the files, and reports what is wrong with them. False if there is no program to run. */
bool installation_examine(const struct attempt_setting *setting, struct installation *installation);

/*
 * The value of `key` in the configuration, or `usual`; `out` has INSTALLATION_PATH_BYTES. The line
 * is not judged: the checker does that.
 */
const char *installation_value(const struct installation *installation, const char *key,
			       const char *usual, char *out);

#endif
