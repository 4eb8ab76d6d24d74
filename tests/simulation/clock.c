/*
 * A clock that somebody else keeps, in the place of common/clock.c: a socket on descriptor
 * SIMULATION_CLOCK is asked for the time, and answers a wait when it is over. Only the checker of
 * the simulation is linked with it.
 */
#include "clock.h"

#include "simulation.h"

#include <sys/socket.h>
#include <unistd.h>

static uint32_t ask(uint32_t question)
{
	uint32_t answer;

	if (send(SIMULATION_CLOCK, &question, sizeof(question), 0) != sizeof(question) ||
	    recv(SIMULATION_CLOCK, &answer, sizeof(answer), 0) != sizeof(answer))
		_exit(99);
	return answer;
}

int64_t clock_now(void)
{
	return ask(SIMULATION_NOW);
}

void clock_wait(unsigned seconds)
{
	(void)ask(seconds);
}
