/* show - what is printed: for people, coloured on a terminal, or as JSON, one object a line. */
#ifndef CHECKPW_TEST_SHOW_H
#define CHECKPW_TEST_SHOW_H

#include "attempt.h"
#include "shape.h"

/* Colours unless $NO_COLOR is set, or descriptor 1 is no terminal. */
void show_begin(bool json);

/* `no_log` says why there is no line of the log, where there is none. */
void show_attempt(const struct shape *shape, enum shape_mechanism mechanism,
		  const struct attempt_result *result, const char *no_log);

/* What is wrong, why that matters, and the command or the change that mends it. */
struct show_problem {
	const char *what, *why, *mend;
};

void show_problem(const struct show_problem *problem);

#endif
