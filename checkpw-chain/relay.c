#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Those that stop and continue are left to the terminal: they reach the whole group. */
static const int passed_on[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				 SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH };

static sigset_t taken;

void relay_hold_signals(void)
{
	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(&taken, passed_on[i]);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	(void)signal(SIGXCPU, SIG_DFL); /* it was the deadline */
}

/* One from the terminal has reached the subprogram already: it is in the same process group. */
static void pass_on(pid_t child, int number, const siginfo_t *from)
{
	if (from->si_code != SI_KERNEL || number == SIGALRM)
		(void)kill(child, number);
}

void relay_await(pid_t child, int connection)
{
	int signals = signalfd(-1, &taken, SFD_CLOEXEC);
	struct pollfd wait[] = { { .fd = connection, .events = POLLIN },
				 { .fd = signals, .events = POLLIN } };
	static const struct timespec at_once;
	siginfo_t from;

	if (signals == -1)
		return;
	while (poll(wait, 2, -1) != -1 && wait[0].revents == 0) {
		int number = sigtimedwait(&taken, &from, &at_once);

		if (number != -1 && number != SIGCHLD)
			pass_on(child, number, &from);
	}
	close(signals);
}

static int die_by(int number)
{
	sigset_t only;

	(void)signal(number, SIG_DFL);
	(void)kill(getpid(), number);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	return 128 + number; /* not reached: what kills a process kills this one */
}

int relay_run(pid_t child)
{
	siginfo_t from;
	int status, number;

	(void)close_range(0, ~0U, 0);
	for (;;) {
		/* Where it cannot be waited for, nothing must look like an end that was right. */
		switch (waitpid(child, &status, WNOHANG)) {
		case 0:
			break;
		case -1:
			return 111;
		default:
			return WIFSIGNALED(status) ? die_by(WTERMSIG(status)) : WEXITSTATUS(status);
		}
		number = sigwaitinfo(&taken, &from);
		if (number != -1 && number != SIGCHLD)
			pass_on(child, number, &from);
	}
}
