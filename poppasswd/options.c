#include "options.h"

#include "configuration.h"
#include "scan.h"
#include "userfile.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WITHOUT_LETTER = 256, LONG_FORCE, LONG_FORMAT, LONG_DOMAIN, LONG_WAIT };

static const struct option long_options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "scheme", required_argument, NULL, 's' },
	{ "stdin", no_argument, NULL, 'i' },
	{ "generate", no_argument, NULL, 'g' },
	{ "force", no_argument, NULL, LONG_FORCE },
	{ "json", no_argument, NULL, 'j' },
	{ "format", required_argument, NULL, LONG_FORMAT },
	{ "domain", required_argument, NULL, LONG_DOMAIN },
	{ "wait", required_argument, NULL, LONG_WAIT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* What --help tells of those that not every command takes. */
static const struct {
	unsigned bit;
	const char *text;
} explained[] = {
	{ OPTION_SCHEME, "  -s, --scheme SCHEME  how the password is stored; CRAM-MD5 by default" },
	{ OPTION_STDIN, "      --stdin          the password is the first line of standard input" },
	{ OPTION_GENERATE, "      --generate       make a strong password and print it" },
	{ OPTION_FORCE,
	  "      --force          replace logins that exist; del: ignore missing ones" },
	{ OPTION_JSON, "      --json           print JSON" },
	{ OPTION_FORMAT,
	  "      --format FORMAT  of the other file; import: poppasswd, plain, dovecot,\n"
	  "                       htpasswd, vpasswd; export: poppasswd, dovecot" },
	{ OPTION_DOMAIN, "      --domain DOMAIN  added to logins that have none" },
};

static void print_usage(FILE *to, const struct command *command)
{
	(void)fprintf(to, "usage: poppasswd [-f FILE] %s [OPTION ...]%s%s\n", command->name,
		      command->arguments[0] != '\0' ? " " : "", command->arguments);
}

static void print_help(const struct command *command)
{
	print_usage(stdout, command);
	printf("%s.\n\n", command->summary);
	for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++) {
		if (command->options & explained[i].bit)
			puts(explained[i].text);
	}
	puts("  -f, --file FILE      the file of users; by default that of cmd5checkpw, which is\n"
	     "                       " SYSCONFDIR "/poppasswd unless its configuration says other\n"
	     "      --wait SECONDS   for another poppasswd that is writing; 60 by default\n"
	     "  -h, --help           this text\n\n"
	     "See poppasswd(8).");
}

static void print_overview(FILE *to)
{
	(void)fputs("usage: poppasswd [-f FILE] COMMAND [OPTION ...] [ARGUMENT ...]\n\n", to);
	for (const struct command *command = commands; command->name != NULL; command++)
		(void)fprintf(to, "  %-8s %-18s %s\n", command->name, command->arguments,
			      command->summary);
	(void)fputs("\npoppasswd COMMAND --help explains a command, poppasswd(8) all of them.\n",
		    to);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

static bool take_wait(struct options *options, const char *text)
{
	struct span rest = span_of(text);
	uint64_t seconds;

	if (!scan_number(&rest, OPTIONS_WAIT_MAX_SECONDS, &seconds) || rest.length != 0) {
		warnx("--wait takes a number of seconds, 0 to %d", OPTIONS_WAIT_MAX_SECONDS);
		return false;
	}
	options->wait = (unsigned)seconds;
	return true;
}

struct given {
	unsigned bits; /* of the options that were given */
	bool help;
};

/* The options from optind on. False after a complaint. */
static bool take_options(int argc, char **argv, const char *letters, struct options *options,
			 struct given *given)
{
	int option;

	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		switch (option) {
		case 'f':
			options->file = optarg;
			break;
		case 's':
			options->scheme = optarg;
			given->bits |= OPTION_SCHEME;
			break;
		case 'i':
			options->from_stdin = true;
			given->bits |= OPTION_STDIN;
			break;
		case 'g':
			options->generate = true;
			given->bits |= OPTION_GENERATE;
			break;
		case LONG_FORCE:
			options->force = true;
			given->bits |= OPTION_FORCE;
			break;
		case 'j':
			options->json = true;
			given->bits |= OPTION_JSON;
			break;
		case LONG_FORMAT:
			options->format = optarg;
			given->bits |= OPTION_FORMAT;
			break;
		case LONG_DOMAIN:
			options->domain = optarg;
			given->bits |= OPTION_DOMAIN;
			break;
		case LONG_WAIT:
			if (!take_wait(options, optarg))
				return false;
			break;
		case 'h':
			given->help = true;
			break;
		default:
			return false; /* getopt_long has complained */
		}
	}
	return true;
}

/* Whether options and arguments are such as the command takes. */
static bool suits(const struct command *command, const struct options *options,
		  const struct given *given)
{
	if (given->bits & ~command->options) {
		warnx("%s does not take one of these options", command->name);
		return false;
	}
	if (options->from_stdin && options->generate) {
		warnx("--stdin and --generate exclude each other");
		return false;
	}
	if (options->count < command->least || options->count > command->most) {
		warnx("%s: %s", command->name,
		      options->count < command->least ? "an argument is missing"
						      : "too many arguments");
		return false;
	}
	return true;
}

/* Without --file it is the file that cmd5checkpw is configured to read. */
static bool choose_file(struct options *options)
{
	static char absolute[PATH_MAX];
	struct configuration configuration;
	struct text why;
	char *here;
	int length;

	if (options->file == NULL) {
		options->file = userfile_path;
		if (configuration_read("cmd5checkpw", userfile_keys, false, &configuration, &why))
			return true;
		warnx("%s (-f names a file of users)", why.bytes);
		return false;
	}
	if (options->file[0] == '/')
		return true;
	here = getcwd(NULL, 0);
	length = snprintf(absolute, sizeof(absolute), "%s/%s", here != NULL ? here : "",
			  options->file);
	free(here);
	if (options->file[0] == '\0' || length < 0 || (size_t)length >= sizeof(absolute)) {
		warnx("%s: not a path", options->file);
		return false;
	}
	options->file = absolute;
	return true;
}

const struct command *options_parse(int argc, char **argv, struct options *options,
				    enum ending *ending)
{
	const struct command *command;
	struct given given = { 0 };

	*ending = ENDING_USAGE;
	*options = (struct options){ .wait = OPTIONS_WAIT_SECONDS };
	if (!take_options(argc, argv, "+f:s:h", options, &given)) {
		print_overview(stderr);
		return NULL;
	}
	if (optind == argc) {
		print_overview(given.help ? stdout : stderr);
		*ending = given.help ? ENDING_DONE : ENDING_USAGE;
		return NULL;
	}
	command = find_command(argv[optind]);
	if (command == NULL) {
		warnx("%s: there is no such command", argv[optind]);
		print_overview(stderr);
		return NULL;
	}
	/* From here on again, as if the command were not there; 0 makes getopt_long begin anew. */
	argc -= optind;
	argv[optind] = argv[0];
	argv += optind;
	optind = 0;
	if (!take_options(argc, argv, "f:s:h", options, &given)) {
		print_usage(stderr, command);
		return NULL;
	}
	if (given.help) {
		print_help(command);
		*ending = ENDING_DONE;
		return NULL;
	}
	options->arguments = argv + optind;
	options->count = (size_t)(argc - optind);
	if (!suits(command, options, &given)) {
		print_usage(stderr, command);
		return NULL;
	}
	if (!choose_file(options)) {
		*ending = ENDING_TROUBLE;
		return NULL;
	}
	return command;
}
