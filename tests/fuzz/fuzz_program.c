/*
 * The whole of cmd5checkpw, from descriptor 3 to the subprogram. The first byte chooses what stands
 * in configuration and environment, the rest is the message. Each input has a process of its own.
 *
 * Who may log in is judged here once more, from the rules as they are written and with nothing of
 * the checker's: never an acceptance that was not due, never anything but 1, 2 or 111 otherwise,
 * nothing on descriptor 1, one line in the log.
 */
#include "fuzz.h"

#include "driver.h"

#include "../../cmd5checkpw/poppasswd.c"

#include <assert.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum setting {
	APOP = 1 << 0,
	INDIMAIL = 1 << 1,
	NO_CHALLENGES = 1 << 2,
	NO_WINDOW = 1 << 3,
	SAID_PLAINTEXT = 1 << 4,
	CRAM_NOT_OFFERED = 1 << 5,
	LOOKUPS = 1 << 6,
	FORGED = 1 << 7, /* no setting: DIGITS and SECONDS in the message become the right ones */
};

#define DIGITS "0123456789abcdef0123456789abcdef"
#define SECONDS "1700000000"
#define MESSAGE_MAX_BYTES 4096 /* fits into a pipe */
#define RAN 42                 /* the exit code in the place of the subprogram */

enum serves { ONE_WAY = 0, CRAM, CLEAR };

static const struct user {
	const char *login, *stored, *password; /* NULL: none is right */
	enum serves serves;
} users[] = {
	{ "joe", "secret", "secret", CLEAR },
	{ "joe@example.org", "{PLAIN}{PLAIN}x", "{PLAIN}x", CLEAR },
	{ "hex", "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff", CLEAR },
	{ "angle", "<1.2@h>", "<1.2@h>", CLEAR },
	{ "ctx", "{CRAM-MD5}ce7eeff81769a64e64eadf0f558de88099b159058e033b4de8d862881e53434f",
	  "tan%40gerine", CRAM },
	{ "md5", "$1$saltsalt$qyFH9G.Y4vVRtMMWKoom8/", "lemon tree", ONE_WAY },
	{ "six",
	  "{SHA512-CRYPT}$6$rounds=1000$saltsalt$"
	  "k6b3myhIB5cNU1Mkg24f2P6haBVOPbmimZ8bvWSP3NPN8BHAtV7NOmGzJWxhb.H.C9ALQ50lRwGPA/2c9rxho0",
	  "grape6", ONE_WAY },
	{ "salted", "{SSHA256}ofdXT+z0cxpL7wcnIJWqKvc0fT/FnvvQRsIQQJ+X8ntzYWx0c2FsdA==", "quince",
	  ONE_WAY },
	{ "locked", "!secret", NULL, ONE_WAY },
	{ "empty", "", NULL, ONE_WAY },
	{ "strange", "{NO-SUCH}secret", NULL, ONE_WAY },
	{ "joe", "second", "secret", CLEAR }, /* the first line of a login counts */
};

#define USERS (sizeof(users) / sizeof(users[0]))

/* Only where coverage is measured. */
int __llvm_profile_write_file(void) __attribute__((weak));

/* What the process of an input leaves behind. */
static struct remains {
	bool ended; /* by itself: no signal, no report of a sanitizer */
	uint8_t counters[];
} * remains;

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

/* ---- who may log in ---- */

struct parts {
	struct span string[3], tail;
	size_t count; /* of the strings that end with a NUL */
};

static struct parts cut(struct span message)
{
	struct parts parts = { .tail = message };
	const char *nul;

	while (parts.count < 3 && parts.tail.length != 0 &&
	       (nul = memchr(parts.tail.at, '\0', parts.tail.length)) != NULL) {
		size_t length = (size_t)(nul - parts.tail.at);

		parts.string[parts.count++] = (struct span){ parts.tail.at, length };
		parts.tail = span_from(parts.tail, length + 1);
	}
	return parts;
}

static const struct user *find_user(struct span login)
{
	for (size_t i = 0; i < USERS; i++) {
		if (span_is(login, users[i].login))
			return &users[i];
	}
	return NULL;
}

static void to_hex(const unsigned char *bytes, char hex[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void answer_cram(const char *password, struct span challenge, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	HMAC(EVP_md5(), password, (int)strlen(password), (const unsigned char *)challenge.at,
	     challenge.length, digest, NULL);
	to_hex(digest, hex);
}

static void answer_apop(const char *password, struct span challenge, char hex[33])
{
	char text[2 * MESSAGE_MAX_BYTES];
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t length = strlen(password);

	memcpy(text, challenge.at, challenge.length);
	memcpy(text + challenge.length, password, length);
	EVP_Digest(text, challenge.length + length, digest, NULL, EVP_md5(), NULL);
	to_hex(digest, hex);
}

/* <...SECONDS@...>, of the last twenty minutes; 5 s for the time that this takes itself. */
static bool is_recent(struct span challenge)
{
	char text[256], *at_sign, *dot, *end;
	long long made, now = time(NULL);

	if (challenge.length >= sizeof(text))
		return false;
	memcpy(text, challenge.at, challenge.length);
	text[challenge.length] = '\0';
	at_sign = strchr(text, '@');
	if (at_sign == NULL)
		return false;
	*at_sign = '\0';
	dot = strrchr(text, '.');
	made = strtoll(dot != NULL ? dot + 1 : text + 1, &end, 10);
	return end == at_sign && made >= now - 1205 && made <= now + 65;
}

static bool proves(const struct user *user, struct span challenge, struct span digest,
		   bool may_be_apop, unsigned settings)
{
	char hex[33];

	if (user->serves == ONE_WAY || challenge.length < 5 || challenge.length > 255 ||
	    challenge.at[0] != '<' || challenge.at[challenge.length - 1] != '>')
		return false;
	if (!(settings & NO_WINDOW) && !is_recent(challenge))
		return false;
	answer_cram(user->password, challenge, hex);
	if (span_is(digest, hex))
		return true;
	answer_apop(user->password, challenge, hex);
	return settings & APOP && may_be_apop && user->serves == CLEAR && span_is(digest, hex);
}

/* Whether an acceptance is due, for whatever of it is right. */
static bool may_log_in(struct span message, const struct parts *parts, unsigned settings)
{
	const struct user *user = find_user(parts->string[0]);
	bool says_cram = settings & INDIMAIL && parts->count == 3 && parts->tail.length == 2 &&
			 memcmp(parts->tail.at, "\3", 2) == 0;

	if (message.length > 512 || parts->count < 2 || user == NULL)
		return false;
	if (parts->string[1].length == 0)
		return settings & LOOKUPS;
	if (user->password == NULL)
		return false;
	if (span_is(parts->string[1], user->password))
		return true;
	if (settings & NO_CHALLENGES || parts->count < 3)
		return false;
	if (!says_cram &&
	    (parts->tail.length != 0 || settings & (SAID_PLAINTEXT | CRAM_NOT_OFFERED)))
		return false;
	return proves(user, parts->string[1], parts->string[2], false, settings) ||
	       proves(user, parts->string[2], parts->string[1], true, settings);
}

/* The plainest messages with the right password, as every caller sends them. */
static bool must_log_in(struct span message, const struct parts *parts)
{
	const struct user *user = find_user(parts->string[0]);

	return message.length <= 512 && user != NULL && user->password != NULL &&
	       span_is(parts->string[1], user->password) &&
	       (parts->count == 2 || (parts->string[2].length == 0 && parts->tail.length == 0));
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
