#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/posix_types.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * The deadline has a timer of its own, which ends with exec: an alarm of the caller's goes on
 * for the subprogram as it came, and one that a library sets puts nothing off. By system calls, for
 * timer_create(3) brings the C library's threads into a static program.
 */
static __kernel_timer_t timer;
static bool timer_exists;

/* What the kernel takes for a struct itimerspec, whatever the C library's is. */
struct timing {
	__kernel_long_t interval_seconds, interval_nanoseconds, seconds, nanoseconds;
};

static void (*on_expiry)(void);

static struct {
	int number;
	void (*handler)(int);
	struct sigaction came;
} signals[5];

static sigset_t mask_that_came;
static struct rlimit core_limit_that_came;

/* One poll tells of all four what four fcntl would: a closed descriptor is POLLNVAL. */
bool process_check_descriptors(bool *handshake_is_open)
{
	struct pollfd wanted[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 }, { .fd = 3 } };

	_Static_assert(PROCESS_HANDSHAKE_DESCRIPTOR == 3, "the last of the four");
	*handshake_is_open = false;
	if (poll(wanted, 4, 0) == -1)
		return false;
	for (int descriptor = 0; descriptor <= 2; descriptor++) {
		if (wanted[descriptor].revents & POLLNVAL &&
		    open("/dev/null", O_RDWR) != descriptor)
			return false;
	}
	*handshake_is_open = !(wanted[3].revents & POLLNVAL);
	return true;
}

static void handle_alarm(int number)
{
	(void)number;
	on_expiry();
	_exit(111);
}

static void take_signal(size_t slot, int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigfillset(&action.sa_mask);
	signals[slot].number = number;
	sigaction(number, &action, &signals[slot].came);
}

void process_set_deadline(unsigned seconds)
{
	const struct timing when = { .seconds = seconds };

	syscall(SYS_timer_settime, timer, 0, &when, NULL);
}

unsigned process_seconds_left(void)
{
	struct timing left = { 0 };

	if (!timer_exists || syscall(SYS_timer_gettime, timer, &left) != 0)
		return 0;
	return (unsigned)left.seconds;
}

void process_forbid_tracing(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void forbid_core(void)
{
	struct rlimit none;

	if (getrlimit(RLIMIT_CORE, &core_limit_that_came) != 0)
		return;
	none = core_limit_that_came;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &none);
}

bool process_harden(unsigned seconds, void (*expired)(void), struct text *why)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	sigset_t alarm;

	process_forbid_tracing();
	forbid_core();
	on_expiry = expired;
	take_signal(0, SIGPIPE, SIG_IGN);
	take_signal(1, SIGXFSZ, SIG_IGN);
	take_signal(2, SIGALRM, handle_alarm);
	take_signal(3, SIGXCPU, handle_alarm);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, &mask_that_came);
	timer_exists = syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0;
	if (!timer_exists) {
		text_join(why, "cannot set a deadline: ", text_of_errno(errno));
		return false;
	}
	process_set_deadline(seconds);
	return true;
}

void process_begin_child(void)
{
	take_signal(2, SIGALRM, SIG_DFL);
	take_signal(3, SIGXCPU, SIG_DFL);
	process_forbid_tracing();
}

void process_keep_children(void)
{
	if (signals[4].number == 0)
		take_signal(4, SIGCHLD, SIG_DFL);
}

static void note_child(int number)
{
	(void)number;
}

void process_watch_children(sigset_t *waiting)
{
	sigset_t child;

	/* A caller that ignores it would let the kernel reap them, and their status be lost. */
	take_signal(4, SIGCHLD, note_child);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, waiting);
	sigdelset(waiting, SIGCHLD);
}

void process_end_deadline(void)
{
	if (timer_exists)
		syscall(SYS_timer_delete, timer);
	timer_exists = false;
}

void process_restore(void)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && signals[i].number != 0; i++)
		sigaction(signals[i].number, &signals[i].came, NULL);
	sigprocmask(SIG_SETMASK, &mask_that_came, NULL);
	setrlimit(RLIMIT_CORE, &core_limit_that_came);
}

void process_ignore_log_signals(void)
{
	take_signal(0, SIGPIPE, SIG_IGN);
	take_signal(1, SIGXFSZ, SIG_IGN);
}

void process_exec(char **arguments)
{
	execvp(arguments[0], arguments);
}
