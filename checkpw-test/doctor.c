#include "doctor.h"

#include "installation.h"
#include "secret.h"
#include "shape.h"
#include "show.h"
#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct attempt_setting *setting;
static const char *no_log;
static struct installation installation;
static struct attempt_result result;
static unsigned problems, problems_of_files;
static struct text what, mend;

void doctor_report(const char *what_is, const char *why, const char *how)
{
	const struct show_problem problem = { what_is, why, how };

	problems++;
	show_problem(&problem);
}

/* ---- the log -------------------------------------------------------------------------------- */

/* The value of `key` in the last line of the log that has it, without quotes. */
static bool find_in_log(const char *key, char *out, size_t size)
{
	const char *at = NULL, *next = result.log;
	size_t length;

	while ((next = strstr(next, key)) != NULL) {
		next += strlen(key);
		at = next;
	}
	out[0] = '\0';
	if (at == NULL)
		return false;
	length = *at == '"' ? strcspn(++at, "\"\n") : strcspn(at, " \n");
	(void)snprintf(out, size, "%.*s", (int)length, at);
	return true;
}

static uid_t caller_uid(void)
{
	return setting->account != NULL ? setting->account->uid : getuid();
}

/* What mends a file that the log complains of; `path` is the beginning of the complaint. */
static void mend_file(const char *complaint, const char *path)
{
	const char *uid = strstr(complaint, "(as uid ");

	if (strstr(complaint, "others may write") != NULL) {
		text_join(&mend, "chmod go-w ", path);
	} else if (strstr(complaint, "owner is uid") != NULL) {
		text_join(&mend, "chown root ", path, ", or to the user that owns the program");
	} else if (strstr(complaint, "No such file") != NULL) {
		text_join(&mend, "make ", path, ", or correct the path in the configuration");
	} else if (uid != NULL && strtoul(uid + 8, NULL, 10) == caller_uid() && caller_uid() != 0) {
		text_join(&mend, "let the program be set-uid: chown it to the owner of ", path,
			  ", then chmod 4750 ", installation.program,
			  " (its group being that of the mail server)");
	} else if (uid != NULL) {
		text_join(&mend, "chown ");
		text_add_number(&mend, (long long)strtoul(uid + 8, NULL, 10));
		text_add(&mend, " ");
		text_add(&mend, path);
		text_add(&mend, "; chmod 400; or, for a configuration, chown root and chmod 644");
	} else {
		text_join(&mend, "correct ", path);
	}
}

/* Answered 111: the log of ours says why, and a sound one does so in a word. */
static void explain_temporary(void)
{
	static const char *const of_files[] = { "store", "configuration", "privileges", "memory" };
	char reason[64], detail[512], path[512];

	if (!find_in_log("reason=", reason, sizeof(reason))) {
		text_join(&what, "a made-up login is answered 111, temporary; the log: ",
			  result.log[0] != '\0' ? result.log : no_log);
		doctor_report(what.bytes, "no login is possible",
			      "see what the log of the checker says");
		return;
	}
	(void)find_in_log("detail=", detail, sizeof(detail));
	/* What was found in the files is not told twice. */
	for (size_t i = 0; problems_of_files != 0 && i < COUNT(of_files); i++) {
		if (strcmp(reason, of_files[i]) == 0)
			return;
	}
	(void)snprintf(path, sizeof(path), "%.*s", (int)strcspn(detail, ": "), detail);
	text_join(&what, "a made-up login is answered 111, reason ", reason, ": ", detail);
	if (path[0] == '/')
		mend_file(detail, path);
	else
		text_join(&mend, "see ", reason, " in ", installation.name, "(8)");
	doctor_report(what.bytes, "no login is possible", mend.bytes);
}

/* ---- what comes back ------------------------------------------------------------------------ */

/* What no checker may do, whatever it is asked. `asked` says what that was. */
static void judge_manner(const char *asked)
{
	static bool told_output, told_odd;

	if (result.output_length != 0 && !told_output) {
		told_output = true;
		text_join(&what, "it writes to descriptor 1: ");
		text_add_quoted(&what, (struct span){ result.output, result.output_length }, 60);
		doctor_report(
			what.bytes,
			"descriptor 1 is the connection of the mail client, which takes it for an "
			"answer of the server",
			"let it write to descriptor 2 or to syslog");
	}
	text_join(&what, asked, ": ");
	switch (result.verdict) {
	case ATTEMPT_NOT_RUN:
		text_add(&what, "it cannot be run: ");
		text_add(&what, result.why.bytes);
		doctor_report(what.bytes, "no login is possible",
			      "correct path, mode or group of the program: the user of the mail "
			      "server runs it");
		break;
	case ATTEMPT_CRASHED:
		text_add(&what, "it dies of signal ");
		text_add_number(&what, result.signal);
		doctor_report(what.bytes, "some callers take a crash for an acceptance",
			      "put another version in its place, and report it");
		break;
	case ATTEMPT_HUNG:
		text_add(&what, "it has no answer after ");
		text_add_number(&what, setting->seconds);
		text_add(&what, " seconds");
		doctor_report(what.bytes, "a stranger can fill the server with processes",
			      "see what it waits for: a database, a lock, a name server");
		break;
	case ATTEMPT_ODD:
		if (told_odd)
			break;
		told_odd = true;
		text_add(&what, "exit code ");
		text_add_number(&what, result.code);
		text_join(&mend, "in a chain say reject-codes = ");
		text_add_number(&mend, result.code);
		text_add(&mend, ", if it is a refusal");
		doctor_report(what.bytes,
			      "the protocol has 1, 2 and 111; indimail takes 3 for an acceptance",
			      mend.bytes);
		break;
	default:
		break;
	}
}

static bool is_accepted(void)
{
	return result.verdict == ATTEMPT_ACCEPTED || result.verdict == ATTEMPT_SHAM;
}

/* Whether it makes sense to go on. */
static bool is_alive(void)
{
	return result.verdict != ATTEMPT_NOT_RUN && result.verdict != ATTEMPT_HUNG &&
	       result.verdict != ATTEMPT_CRASHED;
}

static void send_message(struct span message, const char *asked)
{
	static const char *const variables[] = { "TCPLOCALPORT=25", NULL };

	attempt_run(setting, message, variables, "plain", &result);
	judge_manner(asked);
}

static void report_open_relay(const char *asked)
{
	text_join(&what, "OPEN RELAY: ", asked, " is accepted");
	if (result.verdict == ATTEMPT_SHAM)
		text_add(&what, ", with exit 0 and without running the subprogram");
	doctor_report(what.bytes, "everybody can send mail through this server",
		      "take it out of service; name a checker, not the subprogram, and see which "
		      "argument comes first "
		      "(qmail-smtpd-auth 0.31 wants the host name before the checker)");
}

#define MADE_UP_BYTES 16

static void make_up(char *text)
{
	unsigned char random[MADE_UP_BYTES];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 7, sizeof(random));
	for (size_t i = 0; i < MADE_UP_BYTES; i++)
		text[i] = (char)('a' + random[i] % 26);
}

/* What a stranger may send; none of it must be accepted. False if there is no point in going on. */
static bool ask_as_a_stranger(void)
{
	static char login_password[] = "checkpw-test-................\0................\0";
	static const char too_long[600] = "checkpw-test";
	const struct {
		struct span message;
		const char *asked;
	} questions[] = {
		{ { login_password, sizeof(login_password) },
		  "a made-up login with a made-up password" },
		{ { "checkpw-test\0\0\0", 15 }, "a made-up login with an empty password" },
		{ { "\0\0\0", 3 }, "an empty login with an empty password" },
		{ { "checkpw-test", 12 }, "a message without an end" },
		{ { "", 0 }, "an empty message" },
		{ { too_long, sizeof(too_long) }, "a message of 600 bytes" },
		{ { NULL, 0 }, "a closed descriptor 3" },
	};

	make_up(login_password + 13);
	make_up(login_password + 13 + MADE_UP_BYTES + 1);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		send_message(questions[i].message, questions[i].asked);
		if (is_accepted()) {
			report_open_relay(questions[i].asked);
			return false;
		}
		if (!is_alive())
			return false;
		if (i == 0 && result.verdict == ATTEMPT_TEMPORARY)
			explain_temporary();
		if (i == 0 && result.verdict == ATTEMPT_MISUSED)
			doctor_report("a made-up login is answered 2, misused",
				      "no login is possible",
				      "see which arguments it wants, and what its log says");
	}
	return true;
}

/* ---- an accepted login ---------------------------------------------------------------------- */

static void judge_report(void)
{
	const struct probe_report *report = &result.report;

	if (!result.has_report)
		return;
	if (report->user != report->effective_user || report->user != report->saved_user ||
	    report->group != report->effective_group || report->group != report->saved_group) {
		text_join(&what, "the subprogram keeps the ids of the set-id bit: real, effective "
				 "and saved uid ");
		text_add_number(&what, report->user);
		text_add(&what, ", ");
		text_add_number(&what, report->effective_user);
		text_add(&what, ", ");
		text_add_number(&what, report->saved_user);
		doctor_report(what.bytes, "it can read the file of users (CVE-2005-0580)",
			      "put a version in its place that gives them up");
	}
	if (report->descriptors[0] != '\0') {
		text_join(&what,
			  "descriptors are left open for the subprogram: ", report->descriptors);
		doctor_report(what.bytes,
			      "it may read there what is not for it: the store, or the password",
			      "put a version in its place that closes them");
	}
}

static void ask_as_a_user(const char *login, const char *password)
{
	static char message[SHAPE_MESSAGE_BYTES];
	static struct secret_region region = { .base = message, .size = sizeof(message) };
	const struct shape_secrets secrets = { span_of(login), span_of(password), span_of("") };
	const struct shape *shape = shape_find("S2");
	char reason[64];
	size_t length;

	secret_register(&region);
	region.dirty = sizeof(message);
	length = shape_compose(shape, SHAPE_PLAIN, SHAPE_ORDER_USUAL, &secrets, message);
	attempt_run(setting, (struct span){ message, length }, shape->variables, "plain", &result);
	judge_manner("the login that was given");
	if (result.verdict == ATTEMPT_ACCEPTED) {
		judge_report();
		return;
	}
	if (!is_alive())
		return;
	text_join(&what, "the login that was given is not accepted: ",
		  attempt_verdict_words[result.verdict]);
	if (find_in_log("reason=", reason, sizeof(reason))) {
		text_add(&what, ", reason ");
		text_add(&what, reason);
	}
	text_join(&mend, "see the reason in the manual of ", installation.name,
		  ", or the password");
	doctor_report(what.bytes,
		      "it should be, or what a subprogram is left with cannot be examined",
		      mend.bytes);
}

int doctor_run(const struct attempt_setting *how, const char *login, const char *password,
	       const char *no_log_why)
{
	setting = how;
	no_log = no_log_why;
	if (!installation_examine(setting, &installation))
		return 1;
	users_examine(&installation);
	problems_of_files = problems;
	if (ask_as_a_stranger() && login != NULL)
		ask_as_a_user(login, password);
	return problems != 0;
}
