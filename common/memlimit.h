/*
 * memlimit - the memory limits, lifted to the hard ones while a password is hashed.
 *
 * softlimit sets soft limits only. A yescrypt hash needs 16 MiB, more than the customary
 * `softlimit -m 7340032` allows; the subprogram still gets the limits as they came.
 */
#ifndef COMMON_MEMLIMIT_H
#define COMMON_MEMLIMIT_H

#include "text.h"

#include <stdint.h>

/* Raises the soft limits of address space and data; memlimit_restore puts them back. */
void memlimit_raise(void);
void memlimit_restore(void);

/* Whether that many bytes can be had at this moment. */
bool memlimit_allows(uint64_t bytes);

/* Tells the operator what hashing needs, in bytes, and what the hard limits are. */
void memlimit_explain(struct text *why, uint64_t need);

#endif
