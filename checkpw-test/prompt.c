#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static int terminal = -1;
static struct termios came;

static void restore(void)
{
	(void)tcsetattr(terminal, TCSAFLUSH, &came);
}

/* Who interrupts the question gets his terminal back as it was. */
static void handle_signal(int number)
{
	restore();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void catch_signals(struct sigaction *old)
{
	struct sigaction action = { .sa_handler = handle_signal, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		sigaction(deadly[i], &action, &old[i]);
}

static void release_signals(const struct sigaction *old)
{
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		sigaction(deadly[i], &old[i], NULL);
}

/* Byte by byte: what follows the line is not ours. */
static bool read_line(int file, char *out)
{
	size_t length = 0;
	ssize_t got;

	while (length < PROMPT_BYTES - 1) {
		got = read(file, out + length, 1);
		if (got == -1 && errno == EINTR)
			continue;
		if (got != 1 || out[length] == '\n') {
			out[length] = '\0';
			return got == 1 || (got == 0 && length != 0);
		}
		length++;
	}
	out[0] = '\0';
	errno = EMSGSIZE;
	return false;
}

static bool say(const char *text)
{
	return write(terminal, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool ask_hidden(const char *question, char *out)
{
	struct sigaction old[sizeof(deadly) / sizeof(deadly[0])];
	struct termios hidden;
	bool good;

	if (tcgetattr(terminal, &came) != 0)
		return false;
	hidden = came;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	catch_signals(old);
	/* Before the question: what is typed as soon as it is there must not be shown. */
	good = tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && say(question) &&
	       read_line(terminal, out);
	restore();
	release_signals(old);
	(void)say("\n");
	return good;
}

bool prompt_ask(const char *question, bool from_stdin, bool is_secret, char *out, struct text *why)
{
	bool good;

	out[0] = '\0';
	errno = 0;
	if (from_stdin) {
		good = read_line(STDIN_FILENO, out);
		if (!good)
			text_join(why, "standard input: ",
				  errno != 0 ? text_of_errno(errno) : "no line there");
		return good;
	}
	if (terminal == -1)
		terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal == -1) {
		text_join(why, "there is no terminal to ask on; --stdin reads from standard input");
		return false;
	}
	good = is_secret ? ask_hidden(question, out) : say(question) && read_line(terminal, out);
	if (!good)
		text_join(why, "terminal: ", errno != 0 ? text_of_errno(errno) : "no answer");
	return good;
}
