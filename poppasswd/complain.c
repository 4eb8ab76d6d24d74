#include "complain.h"

#include "print.h"

#include <err.h>

enum ending complain_errno(const char *path)
{
	warn("%s", path);
	return ENDING_TROUBLE;
}

enum ending complain_why(const struct text *why)
{
	warnx("%s", why->bytes);
	return ENDING_TROUBLE;
}

enum ending complain_login(struct span login, const char *what)
{
	struct text shown;

	print_shown(&shown, login);
	warnx("%s: %s", shown.bytes, what);
	return ENDING_NO;
}
