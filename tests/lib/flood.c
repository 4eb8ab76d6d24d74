/*
 * flood COUNT PARALLEL LOGIN OUTPUT CHECKER [ARGUMENT ...] - tries COUNT logins that must fail,
 * PARALLEL of them at a time.
 *
 * Every other one is LOGIN with a wrong password or a wrong digest, the others are logins that
 * there are not; all are, if LOGIN begins with a `-`. $TCPREMOTEIP is another one for each: of the
 * N-th from 0 on it is 11.0.0.7 plus N times 256. OUTPUT gets a line for each kind of end, `exit
 * CODE COUNT` or `signal NUMBER COUNT`, and `strays COUNT`: processes of a checker's that it left
 * behind.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PARALLEL_MAX 256
#define TROUBLE 111

static pid_t running[PARALLEL_MAX];
static long ends[2][256], strays;

static size_t compose(char *message, size_t size, const char *login, long number)
{
	int length;

	switch (login[0] != '-' ? number % 4 : 1) {
	case 0:
		length = snprintf(message, size, "%s%cwrong-%ld%c%c", login, 0, number, 0, 0);
		break;
	case 2:
		length = snprintf(message, size, "%s%c%032lx%c<%ld.%ld@mail.example.org>%c", login,
				  0, number, 0, number, (long)time(NULL), 0);
		break;
	default:
		length = snprintf(message, size, "x%ld%s%cwrong%c%c", number,
				  strchr(login, '@') != NULL ? "@example.org" : "", 0, 0, 0);
	}
	return (size_t)length;
}

static pid_t start(const char *login, long number, char **arguments)
{
	char message[512], address[32];
	size_t length = compose(message, sizeof(message), login, number);
	int ends_of_pipe[2];
	pid_t pid;

	snprintf(address, sizeof(address), "%ld.%ld.%ld.7", 11 + (number >> 16),
		 (number >> 8) & 255, number & 255);
	if (setenv("TCPREMOTEIP", address, 1) != 0 || pipe2(ends_of_pipe, O_CLOEXEC) != 0 ||
	    write(ends_of_pipe[1], message, length) != (ssize_t)length)
		exit(TROUBLE);
	pid = fork();
	if (pid == 0) {
		dup2(ends_of_pipe[0], 3);
		fcntl(3, F_SETFD, 0);
		execv(arguments[0], arguments);
		_exit(97);
	}
	if (pid == -1)
		exit(TROUBLE);
	close(ends_of_pipe[0]);
	close(ends_of_pipe[1]);
	return pid;
}

/* Waits for one end; a place for another is free then, unless it was a stray. */
static void wait_for_one(void)
{
	int status;
	pid_t pid = wait(&status);

	if (pid == -1)
		exit(TROUBLE);
	for (size_t i = 0; i < PARALLEL_MAX; i++) {
		if (running[i] == pid) {
			running[i] = 0;
			if (WIFEXITED(status))
				ends[0][WEXITSTATUS(status)]++;
			else
				ends[1][WTERMSIG(status)]++;
			return;
		}
	}
	strays++;
}

static size_t count_running(void)
{
	size_t count = 0;

	for (size_t i = 0; i < PARALLEL_MAX; i++)
		count += running[i] != 0;
	return count;
}

static void show(const char *path)
{
	static const char *const kinds[] = { "exit", "signal" };
	FILE *output = fopen(path, "we");

	if (output == NULL)
		exit(TROUBLE);
	for (int kind = 0; kind < 2; kind++) {
		for (int i = 0; i < 256; i++) {
			if (ends[kind][i] != 0)
				fprintf(output, "%s %d %ld\n", kinds[kind], i, ends[kind][i]);
		}
	}
	fprintf(output, "strays %ld\n", strays);
	if (fclose(output) != 0)
		exit(TROUBLE);
}

int main(int argc, char **argv)
{
	long count = argc > 5 ? strtol(argv[1], NULL, 10) : -1;
	size_t parallel = argc > 5 ? strtoul(argv[2], NULL, 10) : 0;

	if (count < 0 || parallel == 0 || parallel > PARALLEL_MAX)
		return TROUBLE;
	/* Who loses its parent becomes a child of this one, and is seen. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return TROUBLE;
	for (long number = 0; number < count; number++) {
		size_t place = 0;

		while (count_running() >= parallel)
			wait_for_one();
		while (running[place] != 0)
			place++;
		running[place] = start(argv[3], number, argv + 5);
	}
	while (count_running() != 0)
		wait_for_one();
	while (wait(NULL) != -1)
		strays++;
	show(argv[4]);
	return 0;
}
