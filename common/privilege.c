#include "privilege.h"

#include "layout.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ids {
	uid_t user, effective_user, saved_user;
	gid_t group, effective_group, saved_group;
};

static bool read_ids(struct ids *ids)
{
	return getresuid(&ids->user, &ids->effective_user, &ids->saved_user) == 0 &&
	       getresgid(&ids->group, &ids->effective_group, &ids->saved_group) == 0;
}

bool privilege_is_set_id(void)
{
	/* The kernel sets it at exec where real and effective ids differ or capabilities grew. */
	return getauxval(AT_SECURE) != 0;
}

static bool is_dropped(const struct ids *ids)
{
	return ids->effective_user == ids->user && ids->saved_user == ids->user &&
	       ids->effective_group == ids->group && ids->saved_group == ids->group;
}

/* Only root may take any id; for everybody else the way back must be closed. */
static bool can_regain(const struct ids *old)
{
	if (old->user == 0)
		return false;
	return (old->effective_group != old->group &&
		(setresgid((gid_t)-1, old->effective_group, (gid_t)-1) == 0 ||
		 setgid(old->effective_group) == 0)) ||
	       (old->effective_user != old->user &&
		(setresuid((uid_t)-1, old->effective_user, (uid_t)-1) == 0 ||
		 setuid(old->effective_user) == 0 || setuid(0) == 0));
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capset, &header, none) == 0;
}

bool privilege_drop(struct text *why)
{
	struct ids old, now;

	if (!read_ids(&old)) {
		text_join(why, "cannot read the ids: ", text_of_errno(errno));
		return false;
	}
	if (is_dropped(&old) && !privilege_is_set_id())
		return true;
	/* The group first: afterwards the right to change it may be gone. */
	if (setresgid(old.group, old.group, old.group) != 0 ||
	    setresuid(old.user, old.user, old.user) != 0) {
		text_join(why, "cannot return to the real ids: ", text_of_errno(errno));
		return false;
	}
	if (old.user != 0 && !drop_capabilities()) {
		text_join(why, "cannot give up the capabilities: ", text_of_errno(errno));
		return false;
	}
	if (can_regain(&old) || !read_ids(&now) || !is_dropped(&now) || now.user != old.user ||
	    now.group != old.group) {
		text_join(why, "the ids of the set-id bit could be taken again");
		return false;
	}
	return true;
}

static bool has_groups(const struct account *account)
{
	static LAYOUT_LARGE gid_t many[NGROUPS_MAX];
	gid_t few[64];
	bool are_few = account->group_count <= sizeof(few) / sizeof(*few);
	gid_t *groups = are_few ? few : many;
	int count = getgroups(are_few ? sizeof(few) / sizeof(*few) : NGROUPS_MAX, groups);

	if (count < 0 || (size_t)count != account->group_count)
		return false;
	/* The kernel keeps them sorted; each must be among those that were set. */
	for (int i = 0; i < count; i++) {
		size_t j = 0;

		while (j < account->group_count && account->groups[j] != groups[i])
			j++;
		if (j == account->group_count)
			return false;
	}
	return true;
}

static bool is_account(const struct account *account)
{
	struct ids now;

	return read_ids(&now) && is_dropped(&now) && now.user == account->uid &&
	       now.group == account->gid && has_groups(account);
}

static bool can_become_root(void)
{
	return setresuid(0, 0, 0) == 0 || setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
	       setuid(0) == 0 || setgroups(0, NULL) == 0;
}

bool privilege_become(const struct account *account, struct text *why)
{
	if (geteuid() != 0) {
		text_join(why, "uid ");
		text_add_number(why, geteuid());
		text_add(why,
			 " cannot become another user: not started as root, and no set-uid bit");
		return false;
	}
	if (setgroups(account->group_count, account->groups) != 0 ||
	    setresgid(account->gid, account->gid, account->gid) != 0 ||
	    setresuid(account->uid, account->uid, account->uid) != 0 ||
	    (account->uid != 0 && !drop_capabilities())) {
		text_join(why, "cannot become uid ");
		text_add_number(why, account->uid);
		text_add(why, ": ");
		text_add(why, text_of_errno(errno));
		return false;
	}
	if (!is_account(account) || (account->uid != 0 && can_become_root())) {
		text_join(why,
			  "the ids are not those of the account, or root could be taken again");
		return false;
	}
	return true;
}
