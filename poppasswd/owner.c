#include "owner.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* Of the file /etc/passwd, where `useradd` puts it: a static program does without NSS. */
bool owner_find(uid_t *uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	bool found = false;
	struct passwd *entry;

	while (file != NULL && !found && (entry = fgetpwent(file)) != NULL) {
		found = strcmp(entry->pw_name, OWNER_NAME) == 0;
		if (found)
			*uid = entry->pw_uid;
	}
	if (file != NULL)
		(void)fclose(file);
	return found;
}
