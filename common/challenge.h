/*
 * challenge - what the server of CRAM-MD5 (RFC 2195) or APOP (RFC 1939) asks with.
 *
 * Pure. The servers of this field write <random.unixtime@host>; the time is what tells a
 * fresh challenge from one that was recorded on the wire and is played back.
 */
#ifndef COMMON_CHALLENGE_H
#define COMMON_CHALLENGE_H

#include "span.h"

#include <stdint.h>

#define CHALLENGE_MIN_BYTES 5
#define CHALLENGE_MAX_BYTES 255
#define CHALLENGE_FUTURE_SECONDS 60 /* how far the server's clock may be ahead of ours */

/*
 * Whether `text` is '<', one or more bytes, one '@', one or more bytes, '>', all of them
 * 0x21 to 0x7e with no further '<', '>' or '@', CHALLENGE_MIN_BYTES to CHALLENGE_MAX_BYTES.
 */
bool challenge_is_well_formed(struct span text);

/*
 * Whether a well-formed challenge was made within the `window` seconds before `now` (both
 * Unix time). Its time is the decimal number that is the last dot-part before the '@'; a
 * challenge without one is never fresh. A window of 0 switches the check off.
 */
bool challenge_is_fresh(struct span challenge, int64_t now, int64_t window);

#endif
