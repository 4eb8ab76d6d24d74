/*
 * The whole of cmd5checkpw, from descriptor 3 to the subprogram. The first byte chooses what stands
 * in configuration and environment, the rest is the message. Each input has a process of its own.
 *
 * Never an acceptance that is not due, never anything but 1, 2 or 111 otherwise, nothing on
 * descriptor 1, one line in the log.
 */
#include "fuzz.h"

#include "driver.h"
#include "due.h"

#include "../../cmd5checkpw/poppasswd.c"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define DIGITS "0123456789abcdef0123456789abcdef"
#define SECONDS "1700000000"
#define RAN 42 /* the exit code in the place of the subprogram */

/* Only where coverage is measured. */
int __llvm_profile_write_file(void) __attribute__((weak));

/* What the process of an input leaves behind. */
struct remains {
	bool ended; /* by itself: no signal, no report of a sanitizer */
	uint8_t counters[];
};

static struct remains *remains;
static struct fuzz_counters counters;

static int store_file, configuration_file, output_file, log_file;

/* ---- the process of an input ---- */

static void finish(int code)
{
	if (counters.count != 0)
		memcpy(remains->counters, counters.at, counters.count);
	if (__llvm_profile_write_file != NULL)
		(void)__llvm_profile_write_file();
	remains->ended = true;
	_exit(code);
}

/* Takes the place of the C library's, so that an acceptance costs no program. */
int execvp(const char *file, char *const *arguments)
{
	assert(strcmp(file, "subprogram") == 0 && strcmp(arguments[1], "word") == 0);
	assert(arguments[2] == NULL);
	assert(fcntl(3, F_GETFD) == -1 && errno == EBADF);
	finish(RAN);
	return -1;
}

static void set_environment(unsigned settings)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", configuration_file);
	clearenv();
	setenv("CHECKPW_CONF", path, 1);
	if (settings & SAID_PLAINTEXT)
		setenv("SMTPAUTHMETHOD", "login", 1);
	if (settings & CRAM_NOT_OFFERED)
		setenv("SMTPAUTH", "login plain", 1);
	if (settings & LOOKUPS)
		setenv("AUTHORIZED", "1", 1);
}

static void run_checker(int handshake, unsigned settings)
{
	static char program[] = "cmd5checkpw", subprogram[] = "subprogram", word[] = "word";
	char *arguments[] = { program, subprogram, word, NULL };

	if (handshake != 3) {
		dup2(handshake, 3);
		close(handshake);
	}
	dup2(output_file, 1);
	dup2(log_file, 2);
	set_environment(settings);
	finish(driver_run(&poppasswd_store, 3, arguments));
}

/* ---- files ---- */

/* Out of the way of descriptor 3. */
static int new_file(void)
{
	int low = memfd_create("fuzz", MFD_CLOEXEC), file = fcntl(low, F_DUPFD_CLOEXEC, 10);

	if (file == -1 || fchmod(file, 0600) != 0)
		abort();
	close(low);
	return file;
}

static void begin(void)
{
	counters = fuzz_counters();
	remains = mmap(NULL, sizeof(*remains) + counters.count, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (remains == MAP_FAILED)
		abort();
	store_file = new_file();
	configuration_file = new_file();
	output_file = new_file();
	log_file = new_file();
	for (size_t i = 0; i < USERS; i++)
		dprintf(store_file, "%s:%s\n", users[i].login, users[i].stored);
}

static void empty(int file)
{
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
		abort();
}

static void write_configuration(unsigned settings)
{
	empty(configuration_file);
	dprintf(configuration_file, "log = stderr\nfile = /proc/self/fd/%d\n%s%s%s%s%s", store_file,
		settings & APOP ? "apop = yes\n" : "",
		settings & INDIMAIL ? "indimail = yes\n" : "",
		settings & NO_CHALLENGES ? "challenges = no\n" : "",
		settings & NO_WINDOW ? "challenge-window = 0\n" : "",
		settings & LOOKUPS ? "dovecot = yes\n" : "");
}

/* ---- an attempt ---- */

/* No input holds a digest that fits by itself. */
static void forge(char *bytes, size_t length, unsigned settings)
{
	const struct user *user = find_user(cut((struct span){ bytes, length }).string[0]);
	char *digits = memmem(bytes, length, DIGITS, 32), *begin = memchr(bytes, '<', length), *end;
	char *seconds = memmem(bytes, length, SECONDS, 10), hex[33], now[24];

	snprintf(now, sizeof(now), "%lld", (long long)time(NULL));
	if (seconds != NULL)
		memcpy(seconds, now, 10);
	end = begin != NULL ? memchr(begin, '>', length - (size_t)(begin - bytes)) : NULL;
	if (digits == NULL || end == NULL || user == NULL || user->password == NULL)
		return;
	(settings & APOP ? answer_apop : answer_cram)(
		user->password, (struct span){ begin, (size_t)(end + 1 - begin) }, hex);
	memcpy(digits, hex, 32);
}

/* The process's status. */
static int attempt_with(struct span message, unsigned settings)
{
	int ends[2], status;
	pid_t child;

	write_configuration(settings);
	empty(output_file);
	empty(log_file);
	remains->ended = false;
	if (pipe(ends) != 0 ||
	    write(ends[1], message.at, message.length) != (ssize_t)message.length)
		abort();
	close(ends[1]);
	child = fork();
	if (child == 0)
		run_checker(ends[0], settings);
	close(ends[0]);
	if (child == -1)
		abort();
	while (waitpid(child, &status, 0) == -1) { /* libFuzzer's clock interrupts */
		if (errno != EINTR)
			abort();
	}
	if (remains->ended && counters.count != 0)
		memcpy(counters.at, remains->counters, counters.count);
	return status;
}

/* One line, which a terminal can show. */
static void check_log(const char *log, size_t length, bool accepted)
{
	static const char begin[] = "cmd5checkpw[", ok[] = "]: auth-ok ", other[] = "]: auth-";
	const char *verdict;

	assert(length > 1 && memchr(log, '\n', length) == log + length - 1);
	for (size_t i = 0; i < length - 1; i++)
		assert(log[i] >= 0x20 && log[i] <= 0x7e);
	assert(strncmp(log, begin, strlen(begin)) == 0);
	verdict = log + strlen(begin);
	verdict += strspn(verdict, "0123456789");
	assert(strncmp(verdict, other, strlen(other)) == 0);
	assert((strncmp(verdict, ok, strlen(ok)) == 0) == accepted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char bytes[MESSAGE_MAX_BYTES], log[65536];
	struct span message = { bytes, size - 1 };
	struct parts parts;
	int status, code;
	ssize_t logged;

	if (size == 0 || message.length > sizeof(bytes))
		return 0;
	if (remains == NULL)
		begin();
	memcpy(bytes, data + 1, message.length);
	if (data[0] & FORGED)
		forge(bytes, message.length, data[0]);
	parts = cut(message);
	status = attempt_with(message, data[0]);
	logged = pread(log_file, log, sizeof(log) - 1, 0);
	assert(logged >= 0);
	log[logged] = '\0';
	if (!remains->ended)
		fprintf(stderr, "%s", log);
	assert(remains->ended && WIFEXITED(status));
	code = WEXITSTATUS(status);
	assert(code == RAN || code == 1 || code == 2 || code == 111 ||
	       (code == 3 && data[0] & LOOKUPS));
	assert(code != RAN || may_log_in(message, &parts, data[0]));
	assert(code == RAN || !must_log_in(message, &parts));
	assert(lseek(output_file, 0, SEEK_END) == 0);
	check_log(log, (size_t)logged, code == RAN);
	return 0;
}
