#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static const int handled[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP, SIGPIPE,
			       SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU };

#define HANDLED (sizeof(handled) / sizeof(handled[0]))

static volatile sig_atomic_t caught[HANDLED];

static void catch_signal(int number)
{
	for (size_t i = 0; i < HANDLED; i++) {
		if (handled[i] == number)
			caught[i] = 1;
	}
}

static bool any_caught(void)
{
	for (size_t i = 0; i < HANDLED; i++) {
		if (caught[i] != 0)
			return true;
	}
	return false;
}

/*
 * One that is ignored, by nohup say, stays so. All but those that our own use of the terminal
 * raises are held back, and come while ppoll waits: one that came just before a read would be
 * missed.
 */
static void take_signals(struct sigaction came[HANDLED], sigset_t *mask)
{
	const struct sigaction action = { .sa_handler = catch_signal };
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < HANDLED; i++) {
		caught[i] = 0;
		if (handled[i] != SIGTTIN && handled[i] != SIGTTOU)
			sigaddset(&held, handled[i]);
	}
	sigprocmask(SIG_BLOCK, &held, mask);
	for (size_t i = 0; i < HANDLED; i++) {
		sigaction(handled[i], NULL, &came[i]);
		if (came[i].sa_handler != SIG_IGN)
			sigaction(handled[i], &action, NULL);
	}
}

static void give_signals_back(const struct sigaction came[HANDLED], const sigset_t *mask)
{
	for (size_t i = 0; i < HANDLED; i++)
		sigaction(handled[i], &came[i], NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

static bool write_all(int descriptor, const char *bytes)
{
	struct span rest = span_of(bytes);

	while (rest.length != 0) {
		ssize_t written = write(descriptor, rest.at, rest.length);

		if (written <= 0)
			return false;
		rest = span_from(rest, (size_t)written);
	}
	return true;
}

/* A line; what does not fit is read over, and the length tells that there was more. */
static bool read_line(int descriptor, const sigset_t *mask, char *answer, size_t size,
		      size_t *length)
{
	struct pollfd wait = { .fd = descriptor, .events = POLLIN };
	char byte = '\0';

	*length = 0;
	for (;;) {
		ssize_t got = ppoll(&wait, 1, NULL, mask) == 1 ? read(descriptor, &byte, 1) : -1;

		if (got == 1 && byte == '\n')
			return true;
		if (got == 0) {
			errno = 0;
			return false;
		}
		if (got != 1)
			return false;
		if (*length < size)
			answer[*length] = byte;
		++*length;
	}
}

/* The question, with the echo switched off around it. False with errno set. */
static bool ask_once(int descriptor, const sigset_t *mask, const char *prompt, char *answer,
		     size_t size, size_t *length)
{
	struct termios came, silent;
	bool answered;
	int error;

	if (tcgetattr(descriptor, &came) != 0)
		return false;
	silent = came;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	answered = tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 &&
		   write_all(descriptor, prompt) &&
		   read_line(descriptor, mask, answer, size, length);
	error = errno;
	/* The user's Enter was not shown. */
	(void)write_all(descriptor, "\n");
	/* From the background this raises SIGTTOU, which is caught: once more when it is over. */
	while (tcsetattr(descriptor, TCSAFLUSH, &came) != 0 && errno == EINTR && !any_caught())
		continue;
	errno = error;
	return answered;
}

/* Lets the signals that came take effect now. Returns whether the question is to be asked again. */
static bool deliver(void)
{
	bool again = false;

	for (size_t i = 0; i < HANDLED; i++) {
		if (caught[i] == 0)
			continue;
		kill(getpid(), handled[i]);
		again = again || handled[i] == SIGTSTP || handled[i] == SIGTTIN ||
			handled[i] == SIGTTOU;
	}
	return again;
}

static bool complain(struct text *why, const char *what)
{
	text_join(why, "the password: ", what);
	return false;
}

bool terminal_ask(const char *prompt, char *answer, size_t size, size_t *length, struct text *why)
{
	struct sigaction came[HANDLED];
	bool answered, again;
	sigset_t mask;
	int error;

	do {
		int descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

		if (descriptor == -1)
			return complain(
				why, "there is no terminal to ask on: use --stdin or --generate");
		take_signals(came, &mask);
		answered = ask_once(descriptor, &mask, prompt, answer, size, length);
		error = errno;
		give_signals_back(came, &mask);
		close(descriptor);
		again = deliver();
	} while (!answered && again);
	if (!answered)
		return complain(why, error != 0 ? text_of_errno(error) : "none was given");
	return *length <= size || complain(why, "it is too long");
}
