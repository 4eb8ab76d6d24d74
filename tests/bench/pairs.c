#include "pairs.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

static double microseconds(const struct timespec *begin, const struct timespec *end)
{
	return 1e6 * (double)(end->tv_sec - begin->tv_sec) +
	       1e-3 * (double)(end->tv_nsec - begin->tv_nsec);
}

static double timeval_microseconds(const struct timeval *t)
{
	return 1e6 * (double)t->tv_sec + (double)t->tv_usec;
}

/* vfork copies no page tables, and its child has nothing to arrange: what is timed is the exec. */
static pid_t spawn(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid;
}

static enum pairs_result run_once(struct side *side, size_t slot)
{
	struct timespec begin, end;
	struct rusage used;
	pid_t pid;

	if (!message_offer(&side->message))
		return PAIRS_TROUBLE;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = spawn(side->argv);
	if (pid == -1 || wait4(pid, &side->last_status, 0, &used) != pid)
		return PAIRS_TROUBLE;
	clock_gettime(CLOCK_MONOTONIC, &end);

	if (side->runs++ == 0)
		side->status = side->last_status;
	side->wall[slot] = microseconds(&begin, &end);
	side->cpu[slot] =
		timeval_microseconds(&used.ru_utime) + timeval_microseconds(&used.ru_stime);
	side->faults[slot] = (double)used.ru_minflt;
	return side->last_status == side->status ? PAIRS_DONE : PAIRS_DIFFERED;
}

static enum pairs_result run_pair(struct side *first, struct side *second, size_t slot)
{
	enum pairs_result result = run_once(first, slot);

	return result == PAIRS_DONE ? run_once(second, slot) : result;
}

enum pairs_result pairs_run(struct side *a, struct side *b, size_t pairs, size_t warmup)
{
	enum pairs_result result = PAIRS_DONE;

	/* The measured runs write over what these leave in the first slot. */
	for (size_t i = 0; i < warmup && result == PAIRS_DONE; i++)
		result = run_pair(a, b, 0);
	for (size_t i = 0; i < pairs && result == PAIRS_DONE; i++)
		result = run_pair(i % 2 == 0 ? a : b, i % 2 == 0 ? b : a, i);
	return result;
}

bool pairs_prepare(struct side *side, size_t pairs)
{
	side->wall = calloc(pairs, sizeof(double));
	side->cpu = calloc(pairs, sizeof(double));
	side->faults = calloc(pairs, sizeof(double));
	return side->wall != NULL && side->cpu != NULL && side->faults != NULL;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double pairs_quantile(double *values, size_t count, double q)
{
	double at = q * (double)(count - 1);
	size_t below = (size_t)at;
	size_t above = below + 1 < count ? below + 1 : below;

	qsort(values, count, sizeof(values[0]), compare_doubles);
	return values[below] + (at - (double)below) * (values[above] - values[below]);
}

double pairs_ratio(const struct side *a, const struct side *b, size_t pairs)
{
	double *ratios = calloc(pairs, sizeof(double));
	double median;

	if (ratios == NULL)
		return -1;
	for (size_t i = 0; i < pairs; i++)
		ratios[i] = a->wall[i] / b->wall[i];
	median = pairs_quantile(ratios, pairs, 0.5);
	free(ratios);
	return median;
}
