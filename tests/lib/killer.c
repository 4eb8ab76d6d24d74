/*
 * killer N PROGRAM [ARGUMENT ...] - runs PROGRAM and kills it, with SIGKILL, on its way into its
 * N-th system call, which is not done.
 *
 * Exits 0 if it was killed there, 3 if it ended before; 111 for trouble.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 0, ENDED = 3, TROUBLE = 111 };

static void run(char **arguments)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
		raise(SIGSTOP);
		execv(arguments[0], arguments);
	}
	_exit(TROUBLE);
}

int main(int argc, char **argv)
{
	long calls = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	int status, entering = 0;
	long signal_number = 0;
	pid_t child;

	if (calls < 1)
		return TROUBLE;
	child = fork();
	if (child == 0)
		run(argv + 2);
	if (child == -1 || waitpid(child, &status, 0) != child)
		return TROUBLE;
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
	/* The system calls of this program's own until exec are not counted. */
	do {
		ptrace(PTRACE_CONT, child, NULL, NULL);
		if (waitpid(child, &status, 0) != child || WIFEXITED(status))
			return TROUBLE;
	} while (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8));
	entering = 1; /* execve returns first */
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, NULL, signal_number) != 0 ||
		    waitpid(child, &status, 0) != child)
			return TROUBLE;
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return ENDED;
		signal_number = 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			signal_number = WSTOPSIG(status);
			continue;
		}
		entering = !entering;
		if (entering && --calls == 0)
			break;
	}
	kill(child, SIGKILL);
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? KILLED : TROUBLE;
}
