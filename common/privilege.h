/*
 * privilege - giving up what a set-uid or set-gid bit gave. The one user of set*id.
 */
#ifndef COMMON_PRIVILEGE_H
#define COMMON_PRIVILEGE_H

#include "account.h"
#include "text.h"

/* Whether the process got ids or capabilities by exec that its caller does not have. */
bool privilege_is_set_id(void);

/*
 * Makes the real ids the effective, saved and file-system ids, for good, and proves it: the
 * ids are read back, and the old ones are tried and must be refused. False with `why` set
 * when anything of that fails; the caller must then exit. Capabilities that the file gave are
 * given up too. Supplementary groups are the caller's all along.
 *
 * Source: CVE-2005-0580, cmd5checkpw kept its effective uid over exec.
 */
bool privilege_drop(struct text *why);

/*
 * Becomes the account: supplementary groups, group and user ids, all of them, for good. No
 * capability is left. All of it is read back, and uid 0 is tried and must be refused, unless the
 * account is uid 0 itself. False with `why` set; the caller must then exit.
 */
bool privilege_become(const struct account *account, struct text *why);

#endif
