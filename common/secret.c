#include "secret.h"

#include "layout.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static struct secret_region *regions;
static pid_t locker; /* 0: nothing is locked */

/* Between them lie the buffers that are LAYOUT_SECRET, if the linker sorts. */
static LAYOUT_BEFORE_SECRETS char before[1];
static LAYOUT_AFTER_SECRETS char after[1];
static bool together; /* what lies between is locked */

/* ONFAULT: a buffer costs memory only as far as it is used. */
static bool lock_memory(void *base, size_t size)
{
	return mlock2(base, size, MLOCK_ONFAULT) == 0;
}

static void lock(struct secret_region *region)
{
	uintptr_t from = (uintptr_t)region->base;

	region->locked = true;
	if (!together || from < (uintptr_t)before || from + region->size > (uintptr_t)after)
		(void)lock_memory(region->base, region->size);
}

void secret_register(struct secret_region *region)
{
	if (region->registered)
		return;
	region->registered = true;
	region->next = regions;
	regions = region;
	if (locker != 0)
		lock(region);
}

void secret_lock(void)
{
	pid_t self = getpid();
	bool is_first = locker != self; /* a child inherits no locks */

	/* The page of `after` too, which is the last one: the kernel splits the mapping once. */
	if (is_first)
		together = (uintptr_t)before < (uintptr_t)after &&
			   lock_memory(before, (size_t)((uintptr_t)after + 1 - (uintptr_t)before));
	for (struct secret_region *region = regions; region != NULL; region = region->next) {
		if (is_first || !region->locked)
			lock(region);
	}
	locker = self;
}

void secret_wipe(void *base, size_t size)
{
	explicit_bzero(base, size);
}

void secret_wipe_region(struct secret_region *region)
{
	secret_wipe(region->base, region->dirty);
	region->dirty = 0;
}

void secret_wipe_all(void)
{
	for (struct secret_region *region = regions; region != NULL; region = region->next)
		secret_wipe_region(region);
}

bool secret_equal(struct span given, struct span stored)
{
	const volatile char *left = given.at;
	const volatile char *right = stored.length != 0 ? stored.at : "";
	size_t right_length = stored.length != 0 ? stored.length : 1;
	size_t different = given.length ^ stored.length;

	for (size_t i = 0, j = 0; i < given.length; i++) {
		different |= (unsigned char)(left[i] ^ right[j]);
		if (++j == right_length)
			j = 0;
	}
	return different == 0;
}

bool secret_same(const char *left, const char *right, size_t length)
{
	uint64_t different = 0, one, other;

	for (; length >= sizeof(one); length -= sizeof(one)) {
		memcpy(&one, left, sizeof(one));
		memcpy(&other, right, sizeof(other));
		different |= one ^ other;
		left += sizeof(one);
		right += sizeof(other);
	}
	for (; length > 0; length--)
		different |= (unsigned char)(*left++ ^ *right++);
	return different == 0;
}
