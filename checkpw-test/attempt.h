/*
 * attempt - one login through a checker, as a mail server tries it, and what became of it.
 *
 * The checker is a fresh process with the message on descriptor 3, /dev/null on 0, and 1 and 2 kept
 * apart to be read. Its subprogram is this program (probe.h), so that an acceptance is known from a
 * mere exit 0.
 */
#ifndef CHECKPW_TEST_ATTEMPT_H
#define CHECKPW_TEST_ATTEMPT_H

#include "account.h"
#include "probe.h"
#include "span.h"

#define ATTEMPT_LOG_BYTES 4096
#define ATTEMPT_OUTPUT_BYTES 512
#define ATTEMPT_WORDS_MAX 256
#define ATTEMPT_SECONDS 70 /* until a checker counts as hanging: those of the suite have 60 */

enum attempt_verdict {
	ATTEMPT_NOT_RUN = 0, /* `why` is set */
	ATTEMPT_ACCEPTED,
	ATTEMPT_REFUSED,   /* exit 1 */
	ATTEMPT_MISUSED,   /* exit 2 */
	ATTEMPT_TEMPORARY, /* exit 111 */
	ATTEMPT_SHAM,      /* exit 0, and the subprogram did not run */
	ATTEMPT_ODD,       /* another exit code */
	ATTEMPT_CRASHED,   /* a signal */
	ATTEMPT_HUNG,
	ATTEMPT_VERDICTS
};

/* How all checkers are run. */
struct attempt_setting {
	char **checker;                /* with its arguments */
	char **subprogram;             /* what stands behind them */
	const struct account *account; /* whom the checker is run as, by root; or NULL */
	unsigned seconds;
};

struct attempt_result {
	enum attempt_verdict verdict;
	int code;             /* of its exit; of the subprogram's where it accepted */
	int signal;           /* or 0 */
	int subprogram_error; /* errno, where the subprogram could not be run */
	double milliseconds;  /* until the verdict */
	bool has_report;      /* what the subprogram was left with */
	struct probe_report report;
	char log[ATTEMPT_LOG_BYTES];       /* lines */
	char output[ATTEMPT_OUTPUT_BYTES]; /* what the checker itself wrote to descriptor 1 */
	size_t output_length;
	struct text why;
};

extern const char *const attempt_verdict_words[ATTEMPT_VERDICTS];

/* Once, before the first attempt. False with `why` set. */
bool attempt_begin(struct text *why);

/*
 * Runs an attempt. `variables`, up to NULL, are put into its environment; % stands for `mechanism`.
 * A `message` without .at closes descriptor 3.
 */
void attempt_run(const struct attempt_setting *setting, struct span message,
		 const char *const *variables, const char *mechanism,
		 struct attempt_result *result);

#endif
