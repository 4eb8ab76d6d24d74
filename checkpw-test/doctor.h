/*
 * doctor - what is wrong with an installed checker, and how to mend it.
 *
 * First what any checker can be asked: made-up logins and messages, and what comes back. Then, of
 * the suite's own, the files: installation.h, users.h.
 */
#ifndef CHECKPW_TEST_DOCTOR_H
#define CHECKPW_TEST_DOCTOR_H

#include "attempt.h"

/*
 * Examines, and prints what is wrong; nothing at all where nothing is. `login` and `password` are
 * those of a user whom the checker should accept, or NULL: then what a subprogram is left with is
 * not looked at. `no_log` says why a log may be missing. Returns the exit code: 0 or 1.
 */
int doctor_run(const struct attempt_setting *setting, const char *login, const char *password,
	       const char *no_log);

/* For the examinations: a problem is printed and counted. The texts may hold what a stranger wrote.
 */
void doctor_report(const char *what, const char *why, const char *mend);

#endif
