#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool as_json, coloured;

#define RED "31"
#define GREEN "32"
#define YELLOW "33"

void show_begin(bool json)
{
	const char *refusal = getenv("NO_COLOR");

	as_json = json;
	coloured = !json && (refusal == NULL || refusal[0] == '\0') && isatty(STDOUT_FILENO);
}

static void print_coloured(const char *colour, int width, const char *text)
{
	if (coloured)
		printf("\033[%sm%-*s\033[0m", colour, width, text);
	else
		printf("%-*s", width, text);
}

/* All but printable ASCII is escaped, for a terminal obeys what a stranger wrote. */
static void print_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 0x20 && byte < 0x7f)
			putchar(byte);
		else
			printf("\\x%02x", byte);
	}
}

/* RFC 8259. A byte above 0x7f becomes the character of that number. */
static void print_json(const char *text, size_t length)
{
	putchar('"');
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte >= 0x20 && byte < 0x7f)
			putchar(byte);
		else
			printf("\\u%04x", byte);
	}
	putchar('"');
}

static void print_member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	print_json(value, strlen(value));
}

static const char *colour_of(enum attempt_verdict verdict)
{
	if (verdict == ATTEMPT_ACCEPTED)
		return GREEN;
	return verdict == ATTEMPT_REFUSED ? YELLOW : RED;
}

/* The lines of the log, without an end of line; `print` is called for each. */
static void each_line(const char *log,
		      void (*print)(const char *line, size_t length, size_t number))
{
	size_t number = 0;

	while (*log != '\0') {
		size_t length = strcspn(log, "\n");

		if (length != 0)
			print(log, length, number++);
		log += length + (log[length] == '\n');
	}
}

static void print_log_member(const char *line, size_t length, size_t number)
{
	if (number != 0)
		printf(", ");
	print_json(line, length);
}

static void print_log_line(const char *line, size_t length, size_t number)
{
	(void)number;
	printf("     log: ");
	print_text(line, length);
	putchar('\n');
}

static void print_as_json(const struct shape *shape, enum shape_mechanism mechanism,
			  const struct attempt_result *result)
{
	printf("{\"shape\": ");
	print_json(shape->id, strlen(shape->id));
	print_member("mechanism", shape_mechanism_words[mechanism]);
	print_member("verdict", attempt_verdict_words[result->verdict]);
	printf(", \"exit\": %d, \"signal\": %d, \"milliseconds\": %.1f", result->code,
	       result->signal, result->milliseconds);
	if (result->why.length != 0)
		print_member("error", result->why.bytes);
	if (result->subprogram_error != 0)
		print_member("subprogram", text_of_errno(result->subprogram_error));
	printf(", \"output\": ");
	print_json(result->output, result->output_length);
	printf(", \"log\": [");
	each_line(result->log, print_log_member);
	printf("]}\n");
}

static void print_for_people(const struct shape *shape, enum shape_mechanism mechanism,
			     const struct attempt_result *result, const char *no_log)
{
	printf("%-4s %-8s  ", shape->id, shape_mechanism_words[mechanism]);
	print_coloured(colour_of(result->verdict), 9, attempt_verdict_words[result->verdict]);
	if (result->verdict == ATTEMPT_NOT_RUN) {
		printf("  %s\n", result->why.bytes);
		return;
	}
	if (result->signal != 0)
		printf("  signal %d", result->signal);
	else if (result->verdict != ATTEMPT_HUNG)
		printf("  exit %d", result->code);
	printf("  %.1f ms  (%s)\n", result->milliseconds, shape->caller);
	if (result->subprogram_error != 0)
		printf("     the subprogram cannot be run: %s\n",
		       text_of_errno(result->subprogram_error));
	if (result->output_length != 0) {
		printf("     written to the mail client: ");
		print_text(result->output, result->output_length);
		putchar('\n');
	}
	if (result->log[0] != '\0')
		each_line(result->log, print_log_line);
	else
		printf("     log: %s\n", no_log);
}

void show_attempt(const struct shape *shape, enum shape_mechanism mechanism,
		  const struct attempt_result *result, const char *no_log)
{
	if (as_json)
		print_as_json(shape, mechanism, result);
	else
		print_for_people(shape, mechanism, result, no_log);
	(void)fflush(stdout);
}

void show_problem(const struct show_problem *problem)
{
	if (as_json) {
		printf("{\"problem\": ");
		print_json(problem->what, strlen(problem->what));
		print_member("why", problem->why);
		print_member("mend", problem->mend);
		printf("}\n");
	} else {
		print_coloured(RED, 8, "problem");
		print_text(problem->what, strlen(problem->what));
		printf("\n  why   %s\n  mend  %s\n", problem->why, problem->mend);
	}
	(void)fflush(stdout);
}
