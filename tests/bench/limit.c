#include "limit.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define TRIES 3 /* where the kernel puts things differs from run to run */

enum { NOT_RUN = 127 };

static void set_limits(size_t bytes)
{
	static const __rlimit_resource_t resources[] = { RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK,
							 RLIMIT_AS };

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		struct rlimit limit;

		if (getrlimit(resources[i], &limit) != 0)
			_exit(NOT_RUN);
		limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
		setrlimit(resources[i], &limit);
	}
}

static bool runs(char **argv, const struct message *message, int wanted_status, size_t bytes)
{
	int status;
	pid_t pid;

	if (!message_offer(message))
		return false;
	pid = fork();
	if (pid == 0) {
		set_limits(bytes);
		execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == wanted_status;
}

static bool does(char **argv, const struct message *message, int wanted_status, size_t bytes)
{
	for (int i = 0; i < TRIES; i++) {
		if (!runs(argv, message, wanted_status, bytes))
			return false;
	}
	return true;
}

size_t limit_find(char **argv, const struct message *message, int wanted_status)
{
	size_t fails = 0, good = LIMIT_MAX_BYTES / PAGE;

	if (!does(argv, message, wanted_status, LIMIT_MAX_BYTES))
		return 0;
	while (good - fails > 1) {
		size_t middle = fails + (good - fails) / 2;

		if (does(argv, message, wanted_status, middle * PAGE))
			good = middle;
		else
			fails = middle;
	}
	return good * PAGE;
}
