#include "clock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * By a system call, not from the page that the kernel keeps for it: the page fault at its first use
 * is dearer than the few calls of a login.
 */
static struct timespec read_clock(clockid_t clock)
{
	struct timespec now;

#ifdef __LP64__ /* elsewhere the call may have another structure */
	if (syscall(SYS_clock_gettime, clock, &now) == 0)
		return now;
#endif
	clock_gettime(clock, &now);
	return now;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME).tv_sec;
}

long long clock_milliseconds(void)
{
	struct timespec now = read_clock(CLOCK_MONOTONIC);

	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void clock_wait(unsigned seconds)
{
	struct timespec rest = { .tv_sec = seconds };

	/* Of the monotonic clock, so that setting the time prolongs nothing. */
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
		continue;
}
