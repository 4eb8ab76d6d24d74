/*
 * Runs two programs in turn, A B, B A, A B, ..., so that whatever slows the machine down for a
 * while slows both. Wall time runs from just before vfork() until wait4() returns, and so includes
 * the subprogram; processor time and page faults are those of wait4(), with waited-for child
 * processes included.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include "message.h"

struct side {
	const char *name;
	char **argv;
	struct message message;
	double *wall;   /* microseconds, one per pair */
	double *cpu;    /* microseconds, user and system together */
	double *faults; /* minor page faults */
	unsigned long runs;
	int status; /* as of wait(2): of the first run */
	int last_status;
};

enum pairs_result { PAIRS_TROUBLE = 0, PAIRS_DIFFERED, PAIRS_DONE };

/* Makes the columns, which are never freed. False with errno set. */
bool pairs_prepare(struct side *side, size_t pairs);

/*
 * PAIRS_TROUBLE with errno set; PAIRS_DIFFERED if a run of a side ended otherwise than its first,
 * last_status then is not status.
 */
enum pairs_result pairs_run(struct side *a, struct side *b, size_t pairs, size_t warmup);

/*
 * The median of the ratios of A's wall time to B's. To be taken before a column is sorted: it needs
 * the two runs of one pair side by side. Negative without memory.
 */
double pairs_ratio(const struct side *a, const struct side *b, size_t pairs);

/* q is a fraction, 0.5 for the median; sorts the values. */
double pairs_quantile(double *values, size_t count, double q);

#endif
