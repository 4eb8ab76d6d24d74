#include "driver.h"

#include "caller.h"
#include "clock.h"
#include "dovecot.h"
#include "gate.h"
#include "handshake.h"
#include "log.h"
#include "network.h"
#include "penalty_file.h"
#include "privilege.h"
#include "process.h"
#include "request.h"
#include "secret.h"
#include "service.h"

#include <errno.h>
#include <unistd.h>

/* What is left of the deadline, at least, when a wait is over. */
#define AFTER_WAIT_SECONDS 5

static struct configuration configuration;

/* What the log line will say. Static, for the deadline ends us in a signal handler. */
static struct caller caller;
static char user[LOG_USER_MAX_BYTES + 1];
static struct text detail;
static struct log_attempt attempt = { .caller = &caller, .user = { user, 0 } };

/* In a lookup Dovecot takes 1 for a failure; see dovecot.h. */
static int exit_code(enum reason reason)
{
	return reason_outcome(reason) == OUTCOME_REFUSED && attempt.mechanism == MECHANISM_LOOKUP
		       ? DOVECOT_EXIT_UNKNOWN
		       : reason_exit_code(reason);
}

static void report(enum reason reason)
{
	attempt.reason = reason;
	attempt.detail = detail.length != 0 ? detail.bytes : reason_advice(reason);
	log_attempt(&attempt);
}

static void handle_deadline(void)
{
	secret_wipe_all();
	dovecot_forget_secret();
	text_join(&detail, "not done within the deadline");
	report(REASON_DEADLINE);
}

static void remember_user(struct span login)
{
	attempt.user.length = login.length < sizeof(user) ? login.length : sizeof(user);
	if (attempt.user.length != 0)
		memcpy(user, login.at, attempt.user.length);
}

static enum reason read_request(struct request *request)
{
	const struct request_hints hints = {
		.dovecot_lookup = configuration.dovecot && caller.lookup,
		.indimail = configuration.indimail,
		.challenges = configuration.challenges,
		.method_plaintext = caller.method_plaintext,
		/* The variable is an SMTP server's own: an unknown service that has it is one. */
		.cram_not_offered = caller.smtpauth_without_cram &&
				    caller.service != SERVICE_POP3 &&
				    caller.service != SERVICE_IMAP,
	};
	struct span bytes;
	enum reason reason = handshake_read(&bytes, &detail);

	if (reason != REASON_OK)
		return reason;
	reason = request_parse(bytes, &hints, request);
	remember_user(request->login);
	/* What the environment asked for counts if the message is one of a lookup, too. */
	caller.lookup = request->lookup_only;
	return reason;
}

/* Of the store's secrets one that can be tried, or the configured one, or a plaintext. */
static void prepare_decoy(const struct store *store, struct credential *credential)
{
	struct span decoy = store->find_decoy();

	if (configuration.decoy[0] != '\0')
		decoy = span_of(configuration.decoy);
	if (credential_parse(credential, decoy) != REASON_OK)
		(void)credential_parse(credential, span_of("{PLAIN}decoy"));
}

/*
 * Dovecot asks where a login's mail is, or for the secret to try itself. That the secret is locked
 * or damaged makes no login unknown: its mail arrives.
 */
static enum reason look_up(const struct store *store, enum store_lookup lookup, enum reason usable,
			   struct credential *credential)
{
	attempt.mechanism = MECHANISM_LOOKUP;
	if (lookup != STORE_FOUND)
		return usable;
	if (usable == REASON_OK && caller.credentials && configuration.dovecot_credentials) {
		if (store->clear != NULL)
			credential->clear = store->clear();
		dovecot_keep_secret(credential);
	}
	return REASON_OK;
}

/*
 * Whether the login may log in, as far as the password goes: it is found, its secret usable,
 * and that verified, all three.
 */
static enum reason verify(const struct store *store, const struct request *request,
			  enum store_lookup lookup, struct span secret)
{
	const struct credential_rules rules = {
		.apop = configuration.apop,
		.now = request->challenge.at != NULL ? clock_now() : 0,
		.window = configuration.challenge_window,
	};
	enum reason usable = REASON_MISMATCH, verified;
	struct credential credential;

	if (lookup == STORE_FOUND)
		usable = credential_parse(&credential, secret);
	else if (configuration.log_unknown_login)
		usable = REASON_UNKNOWN_LOGIN;
	if (request->lookup_only)
		return look_up(store, lookup, usable, &credential);

	/* From here on an absent, an unusable and a known login cost the same. */
	if (usable != REASON_OK)
		prepare_decoy(store, &credential);
	if (store->clear != NULL)
		credential.clear = store->clear();
	verified = credential_verify(&credential, request, &rules, &attempt.mechanism, &detail);
	if (usable == REASON_OK && verified != REASON_OK)
		(void)store->find_decoy();
	if (lookup == STORE_FOUND && usable == REASON_OK && verified == REASON_OK)
		return REASON_OK;
	/* Too little memory is the same for all of them, and not the user's fault. */
	if (verified == REASON_MEMORY)
		return REASON_MEMORY;
	/* An old challenge is old for an absent login too. */
	if (lookup == STORE_ABSENT && verified == REASON_STALE)
		return REASON_STALE;
	return usable != REASON_OK ? usable : verified;
}

static bool drop_privileges(void)
{
	if (!privilege_drop(&detail))
		return false;
	process_forbid_tracing();
	return true;
}

static enum reason judge(const struct store *store, const struct request *request,
			 enum store_privilege privilege)
{
	struct span secret = { 0 };
	enum store_lookup lookup = store->find(request->login, &secret, &detail);
	enum reason reason;

	if (configuration.dovecot)
		dovecot_keep_login(request->login);
	if (lookup == STORE_TROUBLE)
		return REASON_STORE;
	if (privilege == STORE_NEEDS_FIND && !drop_privileges())
		return REASON_PRIVILEGES;
	reason = verify(store, request, lookup, secret);
	if (reason == REASON_OK && store->examine != NULL)
		reason = store->examine(&configuration, &caller, &detail);
	return reason;
}

static enum reason enter(const struct store *store, enum store_privilege privilege)
{
	bool root_will_do = false;
	const struct account *account =
		store->account != NULL ? store->account(&root_will_do) : NULL;

	if (privilege == STORE_BECOMES && account != NULL) {
		if (!privilege_become(account, &detail))
			return REASON_PRIVILEGES;
		process_forbid_tracing();
	}
	if (store->accepted != NULL && !caller.lookup && !store->accepted(&caller, &detail))
		return REASON_HOME;
	if (configuration.dovecot)
		return dovecot_answer(account, caller.lookup, &detail) ? REASON_OK : REASON_LIMITS;
	if (account != NULL && !account_enter(account, root_will_do, &detail))
		return REASON_HOME;
	return REASON_OK;
}

/*
 * Charges an attempt whose proof was tried, with its secrets still there. What ended otherwise says
 * nothing to a guesser, and a lookup has no proof.
 */
static unsigned charge(const struct request *request, enum reason reason)
{
	enum outcome outcome = reason_outcome(reason);
	unsigned left = process_seconds_left();

	if (request->lookup_only || (outcome != OUTCOME_REFUSED && outcome != OUTCOME_ACCEPTED))
		return 0;
	left = left > AFTER_WAIT_SECONDS ? left - AFTER_WAIT_SECONDS : 0;
	return penalty_file_charge(caller.address, configuration.allow_nets, request,
				   outcome != OUTCOME_ACCEPTED,
				   left < PENALTY_LIMIT_SECONDS ? left : PENALTY_LIMIT_SECONDS);
}

/* Without any secret in memory. */
static void serve_penalty(enum reason reason)
{
	if (attempt.wait != 0)
		clock_wait(attempt.wait);
	if (reason == REASON_OK)
		penalty_file_forgive();
	penalty_file_close();
}

static bool values_are_sound(void)
{
	struct credential credential;

	if (configuration.decoy[0] != '\0' &&
	    credential_parse(&credential, span_of(configuration.decoy)) != REASON_OK) {
		text_join(&detail, "decoy is not a stored secret that can be tried");
		return false;
	}
	if (network_list_is_sound(configuration.allow_nets, &detail))
		return true;
	text_add(&detail, " (allow-nets)");
	return false;
}

/*
 * Under a set-id bit whoever may run the program wrote the environment, and would read secrets
 * that he may not read; root may.
 */
static bool credentials_may_be_asked_for(void)
{
	if (!configuration.dovecot_credentials || !caller.lookup || !caller.credentials ||
	    !privilege_is_set_id() || getuid() == 0)
		return true;
	text_join(&detail, "dovecot-credentials: no secret is handed out under a set-id bit; run "
			   "Dovecot's auth service as the owner of the store");
	return false;
}

static enum reason attempt_login(const struct store *store, const char *subprogram,
				 bool handshake_is_open)
{
	enum store_privilege privilege;
	struct request request;
	enum reason reason;

	caller_describe(&caller, subprogram != NULL ? subprogram : "");
	if (subprogram == NULL)
		return REASON_USAGE;
	if (!handshake_is_open)
		return REASON_DESCRIPTOR;
	if (!process_harden(CONFIGURATION_DEADLINE_SECONDS, handle_deadline, &detail))
		return REASON_LIMITS;
	if (!configuration_read(store->program, store->keys, store->configuration_is_secret,
				&configuration, &detail))
		return REASON_CONFIGURATION;
	if (!values_are_sound())
		return REASON_CONFIGURATION;
	if (configuration.deadline != CONFIGURATION_DEADLINE_SECONDS)
		process_set_deadline((unsigned)configuration.deadline);
	if (configuration.service != SERVICE_UNKNOWN)
		caller.service = (enum service)configuration.service;
	if (!store->open(&detail))
		return REASON_STORE;
	if (configuration.penalty)
		penalty_file_open(configuration.penalty_file);
	privilege = store->privilege != NULL ? store->privilege(&configuration, &caller)
					     : STORE_NEEDS_OPEN;
	if (privilege == STORE_NEEDS_OPEN && !drop_privileges())
		return REASON_PRIVILEGES;

	/* Where the store allows it without privileges: what a stranger wrote. */
	reason = read_request(&request);
	if (reason == REASON_OK && !credentials_may_be_asked_for())
		reason = REASON_CONFIGURATION;
	if (reason == REASON_OK) {
		reason = judge(store, &request, privilege);
		if (configuration.penalty)
			attempt.wait = charge(&request, reason);
	}
	secret_wipe_all();
	if (configuration.penalty)
		serve_penalty(reason);
	if (reason == REASON_OK)
		reason = enter(store, privilege);
	return reason;
}

static int run_subprogram(char **arguments)
{
	int error;

	process_restore();
	if (gate_is_ahead(arguments))
		return gate_go_through(arguments + 1);
	process_exec(arguments);
	error = errno;
	dovecot_forget_secret();
	process_ignore_log_signals();
	text_join(&detail, arguments[0], ": ", text_of_errno(error));
	report(REASON_EXEC);
	return exit_code(REASON_EXEC);
}

/* For a person who tries the program by hand; a server's descriptor 2 is no terminal. */
static void show_usage(const char *program)
{
	struct text usage;

	if (!isatty(STDERR_FILENO))
		return;
	text_join(&usage, "usage: ", program, " subprogram [argument ...]\n",
		  "A mail server runs it and writes login and password to descriptor 3; see ",
		  program, "(8).\n");
	if (write(STDERR_FILENO, usage.bytes, usage.length) == -1)
		return;
}

int driver_run(const struct store *store, int argc, char **argv)
{
	enum reason reason = REASON_LIMITS;
	bool handshake_is_open;

	log_begin(store->program);
	if (process_check_descriptors(&handshake_is_open))
		reason = attempt_login(store, argc > 1 ? argv[1] : NULL, handshake_is_open);
	else
		text_join(&detail, "descriptors 0 to 2 cannot be made safe: is there a /dev/null, "
				   "and may 4 files be open?");
	if (store->close != NULL)
		store->close();
	process_end_deadline();
	secret_wipe_all();
	if (store->complaint != NULL && store->complaint()[0] != '\0')
		log_warning(store->complaint());
	if (configuration.penalty && penalty_file_complaint()[0] != '\0')
		log_warning(penalty_file_complaint());
	if (reason_outcome(reason) != OUTCOME_ACCEPTED) {
		dovecot_forget_secret();
		report(reason);
		if (reason_outcome(reason) == OUTCOME_MISUSE)
			show_usage(store->program);
		return exit_code(reason);
	}
	if (configuration.log_success)
		report(reason);
	return run_subprogram(argv + 1);
}
