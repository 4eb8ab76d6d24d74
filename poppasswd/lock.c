#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void handle_alarm(int number)
{
	(void)number;
}

static bool try_lock(int descriptor, int command)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(descriptor, command, &whole) == 0;
}

static time_t now(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Asleep in the kernel, where waiting writers are woken in turn; a signal each second ends that. */
static bool wait_for_lock(int descriptor, unsigned seconds)
{
	static const struct itimerval ticks = { { 1, 0 }, { 1, 0 } }, none = { 0 };
	const struct sigaction action = { .sa_handler = handle_alarm };
	struct sigaction came;
	time_t end = now() + (time_t)seconds;
	bool locked;

	sigaction(SIGALRM, &action, &came);
	setitimer(ITIMER_REAL, &ticks, NULL);
	do {
		locked = try_lock(descriptor, F_OFD_SETLKW);
	} while (!locked && errno == EINTR && now() < end);
	setitimer(ITIMER_REAL, &none, NULL);
	sigaction(SIGALRM, &came, NULL);
	return locked;
}

int lock_take(const struct replacement *replacement, unsigned seconds, struct text *why)
{
	char name[NAME_MAX + 1];
	int descriptor = -1;

	errno = ENAMETOOLONG;
	if (replacement_name(replacement, REPLACEMENT_LOCK, name))
		descriptor = openat(replacement->directory, name,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (descriptor == -1) {
		text_join(why, replacement->path, ": its lock, .", replacement->name,
			  ".lock beside it: ", text_of_errno(errno));
		return -1;
	}
	if (try_lock(descriptor, F_OFD_SETLK) ||
	    ((errno == EAGAIN || errno == EACCES) && seconds != 0 &&
	     wait_for_lock(descriptor, seconds)))
		return descriptor;
	if (errno == EINTR || errno == EAGAIN || errno == EACCES) {
		text_join(why, replacement->path, ": another poppasswd has been writing it for ");
		text_add_number(why, seconds);
		text_add(why, " seconds: try again, or --wait longer");
	} else {
		text_join(why, replacement->path, ": locking: ", text_of_errno(errno));
	}
	close(descriptor);
	return -1;
}
