/* checkpw-chain - asks several checkers, one after the other. See checkpw-chain(8). */
#include "chain.h"
#include "gate.h"

#include <string.h>

int main(int argc, char **argv)
{
	static char *nothing[] = { NULL };
	char **arguments = argc > 0 ? argv + 1 : nothing;
	size_t length = strlen(GATE_ARGUMENT);

	if (arguments[0] != NULL && strncmp(arguments[0], GATE_ARGUMENT, length) == 0)
		return chain_go_through(arguments[0] + length, arguments + 1);
	return chain_run(arguments);
}
