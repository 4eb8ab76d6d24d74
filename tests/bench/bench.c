/*
 * Measures checkpassword programs: compares A and B in pairs of runs (pairs.h), counts what they do
 * (trace.h), and of A alone finds the smallest softlimit (limit.h) or the logins a second (load.h).
 * Both get their message on descriptor 3, have /dev/null as standard input and output, and the file
 * of -e (or /dev/null) as standard error.
 *
 * Exits 0; 1 if the runs of one program end differently; 2 when misused; 111 for trouble.
 */
#include "limit.h"
#include "load.h"
#include "message.h"
#include "pairs.h"
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS_MAX 1000000
#define INSTRUCTIONS_MAX 3000000 /* of A, then it is given up: some seconds */
/* A busy virtual machine loses a trap now and then, and with it the rest. */
#define INSTRUCTIONS_TRIES 3
#define LOAD_SECONDS 1.0
#define FIRST_FREE_FD 10

enum { DIFFERED = 1, MISUSED = 2, TROUBLE = 111 };

struct options {
	size_t pairs;
	size_t warmup;
	unsigned parallel; /* 0: pairs are measured */
	int cpu;           /* -1: not pinned */
	int descriptor;    /* of A's message */
	bool more;
	const char *log;
	const char *login;
	const char *password;
	const char *hex;
	const char *hex_b;
};

/* Descriptors 1 and 2 are given to the measured programs, so the harness talks through copies. */
static FILE *report;
static FILE *complaints;

static noreturn void die(const char *what)
{
	fprintf(complaints, "bench: %s: %s\n", what, strerror(errno));
	exit(TROUBLE);
}

static noreturn void misused(const char *why)
{
	fprintf(complaints, "bench: %s\n", why);
	fputs("usage: bench [-n PAIRS] [-w WARMUP] [-c CPU] [-e LOGFILE] [-i] [-d DESCRIPTOR]\n"
	      "             -m HEX [-b HEX] | -l LOGIN -p PASSWORD   -- A [ARG...] -- B [ARG...]\n"
	      "       bench -j PARALLEL ...\n"
	      "  -n  pairs of runs (500)         -w  unmeasured pairs before them (20)\n"
	      "  -c  stay on this CPU            -e  takes standard error (/dev/null)\n"
	      "  -m  the message on descriptor 3, in hexadecimal; -b another one for B\n"
	      "  -l, -p  the same for LOGIN NUL PASSWORD NUL NUL\n"
	      "  -d  A finds its message on this descriptor\n"
	      "  -i  instructions and the smallest softlimit of A, too, which takes seconds\n"
	      "  -j  logins a second of A instead, so many at the same time\n"
	      "A and B are paths; no argument of A can be \"--\".\n",
	      complaints);
	exit(MISUSED);
}

static const char *status_text(int status, char *text, size_t size)
{
	if (WIFEXITED(status))
		snprintf(text, size, "%d", WEXITSTATUS(status));
	else
		snprintf(text, size, "signal %d", WTERMSIG(status));
	return text;
}

static void print_traces(const struct side *s)
{
	struct traces traces, *t = &traces;
	char text[32];

	if (!trace_calls(s->argv, &s->message, t))
		die("trace");
	if (t->execs == 0) {
		fputs("  calls    not counted: tracing is not allowed here\n", report);
		return;
	}
	fprintf(report, "  calls    %lu %s, %lu in child processes\n", t->own.calls,
		t->execs > 1 ? "up to the subprogram's exec" : "in all, no exec",
		t->children.calls);
	fprintf(report, "  memory   %lu KB, %lu in a child process\n", t->own.kilobytes,
		t->children.kilobytes);
	if (t->status != s->status)
		fprintf(report, "           (exit status %s when traced)\n",
			status_text(t->status, text, sizeof(text)));
}

static void print_more(const struct side *s)
{
	struct traces t = { 0 };

	fprintf(report, "  limit    %zu bytes\n", limit_find(s->argv, &s->message, s->status));
	for (int i = 0; i < INSTRUCTIONS_TRIES; i++) {
		struct traces now;

		if (!trace_instructions(s->argv, &s->message, INSTRUCTIONS_MAX, &now))
			die("instructions");
		if (now.own.instructions > t.own.instructions)
			t = now;
	}
	if (t.own.instructions + t.children.instructions > INSTRUCTIONS_MAX)
		fprintf(report, "  steps    more than %d instructions\n", INSTRUCTIONS_MAX);
	else
		fprintf(report, "  steps    %lu instructions, %lu in child processes\n",
			t.own.instructions, t.children.instructions);
}

static void print_side(struct side *s, size_t pairs)
{
	char text[32];
	size_t i;

	fprintf(report, "%s", s->name);
	for (i = 0; s->argv[i] != NULL; i++)
		fprintf(report, " %s", s->argv[i]);
	fprintf(report, "\n  wall     median %.1f us, p10 %.1f, p90 %.1f\n",
		pairs_quantile(s->wall, pairs, 0.5), pairs_quantile(s->wall, pairs, 0.1),
		pairs_quantile(s->wall, pairs, 0.9));
	fprintf(report, "  cpu      median %.1f us, user and system\n",
		pairs_quantile(s->cpu, pairs, 0.5));
	fprintf(report, "  faults   median %.0f\n", pairs_quantile(s->faults, pairs, 0.5));
	fprintf(report, "  status   %s\n", status_text(s->status, text, sizeof(text)));
	print_traces(s);
}

static void print_report(struct side *a, struct side *b, size_t pairs, bool more)
{
	double pairwise = pairs_ratio(a, b, pairs);

	print_side(a, pairs);
	if (more)
		print_more(a);
	print_side(b, pairs);
	fprintf(report, "A/B      %.3f median of the pairwise ratios, %.3f ratio of the medians",
		pairwise,
		pairs_quantile(a->wall, pairs, 0.5) / pairs_quantile(b->wall, pairs, 0.5));
	fprintf(report, " (%zu pairs)\n", pairs);
}

/* Arguments and descriptors */

static size_t number(const char *text, size_t least, size_t most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < least ||
	    value > most)
		misused("a number is out of range or no number");
	return value;
}

static void read_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+n:w:c:e:m:b:l:p:d:j:i")) != -1) {
		switch (c) {
		case 'n':
			o->pairs = number(optarg, 1, PAIRS_MAX);
			break;
		case 'w':
			o->warmup = number(optarg, 0, PAIRS_MAX);
			break;
		case 'c':
			o->cpu = (int)number(optarg, 0, CPU_SETSIZE - 1);
			break;
		case 'd':
			o->descriptor = (int)number(optarg, 0, MESSAGE_FD);
			break;
		case 'j':
			o->parallel = (unsigned)number(optarg, 1, LOAD_PARALLEL_MAX);
			break;
		case 'i':
			o->more = true;
			break;
		case 'e':
			o->log = optarg;
			break;
		case 'm':
			o->hex = optarg;
			break;
		case 'b':
			o->hex_b = optarg;
			break;
		case 'l':
			o->login = optarg;
			break;
		case 'p':
			o->password = optarg;
			break;
		default:
			misused("unknown option, or one without its value");
		}
	}
}

static void read_messages(const struct options *o, struct side *a, struct side *b)
{
	bool by_login = o->login != NULL && o->password != NULL;

	if ((o->login != NULL) != (o->password != NULL) || by_login == (o->hex != NULL))
		misused("give either -m, or -l and -p");
	if (by_login && !message_from_login(&a->message, o->login, o->password))
		misused("login and password are too long");
	if (!by_login && !message_from_hex(&a->message, o->hex))
		misused("-m takes an even number of hexadecimal digits, at most 1024");
	b->message = a->message;
	if (o->hex_b != NULL && !message_from_hex(&b->message, o->hex_b))
		misused("-b takes an even number of hexadecimal digits, at most 1024");
	a->message.descriptor = o->descriptor;
	b->message.descriptor = MESSAGE_FD;
}

/* words[-1] is the "--" before A; the one before B becomes A's terminator. */
static void read_commands(char **words, struct side *a, struct side *b)
{
	char **word = words;

	if (strcmp(words[-1], "--") != 0)
		misused("\"--\" before A is missing");
	while (*word != NULL && strcmp(*word, "--") != 0)
		word++;
	if (word == words || *word == NULL || word[1] == NULL)
		misused("A or B is missing");
	*word = NULL;
	a->argv = words;
	b->argv = word + 1;
}

static FILE *copy_of(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	FILE *f = copy != -1 ? fdopen(copy, "w") : NULL;

	if (f == NULL)
		exit(TROUBLE);
	return f;
}

static void move(int from, int to)
{
	if (from == -1 || dup2(from, to) == -1)
		die("standard descriptors");
}

/*
 * Done before the runs, so that a child has only to exec. Descriptor 3 is taken, so that no end of
 * a pipe becomes it.
 */
static void set_descriptors(const char *log)
{
	int null = open("/dev/null", O_RDWR);
	int errors = null;

	if (log != NULL)
		errors = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (errors == -1)
		die(log != NULL ? log : "/dev/null");
	move(errors, STDERR_FILENO);
	move(null, STDIN_FILENO);
	move(null, STDOUT_FILENO);
	move(null, MESSAGE_FD);
	/* A jobserver's pipe, for one, is not to be the checker's business. */
	close_range(MESSAGE_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		die("-c");
}

static void prepare(struct side *s, size_t pairs)
{
	if (access(s->argv[0], X_OK) == -1)
		die(s->argv[0]);
	if (!pairs_prepare(s, pairs))
		die("memory");
}

static void differed(const struct side *s)
{
	char first[32], last[32];

	if (s->status == s->last_status)
		return;
	fprintf(complaints, "bench: %s: exit status %s at first, %s in run %lu\n", s->name,
		status_text(s->status, first, sizeof(first)),
		status_text(s->last_status, last, sizeof(last)), s->runs);
	exit(DIFFERED);
}

static void compare(struct side *a, struct side *b, const struct options *o)
{
	prepare(a, o->pairs);
	prepare(b, o->pairs);
	switch (pairs_run(a, b, o->pairs, o->warmup)) {
	case PAIRS_TROUBLE:
		die("run");
	case PAIRS_DIFFERED:
		differed(a);
		differed(b);
		break;
	case PAIRS_DONE:
		print_report(a, b, o->pairs, o->more);
	}
}

static void load(const struct side *a, unsigned parallel)
{
	double rate = load_measure(a->argv, &a->message, 0, parallel, LOAD_SECONDS);

	if (rate < 0) {
		fprintf(complaints, "bench: %s: a login failed\n", a->argv[0]);
		exit(DIFFERED);
	}
	fprintf(report, "rate     %.0f logins a second, %u at the same time\n", rate, parallel);
}

int main(int argc, char **argv)
{
	struct options o = { .pairs = 500, .warmup = 20, .cpu = -1, .descriptor = MESSAGE_FD };
	struct side a = { .name = "A" }, b = { .name = "B" };

	report = copy_of(STDOUT_FILENO);
	complaints = copy_of(STDERR_FILENO);
	read_options(&o, argc, argv);
	read_messages(&o, &a, &b);
	read_commands(argv + optind, &a, &b);
	set_descriptors(o.log);
	if (o.cpu != -1)
		pin(o.cpu);
	if (o.parallel != 0)
		load(&a, o.parallel);
	else
		compare(&a, &b, &o);
	return 0;
}
