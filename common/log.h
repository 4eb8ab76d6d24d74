/*
 * log - one line per attempt, for the operator and for fail2ban.
 *
 * auth-ok|auth-fail|auth-temp service=S ip=A mech=M reason=R [wait=N] user="..." [detail="..."]
 *
 * Nothing is ever written to descriptor 1, and to descriptor 2 only if that is configured: it
 * may be the client's connection. A log that cannot be written, is full or hangs never changes
 * a verdict. Functions here are async-signal-safe.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "caller.h"
#include "reason.h"
#include "request.h"

enum log_target { LOG_TARGET_SYSLOG = 0, LOG_TARGET_STDERR, LOG_TARGET_NONE, LOG_TARGET_COUNT };

extern const char *const log_target_words[LOG_TARGET_COUNT + 1]; /* ends with NULL */

#define LOG_USER_MAX_BYTES 64
#define LOG_DETAIL_MAX_BYTES 400
#define LOG_WAIT_MILLISECONDS 2000 /* for a log that does not take the line */

struct log_attempt {
	const struct caller *caller;
	enum mechanism mechanism;
	enum reason reason;
	unsigned wait;      /* seconds that the penalty made of it; 0: not shown */
	struct span user;   /* need not be whole: LOG_USER_MAX_BYTES + 1 bytes are enough */
	const char *detail; /* NULL or what the reason does not say */
};

/* `program` goes before each line. Until log_direct is called the target is syslog (mail). */
void log_begin(const char *program);
void log_direct(enum log_target target);

/* `detail` has a meaning of its own, and no attempt ends with it. */
void log_warning(const char *detail);
void log_attempt(const struct log_attempt *attempt);

#endif
