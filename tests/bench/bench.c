/*
 * Compares two checkpassword programs, A and B, in pairs of runs: A B, B A, A B, ... so that
 * whatever slows the machine down for a while slows both. Both get their message on descriptor 3,
 * have /dev/null as standard input and output, and the file of -e (or /dev/null) as standard error.
 *
 * Wall time runs from just before vfork() until wait4() returns and so includes the subprogram;
 * processor time and page faults are those of wait4(), with waited-for child processes included.
 * System calls are counted in one further run under ptrace.
 *
 * Exits 0; 1 if the runs of one program end differently; 2 when misused; 111 for trouble.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_FD 3
#define MESSAGE_MAX_BYTES 512
#define PAIRS_MAX 1000000
#define FIRST_FREE_FD 10

enum { DIFFERED = 1, MISUSED = 2, TROUBLE = 111, NOT_RUN = 127 };

struct message {
	unsigned char bytes[MESSAGE_MAX_BYTES];
	size_t len;
};

struct calls {
	unsigned long to_exec; /* from the checker's own exec to the subprogram's */
	unsigned long after;
	unsigned long children;
	int execs;
	int status;
};

struct side {
	const char *name;
	char **argv;
	struct message message;
	double *wall;   /* microseconds, one per pair */
	double *cpu;    /* microseconds, user and system together */
	double *faults; /* minor page faults */
	unsigned long runs;
	int status; /* as wait4() gave it, the same in all runs */
	struct calls calls;
};

struct options {
	size_t pairs;
	size_t warmup;
	int cpu; /* -1: not pinned */
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
	fputs("usage: bench [-n PAIRS] [-w WARMUP] [-c CPU] [-e LOGFILE]\n"
	      "             -m HEX [-b HEX] | -l LOGIN -p PASSWORD   -- A [ARG...] -- B [ARG...]\n"
	      "  -n  pairs of runs (500)         -w  unmeasured pairs before them (20)\n"
	      "  -c  stay on this CPU            -e  takes standard error (/dev/null)\n"
	      "  -m  the message on descriptor 3, in hexadecimal; -b another one for B\n"
	      "  -l, -p  the same for LOGIN NUL PASSWORD NUL NUL\n"
	      "A and B are paths; no argument of A can be \"--\".\n",
	      complaints);
	exit(MISUSED);
}

/* Messages */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, tolower((unsigned char)c), sizeof(digits) - 1);

	return at != NULL ? (int)(at - digits) : -1;
}

static void message_from_hex(struct message *m, const char *hex)
{
	size_t len = strlen(hex);

	if (len % 2 != 0 || len / 2 > MESSAGE_MAX_BYTES)
		misused("-m and -b take an even number of hexadecimal digits, at most 1024");
	for (m->len = 0; m->len < len / 2; m->len++) {
		int high = hex_digit(hex[2 * m->len]);
		int low = hex_digit(hex[2 * m->len + 1]);

		if (high == -1 || low == -1)
			misused("-m and -b take hexadecimal digits");
		m->bytes[m->len] = (unsigned char)(high << 4 | low);
	}
}

static void message_from_login(struct message *m, const char *login, const char *password)
{
	size_t login_size = strlen(login) + 1;
	size_t password_size = strlen(password) + 1;

	if (login_size + password_size + 1 > MESSAGE_MAX_BYTES)
		misused("login and password are too long");
	memcpy(m->bytes, login, login_size);
	memcpy(m->bytes + login_size, password, password_size);
	m->len = login_size + password_size;
	m->bytes[m->len++] = '\0';
}

/* The message fits the pipe's buffer: it is written, and the end closed, before anyone reads. */
static void message_offer(const struct message *m)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		die("pipe");
	if (write(ends[1], m->bytes, m->len) != (ssize_t)m->len)
		die("write to the pipe");
	if (dup2(ends[0], MESSAGE_FD) == -1)
		die("descriptor 3");
	close(ends[0]);
	close(ends[1]);
}

/* One run */

static double microseconds(const struct timespec *begin, const struct timespec *end)
{
	return 1e6 * (double)(end->tv_sec - begin->tv_sec) +
	       1e-3 * (double)(end->tv_nsec - begin->tv_nsec);
}

static double timeval_microseconds(const struct timeval *t)
{
	return 1e6 * (double)t->tv_sec + (double)t->tv_usec;
}

/* vfork copies no page tables, and its child has nothing to arrange: what is timed is the exec. */
static pid_t spawn(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid;
}

static const char *status_text(int status, char *text, size_t size)
{
	if (WIFEXITED(status))
		snprintf(text, size, "%d", WEXITSTATUS(status));
	else
		snprintf(text, size, "signal %d", WTERMSIG(status));
	return text;
}

static void check_status(struct side *s, int status)
{
	char first[32], now[32];

	if (s->runs++ == 0)
		s->status = status;
	if (status == s->status)
		return;
	fprintf(complaints, "bench: %s: exit status %s at first, %s in run %lu\n", s->name,
		status_text(s->status, first, sizeof(first)), status_text(status, now, sizeof(now)),
		s->runs);
	exit(DIFFERED);
}

static void run_once(struct side *s, size_t slot)
{
	struct timespec begin, end;
	struct rusage used;
	int status;
	pid_t pid;

	message_offer(&s->message);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = spawn(s->argv);
	if (pid == -1)
		die("vfork");
	if (wait4(pid, &status, 0, &used) != pid)
		die("wait4");
	clock_gettime(CLOCK_MONOTONIC, &end);

	check_status(s, status);
	s->wall[slot] = microseconds(&begin, &end);
	s->cpu[slot] = timeval_microseconds(&used.ru_utime) + timeval_microseconds(&used.ru_stime);
	s->faults[slot] = (double)used.ru_minflt;
}

static void run_pairs(struct side *a, struct side *b, size_t pairs, size_t warmup)
{
	size_t i;

	/* The measured runs write over what these leave in the first slot. */
	for (i = 0; i < warmup; i++) {
		run_once(a, 0);
		run_once(b, 0);
	}
	for (i = 0; i < pairs; i++) {
		run_once(i % 2 == 0 ? a : b, i);
		run_once(i % 2 == 0 ? b : a, i);
	}
}

/* System calls */

static pid_t spawn_traced(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0)
			execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid;
}

static int at_syscall_entry(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <= 0)
		return 0;
	return info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static void count_call(struct calls *c, int in_child)
{
	if (in_child)
		c->children++;
	else if (c->execs == 1)
		c->to_exec++;
	else if (c->execs > 1)
		c->after++;
}

/* Counts what the stop stands for; returns the signal to go on with, 0 for none. */
static int handle_stop(struct calls *c, pid_t pid, int in_child, int status)
{
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		if (at_syscall_entry(pid))
			count_call(c, in_child);
		return 0;
	}
	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) && !in_child)
		c->execs++;
	return sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static void follow(struct calls *c, pid_t checker)
{
	int status, sig;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) != -1) {
		if (WIFSTOPPED(status)) {
			sig = handle_stop(c, pid, pid != checker, status);
			ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)sig);
		} else if (pid == checker) {
			c->status = status;
		}
	}
}

/* Where tracing is not allowed, execs stays 0. */
static void count_calls(struct side *s)
{
	const intptr_t trace = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status;
	pid_t pid;

	message_offer(&s->message);
	pid = spawn_traced(s->argv);
	if (pid == -1)
		die("fork");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (!WIFSTOPPED(status))
		return;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)trace) == -1)
		die("ptrace");
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	follow(&s->calls, pid);
}

/* Figures */

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* q is a fraction, 0.5 for the median; sorts the values. */
static double quantile(double *values, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t below = (size_t)at;
	size_t above = below + 1 < n ? below + 1 : below;

	qsort(values, n, sizeof(values[0]), compare_doubles);
	return values[below] + (at - (double)below) * (values[above] - values[below]);
}

static double *new_column(size_t n)
{
	double *column = calloc(n, sizeof(*column));

	if (column == NULL)
		die("memory");
	return column;
}

/* To be taken before the columns are sorted: it needs the two runs of one pair side by side. */
static double median_of_ratios(const struct side *a, const struct side *b, size_t pairs)
{
	double *ratios = new_column(pairs);
	double median;
	size_t i;

	for (i = 0; i < pairs; i++)
		ratios[i] = a->wall[i] / b->wall[i];
	median = quantile(ratios, pairs, 0.5);
	free(ratios);
	return median;
}

static void print_calls(const struct side *s)
{
	char text[32];

	if (s->calls.execs == 0) {
		fputs("  calls    not counted: tracing is not allowed here\n", report);
		return;
	}
	fprintf(report, "  calls    %lu %s, %lu afterwards, %lu in child processes\n",
		s->calls.to_exec,
		s->calls.execs > 1 ? "up to the subprogram's exec" : "in all, no exec",
		s->calls.after, s->calls.children);
	if (s->calls.status != s->status)
		fprintf(report, "           (exit status %s when traced)\n",
			status_text(s->calls.status, text, sizeof(text)));
}

static void print_side(struct side *s, size_t pairs)
{
	char text[32];
	size_t i;

	fprintf(report, "%s", s->name);
	for (i = 0; s->argv[i] != NULL; i++)
		fprintf(report, " %s", s->argv[i]);
	fprintf(report, "\n  wall     median %.1f us, p10 %.1f, p90 %.1f\n",
		quantile(s->wall, pairs, 0.5), quantile(s->wall, pairs, 0.1),
		quantile(s->wall, pairs, 0.9));
	fprintf(report, "  cpu      median %.1f us, user and system\n",
		quantile(s->cpu, pairs, 0.5));
	fprintf(report, "  faults   median %.0f\n", quantile(s->faults, pairs, 0.5));
	fprintf(report, "  status   %s\n", status_text(s->status, text, sizeof(text)));
	print_calls(s);
}

static void print_report(struct side *a, struct side *b, size_t pairs)
{
	double pairwise = median_of_ratios(a, b, pairs);

	print_side(a, pairs);
	print_side(b, pairs);
	fprintf(report, "A/B      %.3f median of the pairwise ratios, %.3f ratio of the medians",
		pairwise, quantile(a->wall, pairs, 0.5) / quantile(b->wall, pairs, 0.5));
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

	while ((c = getopt(argc, argv, "+n:w:c:e:m:b:l:p:")) != -1) {
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
	int by_login = o->login != NULL && o->password != NULL;

	if ((o->login != NULL) != (o->password != NULL) || by_login == (o->hex != NULL))
		misused("give either -m, or -l and -p");
	if (by_login)
		message_from_login(&a->message, o->login, o->password);
	else
		message_from_hex(&a->message, o->hex);
	b->message = a->message;
	if (o->hex_b != NULL)
		message_from_hex(&b->message, o->hex_b);
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

static void prepare(struct side *s, size_t pairs)
{
	if (access(s->argv[0], X_OK) == -1)
		die(s->argv[0]);
	s->wall = new_column(pairs);
	s->cpu = new_column(pairs);
	s->faults = new_column(pairs);
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

int main(int argc, char **argv)
{
	struct options o = { .pairs = 500, .warmup = 20, .cpu = -1 };
	struct side a = { .name = "A" }, b = { .name = "B" };

	report = copy_of(STDOUT_FILENO);
	complaints = copy_of(STDERR_FILENO);
	read_options(&o, argc, argv);
	read_messages(&o, &a, &b);
	read_commands(argv + optind, &a, &b);
	prepare(&a, o.pairs);
	prepare(&b, o.pairs);
	set_descriptors(o.log);
	if (o.cpu != -1)
		pin(o.cpu);
	run_pairs(&a, &b, o.pairs, o.warmup);
	count_calls(&a);
	count_calls(&b);
	print_report(&a, &b, o.pairs);
	return 0;
}
