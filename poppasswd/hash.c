/* The command hash. */
#include "make.h"
#include "password.h"

#include <stdio.h>

enum ending command_hash(const struct options *options)
{
	struct span login = span_of(options->count != 0 ? options->arguments[0] : "");
	struct span password, secret;
	enum ending ending = make_check(options);

	if (ending == ENDING_DONE)
		ending = password_get(options, login, &password);
	if (ending == ENDING_DONE)
		ending = make_for(options, login, password, &secret);
	if (ending != ENDING_DONE)
		return ending;
	password_tell(options, password);
	printf("%.*s\n", (int)secret.length, secret.at);
	return ENDING_DONE;
}
