/*
 * standin ACTION[,ACTION...] PROGRAM [ARGUMENT ...] - a checker that does what it is told.
 *
 * It reads descriptor 3 to its end and closes it; writes `ACTIONS message-in-hexadecimal` to the
 * file that $STANDIN_RECORD names; and does one ACTION after the other:
 *   accept       runs PROGRAM
 *   fork         runs PROGRAM as a child, and ends as that ends
 *   shrug        the same, but ends with 0 whatever that does
 *   only=LOGIN   goes on for this login and exits 1 for others
 *   if=PASSWORD  the same for passwords
 *   exit=CODE    ends
 *   crash        dies of SIGSEGV
 *   hang         sleeps for an hour
 *   hang-child   forks a child that does, and waits for it
 *   wait=FILE    waits until FILE exists
 *   wander       changes directory, umask and the environment
 *   open         opens /dev/null as descriptor 9
 *   close        closes all descriptors above 2
 *   clear        empties the environment
 *   say          writes a line to descriptor 1
 *   keep-message leaves the descriptor of the message open
 *   session      starts a session of its own
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX_BYTES 65536

static char message[MESSAGE_MAX_BYTES + 1];
static char **program;

static void record(const char *actions, size_t length)
{
	const char *path = getenv("STANDIN_RECORD");
	FILE *file = path != NULL ? fopen(path, "a") : NULL;

	if (file == NULL)
		return;
	fprintf(file, "%s ", actions);
	for (size_t i = 0; i < length; i++)
		fprintf(file, "%02x", (unsigned char)message[i]);
	fprintf(file, " %s\n", getenv("SERVICE") != NULL ? getenv("SERVICE") : "-");
	fclose(file);
}

static int run_as_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(program[0], program);
		_exit(111);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void hang_in_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		sleep(3600);
	waitpid(pid, NULL, 0);
}

static void wander(void)
{
	if (chdir("/usr") != 0)
		exit(99);
	umask(031);
	setenv("WANDERED", "yes", 1);
}

static void await(const char *path)
{
	while (access(path, F_OK) != 0)
		usleep(10000);
}

static void act(const char *action)
{
	const struct rlimit no_core = { 0, 0 };

	if (strcmp(action, "accept") == 0) {
		execvp(program[0], program);
		exit(111);
	} else if (strcmp(action, "fork") == 0) {
		exit(run_as_child());
	} else if (strcmp(action, "shrug") == 0) {
		run_as_child();
		exit(0);
	} else if (strncmp(action, "only=", 5) == 0) {
		if (strcmp(message, action + 5) != 0)
			exit(1);
	} else if (strncmp(action, "if=", 3) == 0) {
		if (strcmp(message + strlen(message) + 1, action + 3) != 0)
			exit(1);
	} else if (strncmp(action, "exit=", 5) == 0) {
		exit(atoi(action + 5));
	} else if (strcmp(action, "crash") == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		raise(SIGSEGV);
	} else if (strcmp(action, "hang") == 0) {
		sleep(3600);
	} else if (strcmp(action, "hang-child") == 0) {
		hang_in_child();
	} else if (strncmp(action, "wait=", 5) == 0) {
		await(action + 5);
	} else if (strcmp(action, "wander") == 0) {
		wander();
	} else if (strcmp(action, "open") == 0) {
		dup2(open("/dev/null", O_RDONLY), 9);
	} else if (strcmp(action, "close") == 0) {
		for (int descriptor = 3; descriptor < 1024; descriptor++)
			close(descriptor);
	} else if (strcmp(action, "clear") == 0) {
		clearenv();
	} else if (strcmp(action, "say") == 0) {
		printf("checking ...\n");
		fflush(stdout);
	} else if (strcmp(action, "session") == 0) {
		setsid();
	} else if (strcmp(action, "keep-message") != 0) {
		exit(98);
	}
}

int main(int argc, char **argv)
{
	static char none[] = "";
	size_t length = 0;
	ssize_t got;
	char *rest = argc > 1 ? strdup(argv[1]) : none;

	program = argv + 2;
	while (length < MESSAGE_MAX_BYTES &&
	       (got = read(3, message + length, MESSAGE_MAX_BYTES - length)) > 0)
		length += (size_t)got;
	if (strstr(rest, "keep-message") == NULL)
		close(3);
	if (argc > 1)
		record(argv[1], length);
	for (char *action = strsep(&rest, ","); action != NULL; action = strsep(&rest, ","))
		act(action);
	return 97;
}
