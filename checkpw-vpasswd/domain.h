/*
 * domain - where a vpopmail domain lives: users/cdb of qmail-newu, or users/assign.
 *
 * Source: qmail-users(5), qmail-newu(8); vpopmail's vget_assign. The key is "!DOMAIN-".
 */
#ifndef CHECKPW_VPASSWD_DOMAIN_H
#define CHECKPW_VPASSWD_DOMAIN_H

#include "store.h"

#include <sys/types.h>

#define DOMAIN_DIRECTORY_BYTES 960 /* with the NUL; names of files in it must fit a struct text */

struct domain {
	char directory[DOMAIN_DIRECTORY_BYTES]; /* absolute, without . and .. */
	uid_t uid;
	gid_t gid;
};

/*
 * Looks `name` up in the file `users_cdb`, or, if that does not exist, in assign.cdb or assign
 * beside it. An alias domain gives the directory of the real one.
 */
enum store_lookup domain_find(const char *users_cdb, const char *name, struct domain *domain,
			      struct text *why);

/* Pure: the data of a users/cdb record, or of an assign line with NUL for its colons. */
bool domain_parse(struct span data, struct domain *domain);

/* Whether `path` is absolute, has no component . or .., and fits into `size` bytes. */
bool domain_path_is_sound(struct span path, size_t size);

#endif
