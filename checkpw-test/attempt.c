#include "attempt.h"

#include "gate.h"
#include "handshake.h"
#include "privilege.h"
#include "process.h"
#include "trap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *const attempt_verdict_words[ATTEMPT_VERDICTS] = {
	[ATTEMPT_NOT_RUN] = "not run",
	[ATTEMPT_ACCEPTED] = "accepted",
	[ATTEMPT_REFUSED] = "refused",
	[ATTEMPT_MISUSED] = "misused",
	[ATTEMPT_TEMPORARY] = "temporary",
	[ATTEMPT_SHAM] = "exit 0 without a subprogram",
	[ATTEMPT_ODD] = "exit code of no meaning",
	[ATTEMPT_CRASHED] = "crashed",
	[ATTEMPT_HUNG] = "hangs",
};

/* The checker and the files on its descriptors 0 to 3; -1 for a closed one. */
struct run {
	pid_t process;
	int input, output, log, message;
};

static volatile sig_atomic_t expired;

static sigset_t waiting, mask_that_came;

static void handle_alarm(int number)
{
	(void)number;
	expired = 1;
}

static void handle_child(int number)
{
	(void)number;
}

bool attempt_begin(struct text *why)
{
	struct sigaction on_alarm = { .sa_handler = handle_alarm },
			 on_child = { .sa_handler = handle_child };
	sigset_t taken;

	sigaction(SIGALRM, &on_alarm, NULL);
	sigaction(SIGCHLD, &on_child, NULL);
	sigemptyset(&taken);
	sigaddset(&taken, SIGALRM);
	sigaddset(&taken, SIGCHLD);
	sigprocmask(SIG_BLOCK, &taken, &mask_that_came);
	waiting = mask_that_came;
	sigdelset(&waiting, SIGALRM);
	sigdelset(&waiting, SIGCHLD);
	return gate_open(why);
}

static void set_variable(const char *variable, const char *mechanism)
{
	const char *equals = strchr(variable, '=');
	char name[32];

	if (equals == NULL)
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - variable), variable);
	setenv(name, strcmp(equals + 1, "%") == 0 ? mechanism : equals + 1, 1);
}

/* What the servers set is not to come from who runs us. */
static void set_environment(const char *const *variables, const char *mechanism)
{
	static const char *const theirs[] = { "SMTPAUTH",    "SMTPAUTHMETHOD", "AUTHORIZED",
					      "SERVICE",     "PROTO",          "AUTH_MECH",
					      "TCPLOCALPORT" };

	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		unsetenv(theirs[i]);
	setenv("TCPREMOTEIP", "127.0.0.1", 1);
	for (; variables != NULL && *variables != NULL; variables++)
		set_variable(*variables, mechanism);
}

static bool place(int from, int to)
{
	if (from == -1)
		return close(to) == 0 || errno == EBADF;
	return from == to ? fcntl(from, F_SETFD, 0) == 0 : dup2(from, to) != -1;
}

/* In the child. Descriptors first to where none of the four is overwritten. */
static void become_checker(const struct attempt_setting *setting, const struct run *run,
			   char **words)
{
	struct text why;
	int from[] = { run->input, run->output, run->log, run->message };

	for (int i = 0; i < 4; i++) {
		if (from[i] != -1)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
	}
	/* What we were left with ourselves is not to be taken for the checker's. */
	(void)close_range(4, ~0U, CLOSE_RANGE_CLOEXEC);
	if (setpgid(0, 0) != 0 || !trap_set())
		return;
	for (int i = 0; i < 4; i++) {
		if (!place(from[i], i))
			return;
	}
	if (setting->account != NULL && !privilege_become(setting->account, &why)) {
		errno = EPERM;
		return;
	}
	(void)signal(SIGALRM, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &mask_that_came, NULL);
	process_exec(words);
}

/* The checker, its arguments, this program, and the subprogram with its arguments. */
static bool compose(const struct attempt_setting *setting, char **words)
{
	char *gate[] = { gate_path(), gate_argument(), NULL };
	char *const *const parts[] = { setting->checker, gate, setting->subprogram };
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		for (char *const *word = parts[i]; *word != NULL; word++) {
			if (count == ATTEMPT_WORDS_MAX)
				return false;
			words[count++] = *word;
		}
	}
	words[count] = NULL;
	return gate[0] != NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

static void judge_end(int status, struct attempt_result *result)
{
	if (WIFSIGNALED(status)) {
		result->signal = WTERMSIG(status);
		result->verdict = ATTEMPT_CRASHED;
		return;
	}
	result->code = WEXITSTATUS(status);
	switch (result->code) {
	case 0:
		result->verdict = ATTEMPT_SHAM;
		break;
	case 1:
		result->verdict = ATTEMPT_REFUSED;
		break;
	case 2:
		result->verdict = ATTEMPT_MISUSED;
		break;
	case 111:
		result->verdict = ATTEMPT_TEMPORARY;
		break;
	default:
		result->verdict = ATTEMPT_ODD;
	}
}

/* The subprogram runs as long as it likes. */
static void follow_subprogram(pid_t process, int connection, struct attempt_result *result)
{
	const struct gate_pass pass = { .parent = getpid(), .group = getpgrp() };
	int status = 0;

	result->verdict = ATTEMPT_ACCEPTED;
	if (gate_let_through(connection, &pass))
		result->has_report = probe_receive(connection, &result->report);
	result->subprogram_error = gate_result(connection);
	while (waitpid(process, &status, 0) == -1 && errno == EINTR) {
	}
	result->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void await(const struct run *run, unsigned seconds, struct attempt_result *result)
{
	double start = now();
	int connection, status = 0;
	enum gate_event event;

	expired = 0;
	(void)alarm(seconds);
	event = gate_await(run->process, &waiting, &expired, &connection, &status);
	(void)alarm(0);
	result->milliseconds = now() - start;
	/* What it says before it accepts is its own; what comes later is the subprogram's. */
	result->output_length = (size_t)lseek(run->output, 0, SEEK_CUR);
	switch (event) {
	case GATE_KNOCK:
		follow_subprogram(run->process, connection, result);
		break;
	case GATE_END:
		judge_end(status, result);
		break;
	case GATE_SIGNAL:
	case GATE_TROUBLE:
		result->verdict = ATTEMPT_HUNG;
		(void)kill(-run->process, SIGKILL);
		/* One that became somebody else may be out of reach: it is not waited for. */
		if (geteuid() == 0)
			(void)waitpid(run->process, NULL, 0);
		break;
	}
}

static size_t read_back(int file, char *out, size_t size)
{
	ssize_t got = pread(file, out, size - 1, 0);

	out[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* What the child could not do before it was the checker comes through a pipe that exec closes. */
static bool start(const struct attempt_setting *setting, const char *const *variables,
		  const char *mechanism, struct run *run, struct text *why)
{
	static char *words[ATTEMPT_WORDS_MAX + 1];
	int error = 0, ends[2];

	if (!compose(setting, words)) {
		text_join(why, "too many words");
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) != 0) {
		text_join(why, text_of_errno(errno));
		return false;
	}
	run->process = fork();
	if (run->process == 0) {
		int complaint = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);

		set_environment(variables, mechanism);
		become_checker(setting, run, words);
		error = errno;
		if (write(complaint, &error, sizeof(error)) == -1)
			_exit(112);
		_exit(111);
	}
	close(ends[1]);
	if (run->process == -1)
		error = errno;
	else if (read(ends[0], &error, sizeof(error)) == sizeof(error))
		(void)waitpid(run->process, NULL, 0);
	close(ends[0]);
	if (error != 0)
		text_join(why, setting->checker[0], ": ", text_of_errno(error));
	return error == 0;
}

void attempt_run(const struct attempt_setting *setting, struct span message,
		 const char *const *variables, const char *mechanism, struct attempt_result *result)
{
	struct run run = {
		.input = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.output = memfd_create("output", MFD_CLOEXEC),
		.log = memfd_create("log", MFD_CLOEXEC),
		.message = message.at != NULL ? handshake_offer(message) : -1,
	};
	int descriptors[] = { run.input, run.output, run.log, run.message };
	size_t length;

	*result = (struct attempt_result){ .verdict = ATTEMPT_NOT_RUN };
	if (start(setting, variables, mechanism, &run, &result->why)) {
		await(&run, setting->seconds, result);
		length = read_back(run.log, result->log, sizeof(result->log));
		(void)trap_read(result->log + length, sizeof(result->log) - length);
		length = read_back(run.output, result->output, sizeof(result->output));
		if (result->output_length > length)
			result->output_length = length;
	}
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
		if (descriptors[i] != -1)
			close(descriptors[i]);
	}
}
