/*
 * secret - the memory that holds passwords, stored secrets and what is derived from them.
 *
 * Secrets live in static buffers. A module registers its buffer once; from then on the
 * buffer is wiped by secret_wipe_all before every exec and every exit. Core dumps are ruled out by
 * process_harden.
 *
 * Who is about to wait with a secret in memory, or to compute for long, calls secret_lock: a
 * buffer is then kept out of swap where the limits allow it. A login that is over in less than a
 * millisecond does without, for locking is dear: each call a hundredth of it. So buffers that are
 * LAYOUT_SECRET (layout.h) are locked with one, all of them. Reading a file of the store is no wait
 * in this sense.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include "span.h"

struct secret_region {
	void *base;
	size_t size;  /* bytes */
	size_t dirty; /* bytes from the start that may hold a secret; raised by the owner */
	bool registered, locked;
	struct secret_region *next;
};

/* `region` must live as long as the process; registering it again does nothing. */
void secret_register(struct secret_region *region);

/*
 * Locks every registered region in memory, and from now on each that is registered. Failing to is
 * no error: limits may forbid it. A child process has to call it again. Async-signal-safe.
 */
void secret_lock(void);

/* Wipes the dirty part of `region`. Async-signal-safe. */
void secret_wipe_region(struct secret_region *region);

/* Wipes the dirty part of every registered region. Async-signal-safe. */
void secret_wipe_all(void);

/* Wipes `size` bytes; the compiler cannot leave it out. */
void secret_wipe(void *base, size_t size);

/*
 * Whether both are equal, in a time that follows the length of `given`, which the observer
 * knows, and not how much of it matched.
 */
bool secret_equal(struct span given, struct span stored);

/* The same where both are `length` bytes, which the observer may know: several times as fast. */
bool secret_same(const char *left, const char *right, size_t length);

#endif
