#include "list.h"

#include <errno.h>
#include <grp.h>

#define NAME_MAX_BYTES 257 /* no system has longer names; with an @ and the NUL */

bool list_is_member(const struct account *account, gid_t group)
{
	for (size_t i = 0; i < account->group_count; i++) {
		if (account->groups[i] == group)
			return true;
	}
	return false;
}

/* Whether it can be the name of a login or a group: a typing error must not open a list. */
static bool is_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strspn(name, allowed);

	if (length > 0 && name[length] == '$') /* as Samba's machines have it */
		length++;
	return length > 0 && name[length] == '\0';
}

/* `name` is a login, or @ and a group. A group that does not exist is an error. */
static bool is_named(const char *name, const struct account *account, bool *named, struct text *why)
{
	const char *group = name[0] == '@' ? name + 1 : NULL;
	const struct group *found;

	if (!is_name(group != NULL ? group : name)) {
		text_join(why, "allow or deny: ");
		text_add_quoted(why, span_of(name), NAME_MAX_BYTES);
		text_add(why, " is no name");
		return false;
	}
	if (group == NULL) {
		*named = strcmp(name, account->name) == 0;
		return true;
	}
	/* Not getgrnam_r: the members of a group may need any amount of memory. */
	errno = 0;
	found = getgrnam(group);
	if (found != NULL) {
		*named = list_is_member(account, found->gr_gid);
		return true;
	}
	text_join(why, "group ", group, " of allow or deny: ",
		  errno == 0 || errno == ENOENT || errno == ESRCH ? "no such group"
								  : text_of_errno(errno));
	return false;
}

bool list_names(const char *list, const struct account *account, bool *named, struct text *why)
{
	char name[NAME_MAX_BYTES];
	bool this_one, empty = true;

	*named = false;
	for (;;) {
		size_t length;

		list += strspn(list, " \t,");
		length = strcspn(list, " \t,");
		if (length == 0 && !empty)
			return true;
		if (length == 0 || length >= sizeof(name)) {
			text_join(why, length == 0 ? "allow or deny names nobody"
						   : "a name in allow or deny is too long");
			return false;
		}
		memcpy(name, list, length);
		name[length] = '\0';
		if (!is_named(name, account, &this_one, why))
			return false;
		*named = *named || this_one;
		empty = false;
		list += length;
	}
}
