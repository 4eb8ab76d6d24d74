#include "clock.h"

#include <errno.h>
#include <time.h>

uint32_t clock_now(void)
{
	return (uint32_t)time(NULL);
}

void clock_wait(unsigned seconds)
{
	struct timespec rest = { .tv_sec = seconds };

	/* Of the monotonic clock, so that setting the time prolongs nothing. */
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
		continue;
}
