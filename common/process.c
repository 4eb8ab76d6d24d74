#include "process.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * One timer serves both the deadline and the caller's alarm, which goes on for the subprogram.
 * Times are of clock_milliseconds; `alarm_at` is 0 if there is no alarm.
 */
static long long deadline_at, alarm_at;
static struct timeval alarm_interval;

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

static void set_timer(long long left)
{
	struct itimerval timer = { .it_interval = alarm_interval };

	/* One that is due goes off. */
	if (left < 1)
		left = 1;
	timer.it_value.tv_sec = left / 1000;
	timer.it_value.tv_usec = left % 1000 * 1000;
	setitimer(ITIMER_REAL, &timer, NULL);
}

void process_set_deadline(unsigned seconds)
{
	long long now = clock_milliseconds();

	deadline_at = now + seconds * 1000LL;
	set_timer((alarm_at != 0 && alarm_at < deadline_at ? alarm_at : deadline_at) - now);
}

static void note_alarm(void)
{
	struct itimerval alarm;

	if (getitimer(ITIMER_REAL, &alarm) != 0 || !timerisset(&alarm.it_value))
		return;
	alarm_at = clock_milliseconds() + alarm.it_value.tv_sec * 1000LL +
		   alarm.it_value.tv_usec / 1000;
	alarm_interval = alarm.it_interval;
}

/* Not of the timer: who has set an alarm shall not shorten a wait by it. */
unsigned process_seconds_left(void)
{
	long long left = deadline_at - clock_milliseconds();

	return left > 0 ? (unsigned)(left / 1000) : 0;
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

void process_harden(unsigned seconds, void (*expired)(void))
{
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
	note_alarm();
	process_set_deadline(seconds);
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
	static const struct itimerval none;

	if (alarm_at != 0)
		set_timer(alarm_at - clock_milliseconds());
	else
		setitimer(ITIMER_REAL, &none, NULL);
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
