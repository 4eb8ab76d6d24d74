/* owner - the user who owns the file of users, and nothing else. */
#ifndef POPPASSWD_OWNER_H
#define POPPASSWD_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#define OWNER_NAME "checkpw"

/* False if there is no such user. */
bool owner_find(uid_t *uid);

#endif
