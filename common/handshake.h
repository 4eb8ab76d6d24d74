/*
 * handshake - descriptor 3: reading what the mail server writes there, and writing it for a
 * checker.
 *
 * Source: cr.yp.to/checkpwd/interface.html: to the end of file, then close.
 */
#ifndef COMMON_HANDSHAKE_H
#define COMMON_HANDSHAKE_H

#include "reason.h"
#include "span.h"
#include "text.h"

/*
 * Reads descriptor 3 and closes it: REQUEST_MAX_BYTES at most, and one more to see that there are
 * too many. `message` lies in a registered buffer until secret_wipe_all, and a NUL follows it.
 * Returns REASON_OK, or _DESCRIPTOR or _HANDSHAKE with `why` set.
 */
enum reason handshake_read(struct span *message, struct text *why);

/*
 * The descriptor, close-on-exec, that a checker which we run reads `message` from as its descriptor
 * 3. -1 with errno.
 */
int handshake_offer(struct span message);

#endif
