#include "account.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool account_enter(const struct account *account, bool root_will_do, struct text *why)
{
	const char *home = account->home;

	/* A relative home would be a directory of the caller's choice. */
	if (home[0] != '/' || chdir(home) != 0) {
		text_join(why, "home ");
		text_add_quoted(why, span_of(home), 200);
		text_add(why, ": ");
		text_add(why, home[0] != '/' ? "not an absolute path" : text_of_errno(errno));
		home = "/";
		if (!root_will_do || chdir(home) != 0)
			return false;
		text_clear(why);
	}
	if (setenv("USER", account->name, 1) != 0 || setenv("HOME", home, 1) != 0 ||
	    setenv("SHELL", account->shell, 1) != 0) {
		text_join(why, "no memory for the environment");
		return false;
	}
	return true;
}
