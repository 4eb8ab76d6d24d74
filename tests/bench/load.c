#include "load.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool log_in(char **argv, const struct message *message, int wanted_status)
{
	int status;
	pid_t pid;

	if (!message_offer(message))
		return false;
	pid = vfork();
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == wanted_status;
}

/* A negative answer is a login that went wrong. */
static double work(char **argv, const struct message *message, int wanted_status, double seconds)
{
	double began = now();
	double count = 0, passed;

	do {
		if (!log_in(argv, message, wanted_status))
			return -1;
		count++;
		passed = now() - began;
	} while (passed < seconds);
	return count / passed;
}

static bool begin_worker(int answers, char **argv, const struct message *message, int wanted_status,
			 double seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		double rate = work(argv, message, wanted_status, seconds);

		_exit(write(answers, &rate, sizeof(rate)) == sizeof(rate) ? 0 : 1);
	}
	return pid != -1;
}

double load_measure(char **argv, const struct message *message, int wanted_status,
		    unsigned parallel, double seconds)
{
	double sum = 0, rate;
	unsigned begun = 0, answered = 0;
	int answers[2];

	if (pipe2(answers, O_CLOEXEC) == -1)
		return -1;
	while (begun < parallel && begin_worker(answers[1], argv, message, wanted_status, seconds))
		begun++;
	close(answers[1]);
	while (read(answers[0], &rate, sizeof(rate)) == sizeof(rate) && rate >= 0) {
		sum += rate;
		answered++;
	}
	close(answers[0]);
	while (wait(NULL) != -1)
		;
	return answered == parallel ? sum : -1;
}
