/*
 * dovecot - the answer that Dovecot's checkpassword-reply takes out of its environment.
 *
 * USER and HOME, the variables that EXTRA names (userdb_uid, userdb_gid, password), and
 * AUTHORIZED=2 after a lookup. The one place where a secret leaves a checker: that program
 * hands it to Dovecot, which answers the challenges of CRAM-MD5 or SCRAM itself.
 *
 * Source: Dovecot 2.3, passdb and userdb "checkpassword".
 */
#ifndef COMMON_DOVECOT_H
#define COMMON_DOVECOT_H

#include "account.h"
#include "credential.h"

#define DOVECOT_EXIT_UNKNOWN 3 /* of a lookup: there is no such login; 1 would be a failure */

/* Keeps a copy of the login, which is wiped before the answer is made. */
void dovecot_keep_login(struct span login);

/*
 * Keeps a copy of the stored secret, if a challenge can be answered from it; a hash of the
 * crypt(3) kind never leaves. The plaintext beside it is preferred.
 */
void dovecot_keep_secret(const struct credential *credential);

/* Wipes that copy; for every end but the start of checkpassword-reply. Async-signal-safe. */
void dovecot_forget_secret(void);

/*
 * Sets the environment: of `account`, or where that is NULL of the login kept, which has no home
 * and no ids. False with `why` set.
 */
bool dovecot_answer(const struct account *account, bool is_lookup, struct text *why);

#endif
