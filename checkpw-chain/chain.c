#include "chain.h"

#include "answer.h"
#include "caller.h"
#include "configuration.h"
#include "gate.h"
#include "handshake.h"
#include "layout.h"
#include "links.h"
#include "log.h"
#include "privilege.h"
#include "process.h"
#include "relay.h"
#include "request.h"
#include "scan.h"
#include "secret.h"
#include "spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct configuration configuration;
static LAYOUT_LARGE struct configuration_list configured;
static char reject_codes[CONFIGURATION_TEXT_BYTES];

enum { ON_TEMPORARY_CONTINUE = 0, ON_TEMPORARY_STOP };
static int on_temporary;
static const char *const on_temporary_words[] = { "continue", "stop", NULL };

static const struct configuration_key keys[] = {
	{ "checker", CONFIGURATION_LIST, &configured, 0, 0, NULL },
	{ "reject-codes", CONFIGURATION_TEXT, reject_codes, 0, 0, NULL },
	{ "on-temporary", CONFIGURATION_WORD, &on_temporary, 0, 0, on_temporary_words },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static struct answer_codes codes;
static struct links_command command;
static char *checkers[LINKS_MAX];
static size_t checker_count;

/* What the log line will say. Static, for the deadline ends us in a signal handler. */
static struct caller caller;
static char user[LOG_USER_MAX_BYTES + 1];
static struct text detail;
static struct log_attempt attempt = { .caller = &caller, .user = { user, 0 } };

/* The checker that is being tried, for the deadline. */
static volatile pid_t current;

static bool service_told;

static void report(enum reason reason)
{
	attempt.reason = reason;
	attempt.detail = detail.length != 0 ? detail.bytes : reason_advice(reason);
	log_attempt(&attempt);
}

/* What a link answered goes behind what those before it did. */
static void note(const char *name, const char *said)
{
	if (detail.length != 0)
		text_add(&detail, "; ");
	text_add(&detail, name);
	text_add(&detail, ": ");
	text_add(&detail, said);
}

static void handle_deadline(void)
{
	secret_wipe_all();
	/* One that became somebody else cannot be killed: it has a deadline of its own, or none. */
	if (current > 0)
		(void)kill(-current, SIGKILL);
	if (detail.length != 0)
		text_add(&detail, "; ");
	text_add(&detail, "not done within the deadline");
	report(REASON_DEADLINE);
}

static bool take_checker(char *checker)
{
	if (checker_count == LINKS_MAX) {
		text_join(&detail, "more than ");
		text_add_number(&detail, LINKS_MAX);
		text_add(&detail, " checkers");
		return false;
	}
	checkers[checker_count++] = checker;
	return true;
}

static enum reason gather_checkers(void)
{
	if (command.checker_count != 0 && configured.length != 0) {
		text_join(&detail,
			  "checkers both in the configuration and before --; where a -- is "
			  "the subprogram's own, put one more before the subprogram");
		return REASON_USAGE;
	}
	for (int i = 0; i < command.checker_count; i++) {
		if (!take_checker(command.checkers[i]))
			return REASON_USAGE;
	}
	for (size_t at = 0; at < configured.length; at += strlen(configured.bytes + at) + 1) {
		if (!take_checker(configured.bytes + at))
			return REASON_CONFIGURATION;
	}
	if (checker_count != 0)
		return REASON_OK;
	text_join(&detail, "no checkers: neither before -- nor in the configuration");
	return REASON_USAGE;
}

/* What makes a message one of the protocol; all else is for the checkers to say. */
static enum reason examine(struct span message)
{
	struct span rest = message, login, password;
	size_t length;

	if (!scan_until(&rest, '\0', &login))
		login = message;
	length = login.length < sizeof(user) ? login.length : sizeof(user);
	memcpy(user, login.at, length);
	attempt.user.length = length;
	if (message.length > REQUEST_MAX_BYTES)
		return REASON_OVERSIZE;
	return scan_until(&rest, '\0', &password) ? REASON_OK : REASON_MALFORMED;
}

static enum reason prepare(struct span *message)
{
	enum reason reason;

	if (privilege_is_set_id()) {
		text_join(&detail, "this program must not be set-uid or set-gid: chmod 755");
		return REASON_PRIVILEGES;
	}
	if (!process_harden(CONFIGURATION_DEADLINE_SECONDS, handle_deadline, &detail))
		return REASON_LIMITS;
	if (!configuration_read_general("checkpw-chain", getenv("CHECKPW_CHAIN_CONF"), keys,
					&configuration, &detail) ||
	    !answer_take_codes(&codes, span_of(reject_codes), &detail))
		return REASON_CONFIGURATION;
	if (configuration.deadline != CONFIGURATION_DEADLINE_SECONDS)
		process_set_deadline((unsigned)configuration.deadline);
	if (configuration.service != SERVICE_UNKNOWN)
		caller.service = (enum service)configuration.service;
	reason = gather_checkers();
	if (reason == REASON_OK)
		reason = handshake_read(message, &detail);
	return reason == REASON_OK ? examine(*message) : reason;
}

/* Runs one link. Its end is known, or it knocks: then `connection` is set. */
static enum answer try_link(struct link *link, struct span message, const sigset_t *waiting,
			    int *connection)
{
	enum answer answer = ANSWER_TEMPORARY;
	struct text said;
	int status = 0;

	current = spawn_checker(link->words, message);
	if (current == -1) {
		text_join(&said, "cannot be run: ", text_of_errno(errno));
	} else {
		switch (gate_await(current, waiting, NULL, connection, &status)) {
		case GATE_KNOCK:
			text_join(&said, "accepted");
			answer = ANSWER_ACCEPTED;
			break;
		case GATE_END:
			current = 0;
			answer = answer_of(status, &codes, &said);
			break;
		case GATE_TROUBLE:
		case GATE_SIGNAL:
			text_join(&said, "cannot be waited for: ", text_of_errno(errno));
			(void)kill(-current, SIGKILL);
			break;
		}
	}
	note(link->name, said.bytes);
	return answer;
}

static enum reason try_all(struct span message, int *connection)
{
	char *gate[] = { gate_path(), gate_argument(), NULL };
	bool temporary = false;
	sigset_t waiting;

	if (gate[0] == NULL) {
		text_join(&detail, "cannot find out where this program is: is there a /proc?");
		return REASON_INTERNAL;
	}
	if (!gate_open(&detail))
		return REASON_LIMITS;
	secret_lock();
	process_watch_children(&waiting);
	service_told = caller_tell_service(&caller);
	for (size_t i = 0; i < checker_count; i++) {
		struct link link;
		struct text why;

		if (!links_compose(&link, checkers[i], gate, command.subprogram, &why)) {
			note(link.name, why.bytes);
			return REASON_USAGE;
		}
		switch (try_link(&link, message, &waiting, connection)) {
		case ANSWER_ACCEPTED:
			return REASON_OK;
		case ANSWER_REFUSED:
			break;
		case ANSWER_TEMPORARY:
			temporary = true;
			if (on_temporary == ON_TEMPORARY_STOP)
				return REASON_LINK;
			break;
		}
	}
	return temporary ? REASON_LINK : REASON_REFUSED;
}

static enum reason search(bool handshake_is_open, int *connection)
{
	struct span message;
	enum reason reason;

	caller_describe(&caller, command.subprogram[0] != NULL ? command.subprogram[0] : "");
	if (command.subprogram[0] == NULL)
		return REASON_USAGE;
	if (!handshake_is_open)
		return REASON_DESCRIPTOR;
	reason = prepare(&message);
	return reason == REASON_OK ? try_all(message, connection) : reason;
}

/* From here on the subprogram has the word, unless it cannot be run. */
static int let_through(int connection)
{
	const struct gate_pass pass = {
		.parent = getpid(),
		.group = getpgrp(),
		.forget_service = service_told,
	};
	enum reason reason = REASON_LINK;
	int error;

	relay_hold_signals();
	if (gate_let_through(connection, &pass)) {
		if (configuration.log_success)
			report(REASON_OK);
		relay_await(current, connection);
		error = gate_result(connection);
		if (error == 0)
			return relay_run(current);
		reason = REASON_EXEC;
		text_join(&detail, command.subprogram[0], ": ", text_of_errno(error));
	} else {
		text_add(&detail, ", but it was gone before its subprogram ran");
	}
	report(reason);
	return reason_exit_code(reason);
}

/* For a person who tries the program by hand; a server's descriptor 2 is no terminal. */
static void show_usage(void)
{
	static const char usage[] =
		"usage: checkpw-chain checker ... -- subprogram [argument ...]\n"
		"       checkpw-chain subprogram [argument ...]\n"
		"A mail server runs it and writes login and password to descriptor 3; see "
		"checkpw-chain(8).\n";

	if (isatty(STDERR_FILENO) && write(STDERR_FILENO, usage, sizeof(usage) - 1) == -1)
		return;
}

int chain_run(char **arguments)
{
	enum reason reason = REASON_LIMITS;
	bool handshake_is_open;
	int connection = -1;

	log_begin("checkpw-chain");
	command = links_split(arguments);
	if (process_check_descriptors(&handshake_is_open))
		reason = search(handshake_is_open, &connection);
	else
		text_join(&detail, "descriptors 0 to 2 cannot be made safe: is there a /dev/null, "
				   "and may 4 files be open?");
	process_end_deadline();
	secret_wipe_all();
	if (reason == REASON_OK)
		return let_through(connection);
	report(reason);
	if (reason_outcome(reason) == OUTCOME_MISUSE)
		show_usage();
	return reason_exit_code(reason);
}
