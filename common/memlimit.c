#include "memlimit.h"

#include <sys/mman.h>
#include <sys/resource.h>

static struct {
	__rlimit_resource_t resource;
	struct rlimit came;
	bool raised;
} memory[] = { { .resource = RLIMIT_AS }, { .resource = RLIMIT_DATA } };

#define MEMORY_COUNT (sizeof(memory) / sizeof(memory[0]))

void memlimit_raise(void)
{
	for (size_t i = 0; i < MEMORY_COUNT; i++) {
		struct rlimit wanted;

		if (getrlimit(memory[i].resource, &memory[i].came) != 0 ||
		    memory[i].came.rlim_cur == memory[i].came.rlim_max)
			continue;
		wanted.rlim_cur = wanted.rlim_max = memory[i].came.rlim_max;
		memory[i].raised = setrlimit(memory[i].resource, &wanted) == 0;
	}
}

void memlimit_restore(void)
{
	for (size_t i = 0; i < MEMORY_COUNT; i++) {
		if (memory[i].raised)
			memory[i].raised = setrlimit(memory[i].resource, &memory[i].came) != 0;
	}
}

bool memlimit_allows(uint64_t bytes)
{
	void *space = bytes <= SIZE_MAX ? mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
					: MAP_FAILED;

	return space != MAP_FAILED && munmap(space, (size_t)bytes) == 0;
}

/* The lower of the two hard limits; UINT64_MAX if there is none. */
static uint64_t hard_limit(void)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < MEMORY_COUNT; i++) {
		struct rlimit limit;

		if (getrlimit(memory[i].resource, &limit) == 0 && limit.rlim_max < lowest)
			lowest = limit.rlim_max;
	}
	return lowest;
}

void memlimit_explain(struct text *why, uint64_t need)
{
	uint64_t limit = hard_limit();

	text_join(why, "hashing needs ");
	text_add_number(why, (long long)need);
	text_add(why, " bytes of memory");
	if (limit != UINT64_MAX) {
		text_add(why, ", the hard limit is ");
		text_add_number(why, (long long)limit);
		text_add(why, ": raise it (softlimit sets soft limits only, ulimit both)");
	}
}
