/* The command index. */
#include "complain.h"
#include "rewrite.h"

#include <stdio.h>

enum ending command_index(const struct options *options)
{
	struct rewrite rewrite;
	uint64_t logins;
	struct text why;
	bool done = rewrite_begin(&rewrite, options->file, false, options->wait, &why) &&
		    rewrite_index(&rewrite, &logins, &why);

	rewrite_end(&rewrite);
	if (!done)
		return complain_why(&why);
	printf("%llu logins\n", (unsigned long long)logins);
	return ENDING_DONE;
}
