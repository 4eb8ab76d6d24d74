/* checkpw-test - plays the mail server to a checker. See checkpw-test(8). */
#include "attempt.h"
#include "doctor.h"
#include "gate.h"
#include "identity.h"
#include "penalties.h"
#include "process.h"
#include "prompt.h"
#include "secret.h"
#include "shape.h"
#include "show.h"
#include "trap.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "checkpw-test"

static struct {
	const char *login, *as, *shape, *order, *mechanism;
	bool from_stdin, json, doctor;
	unsigned seconds;
} options = { .shape = "S3", .seconds = ATTEMPT_SECONDS };

static char login[PROMPT_BYTES], password[PROMPT_BYTES];
static struct secret_region login_region = { .base = login, .size = sizeof(login) };
static struct secret_region password_region = { .base = password, .size = sizeof(password) };
static char message[SHAPE_MESSAGE_BYTES];
static struct secret_region message_region = { .base = message, .size = sizeof(message) };

static struct attempt_setting setting;
static struct text why, no_log;

/* The exit code: the worst of what was seen. */
enum { ALL_ACCEPTED = 0, REFUSED = 1, MISUSED = 2, TROUBLE = 111 };
static int outcome = ALL_ACCEPTED;

static int complain(int code)
{
	(void)fprintf(stderr, PROGRAM ": %s\n", why.bytes);
	return code;
}

static int show_usage(void)
{
	(void)fprintf(stderr,
		      "usage: " PROGRAM
		      " [-u login] [--as user] [--shape S1..S8|all] [--mech mechanism]\n"
		      "                    [--order old|new] [--seconds n] [--stdin] [--json]\n"
		      "                    checker [argument ...] [-- subprogram [argument ...]]\n"
		      "       " PROGRAM " --doctor [-u login] [--as user] [--stdin] [--json]\n"
		      "                    checker [argument ...]\n"
		      "       " PROGRAM " --penalty [-f file] [clear name ...]\n"
		      "The password is asked for on the terminal; see " PROGRAM "(8).\n");
	return MISUSED;
}

static bool take_seconds(const char *text)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	options.seconds = (unsigned)seconds;
	return *end == '\0' && end != text && seconds >= 1 && seconds <= 3600;
}

static bool take_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "as", required_argument, NULL, 'a' },
		{ "shape", required_argument, NULL, 's' },
		{ "order", required_argument, NULL, 'o' },
		{ "mech", required_argument, NULL, 'm' },
		{ "seconds", required_argument, NULL, 't' },
		{ "stdin", no_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ "doctor", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	/* The options end where the checker is named: what follows is its own. */
	while ((option = getopt_long(argc, argv, "+u:", known, NULL)) != -1) {
		switch (option) {
		case 'u':
			options.login = optarg;
			break;
		case 'a':
			options.as = optarg;
			break;
		case 's':
			options.shape = optarg;
			break;
		case 'o':
			options.order = optarg;
			break;
		case 'm':
			options.mechanism = optarg;
			break;
		case 't':
			if (!take_seconds(optarg))
				return false;
			break;
		case 'i':
			options.from_stdin = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'd':
			options.doctor = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static bool is_chain(const char *checker)
{
	const char *slash = strrchr(checker, '/');

	return strcmp(slash != NULL ? slash + 1 : checker, "checkpw-chain") == 0;
}

/* CHECKER [ARG...] [-- SUBPROGRAM...], all of it in the place where it was given. */
static void take_command(char **words)
{
	static char true_word[] = "true", mark[] = "--";
	static char *usual[] = { true_word, NULL };
	static char *checker[ATTEMPT_WORDS_MAX + 2];
	size_t count = 0;

	setting.subprogram = usual;
	for (; count < ATTEMPT_WORDS_MAX && words[count] != NULL; count++) {
		if (strcmp(words[count], "--") == 0) {
			if (words[count + 1] != NULL)
				setting.subprogram = words + count + 1;
			break;
		}
		checker[count] = words[count];
	}
	/* A chain whose checkers stand on the command line needs the mark itself. */
	if (count > 1 && is_chain(checker[0]))
		checker[count++] = mark;
	checker[count] = NULL;
	setting.checker = checker;
	setting.seconds = options.seconds;
}

static bool ask(void)
{
	secret_register(&login_region);
	secret_register(&password_region);
	secret_register(&message_region);
	login_region.dirty = sizeof(login);
	password_region.dirty = sizeof(password);
	message_region.dirty = sizeof(message);
	if (options.login != NULL) {
		if (strlen(options.login) >= sizeof(login)) {
			text_join(&why, "the login is too long");
			return false;
		}
		memcpy(login, options.login, strlen(options.login) + 1);
	} else if (!prompt_ask("Login: ", options.from_stdin, false, login, &why)) {
		return false;
	}
	return prompt_ask("Password: ", options.from_stdin, true, password, &why);
}

/* Wrong words are told before anybody is asked for a password. */
static bool choose(enum shape_order *order, int *mechanism)
{
	*order = SHAPE_ORDER_USUAL;
	*mechanism = -1;
	if (options.order != NULL) {
		*order = strcmp(options.order, "old") == 0 ? SHAPE_ORDER_OLD : SHAPE_ORDER_NEW;
		if (*order == SHAPE_ORDER_NEW && strcmp(options.order, "new") != 0)
			return false;
	}
	for (int i = 0; options.mechanism != NULL && i < SHAPE_MECHANISMS; i++) {
		if (strcasecmp(options.mechanism, shape_mechanism_words[i]) == 0)
			*mechanism = i;
	}
	if (options.mechanism != NULL && *mechanism == -1)
		return false;
	return strcasecmp(options.shape, "all") == 0 || shape_find(options.shape) != NULL;
}

static void note_outcome(enum attempt_verdict verdict)
{
	if (verdict == ATTEMPT_ACCEPTED)
		return;
	if (verdict != ATTEMPT_REFUSED)
		outcome = TROUBLE;
	else if (outcome == ALL_ACCEPTED)
		outcome = REFUSED;
}

static void try_one(const struct shape *shape, enum shape_mechanism mechanism,
		    enum shape_order order)
{
	static struct attempt_result result;
	char challenge[SHAPE_CHALLENGE_BYTES], host[64] = "localhost";
	struct shape_secrets secrets = { span_of(login), span_of(password), { challenge, 0 } };
	size_t length;

	(void)gethostname(host, sizeof(host) - 1);
	secrets.challenge.length = (size_t)snprintf(challenge, sizeof(challenge), "<%ld.%lld@%s>",
						    (long)getpid(), (long long)time(NULL), host);
	length = shape_compose(shape, mechanism, order, &secrets, message);
	attempt_run(&setting, (struct span){ message, length }, shape->variables,
		    shape_mechanism_words[mechanism], &result);
	show_attempt(shape, mechanism, &result, no_log.bytes);
	note_outcome(result.verdict);
}

static int try_all(enum shape_order order, int mechanism)
{
	bool all = strcasecmp(options.shape, "all") == 0, any = false;
	const struct shape *shape;

	for (size_t i = 0; (shape = shape_at(i)) != NULL; i++) {
		if (!all && shape != shape_find(options.shape))
			continue;
		for (int m = 0; m < SHAPE_MECHANISMS; m++) {
			/* A lookup is no login: only who asks for it gets it. */
			if (shape->strings[m] == NULL || (mechanism != -1 && m != mechanism) ||
			    (all && m == SHAPE_LOOKUP && mechanism == -1))
				continue;
			any = true;
			try_one(shape, (enum shape_mechanism)m, order);
		}
	}
	if (any)
		return outcome;
	text_join(&why, options.shape, " has no ",
		  options.mechanism != NULL ? options.mechanism : "mechanism");
	return complain(MISUSED);
}

static int run(void)
{
	enum shape_order order;
	int mechanism;

	if (!choose(&order, &mechanism))
		return show_usage();
	if (options.as != NULL && !identity_find(options.as, &setting.account, &why))
		return complain(MISUSED);
	if (!attempt_begin(&why))
		return complain(TROUBLE);
	if (trap_open(&no_log))
		text_join(&no_log, "none: see `log' in the configuration of the checker");
	show_begin(options.json);
	if (options.doctor && options.login == NULL)
		return doctor_run(&setting, NULL, NULL, no_log.bytes);
	if (!ask())
		return complain(TROUBLE);
	if (options.doctor)
		return doctor_run(&setting, login, password, no_log.bytes);
	return try_all(order, mechanism);
}

static void handle_interrupt(int number)
{
	trap_close(); // NOLINT(bugprone-signal-handler,cert-sig30-c): close, unlink, rmdir
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

int main(int argc, char **argv)
{
	size_t length = strlen(GATE_ARGUMENT);
	int code;

	if (argc > 1 && strncmp(argv[1], GATE_ARGUMENT, length) == 0)
		return probe_run(argv[1] + length, argv + 2);
	if (argc > 1 && strcmp(argv[1], "--penalty") == 0) {
		argv[1] = argv[0];
		return penalties_command(argc - 1, argv + 1);
	}
	process_forbid_tracing();
	secret_lock();
	if (!take_options(argc, argv) || argv[optind] == NULL || strcmp(argv[optind], "--") == 0)
		return show_usage();
	take_command(argv + optind);
	(void)signal(SIGINT, handle_interrupt);
	(void)signal(SIGTERM, handle_interrupt);
	(void)signal(SIGHUP, handle_interrupt);
	code = run();
	secret_wipe_all();
	trap_close();
	return code;
}
