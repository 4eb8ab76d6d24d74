/*
 * penalty_file - the table of penalty.h on a disk, shared by checkers and processes.
 *
 * One file of PENALTY_FILE_BYTES, of which an attempt reads and writes three buckets under a lock
 * that the kernel takes away from whoever dies. What is damaged is dropped, or, where the head or
 * the size is wrong, made anew. It fails open: without the file nobody waits.
 *
 * Descriptors: one, close-on-exec.
 */
#ifndef COMMON_PENALTY_FILE_H
#define COMMON_PENALTY_FILE_H

#include "penalty.h"

#define PENALTY_FILE_PATH "/var/lib/checkpw/penalty"
#define PENALTY_FILE_LOCK_MILLISECONDS 1000 /* after which the file does not count */

/* Opens the file, or makes it: to be called with privileges. "" is PENALTY_FILE_PATH. */
void penalty_file_open(const char *path);

/*
 * Charges the attempt that `request`, a secret, makes from `address` ("-" or any text that is none:
 * not known), unless one of the `allowed` networks holds that. Returns the seconds to wait, `limit`
 * at most.
 */
unsigned penalty_file_charge(const char *address, const char *allowed,
			     const struct request *request, bool failed, unsigned limit);

/* After the wait of an attempt that was right: the one that was charged last. */
void penalty_file_forgive(void);

/* What the operator should know, or an empty text. */
const char *penalty_file_complaint(void);

void penalty_file_close(void);

/*
 * For tools: shows every entry to `visit`, which may change it; an entry whose key it sets to 0 is
 * dropped. False if the file cannot be used; penalty_file_complaint tells why.
 */
typedef void penalty_visitor(enum penalty_kind kind, struct penalty_slot *slot, void *context);
bool penalty_file_visit(penalty_visitor *visit, void *context);

/* For tools: the keys of a login or an address. False as above. */
bool penalty_file_identify(struct penalty_who *who, const struct network_address *address,
			   struct span login);

#endif
