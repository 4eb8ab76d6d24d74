/*
 * hammer FILE WRITERS UPDATES KILL - many processes update one file of penalties.
 *
 * With KILL 1 writers die by SIGKILL at random instants, and others take their places. Prints how
 * many updates were begun, how many of them failed to log in, and how many writers died; then,
 * asked of the file itself, its size, and the failures of the one login that all of them failed
 * with.
 */
#include "penalty_file.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS_MAX 64
/*
 * That the writers come from, at random. The secret of the file decides which bucket an address
 * gets; with so few, one overflows and pushes an address out in a millionth of the runs.
 */
#define ADDRESSES 128

static const char *path;
static struct {
	atomic_ulong begun, failing;
} * shared;
static unsigned long wanted;

/* xorshift: no two writers do the same. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void update(uint64_t *state)
{
	uint64_t number = random_next(state);
	char address[32], password[32];
	struct request request = { .login = span_of("joe") };
	bool failed = number % 8 != 0;

	snprintf(address, sizeof(address), "10.0.0.%u", (unsigned)(number >> 8) % ADDRESSES);
	snprintf(password, sizeof(password), "%llx", (unsigned long long)number);
	request.password = span_of(password);
	if (failed)
		atomic_fetch_add(&shared->failing, 1);
	(void)penalty_file_charge(address, "", &request, failed, PENALTY_LIMIT_SECONDS);
	if (!failed)
		penalty_file_forgive();
}

static void write_on(unsigned seed)
{
	uint64_t state = 0x9e3779b97f4a7c15 * (seed + 1);

	penalty_file_open(path);
	while (atomic_fetch_add(&shared->begun, 1) < wanted)
		update(&state);
	if (penalty_file_complaint()[0] != '\0')
		fprintf(stderr, "%s\n", penalty_file_complaint());
	_exit(penalty_file_complaint()[0] != '\0');
}

static pid_t start(unsigned seed)
{
	pid_t pid = fork();

	if (pid == -1)
		exit(111);
	if (pid == 0)
		write_on(seed);
	return pid;
}

static void sum_up(enum penalty_kind kind, struct penalty_slot *slot, void *context)
{
	unsigned long *sums = context;

	sums[kind]++;
	if (kind == PENALTY_LOGIN)
		sums[PENALTY_NONE] = slot->failures;
}

static void report(unsigned long killed, unsigned long failed)
{
	unsigned long sums[PENALTY_KINDS] = { 0 };
	struct stat status = { 0 };

	penalty_file_open(path);
	if (!penalty_file_visit(sum_up, sums) || stat(path, &status) != 0)
		exit(111);
	printf("begun=%lu failing=%lu killed=%lu failed=%lu size=%lld failures=%lu addresses=%lu "
	       "logins=%lu "
	       "pairs=%lu\n",
	       atomic_load(&shared->begun), atomic_load(&shared->failing), killed, failed,
	       (long long)status.st_size, sums[PENALTY_NONE], sums[PENALTY_ADDRESS],
	       sums[PENALTY_LOGIN], sums[PENALTY_PAIR]);
}

int main(int argc, char **argv)
{
	pid_t writers[WRITERS_MAX];
	unsigned long count, killed = 0, failed = 0;
	uint64_t state = 88172645463325252;
	bool kills;
	int status;

	if (argc != 5)
		return 2;
	path = argv[1];
	count = strtoul(argv[2], NULL, 10);
	wanted = strtoul(argv[3], NULL, 10);
	kills = argv[4][0] == '1';
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || count == 0 || count > WRITERS_MAX)
		return 111;
	for (unsigned i = 0; i < count; i++)
		writers[i] = start(i);
	while (kills && atomic_load(&shared->begun) < wanted) {
		const struct timespec pause = { .tv_nsec = (long)(random_next(&state) % 2000000) };
		size_t victim = random_next(&state) % count;

		nanosleep(&pause, NULL);
		kill(writers[victim], SIGKILL);
		waitpid(writers[victim], NULL, 0);
		writers[victim] = start((unsigned)(count + ++killed));
	}
	for (size_t i = 0; i < count; i++) {
		waitpid(writers[i], &status, 0);
		failed += status != 0;
	}
	report(killed, failed);
	return 0;
}
