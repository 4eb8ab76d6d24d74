/*
 * nss - looking an account up in passwd and shadow: see nsswitch.conf(5).
 *
 * getpwnam(3) and its kin answer "not found" also where a source could not be asked, and some
 * source may make up a root. So "not found" is believed only if root is found and the files do
 * not know the login either. All functions return false, with `why` set, for trouble.
 */
#ifndef CHECKPW_PASSWD_NSS_H
#define CHECKPW_PASSWD_NSS_H

#include "text.h"

#include <pwd.h>
#include <shadow.h>

/* To be called before the others: the C library keeps no copy of what they read. */
void nss_begin(void);

/*
 * `found` is NULL if there is no such account, and else good until the next call; its hash only
 * until nss_forget_passwd or secret_wipe_all.
 */
bool nss_find_passwd(const char *login, const struct passwd **found, struct text *why);

/*
 * The same for its shadow entry; the strings of it are secrets, which secret_wipe_all wipes. A
 * system may do without a shadow file, unless the entry of passwd refers to it: `needed`.
 */
bool nss_find_shadow(const char *login, bool needed, const struct spwd **found, struct text *why);

/* Wipes the hash, taken over by then, and other people's that were read on the way. */
void nss_forget_passwd(void);

/* What the above do for a login that is not found: whether that may be believed. */
bool nss_check_passwd(const char *login, struct text *why);
bool nss_check_shadow(const char *login, bool needed, struct text *why);

#endif
