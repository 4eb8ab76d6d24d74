#include "identity.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#define GROUPS_MAX 1024

bool identity_find(const char *name, const struct account **account, struct text *why)
{
	static gid_t groups[GROUPS_MAX];
	static struct account found;
	const struct passwd *entry;
	int count = GROUPS_MAX;

	*account = NULL;
	if (geteuid() != 0) {
		text_join(why, "only root can run a checker as somebody else");
		return false;
	}
	entry = getpwnam(name);
	if (entry == NULL) {
		text_join(why, "there is no user ", name);
		return false;
	}
	if (getgrouplist(name, entry->pw_gid, groups, &count) == -1) {
		text_join(why, name, " is in too many groups");
		return false;
	}
	found = (struct account){
		.name = entry->pw_name,
		.home = entry->pw_dir,
		.shell = entry->pw_shell,
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.groups = groups,
		.group_count = (size_t)count,
	};
	*account = &found;
	return true;
}
