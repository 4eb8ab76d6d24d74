/* checkpw-chain - asks several checkers, one after the other. See checkpw-chain(8). */
#include "chain.h"
#include "gate.h"
#include "privilege.h"

#include <stddef.h>

int main(int argc, char **argv)
{
	static char *nothing[] = { NULL };
	char **arguments = argc > 0 ? argv + 1 : nothing;

	/*
	 * What a checker runs when it accepts. Nobody is asked there for a password, so with ids
	 * that are not the caller's it would run whatever he names.
	 */
	if (gate_is_named(arguments[0]))
		return privilege_is_set_id() ? 111 : gate_go_through(arguments);
	return chain_run(arguments);
}
