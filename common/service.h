/*
 * service - what the mail server serves: SMTP, POP3 or IMAP.
 *
 * Pure.
 */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

enum service { SERVICE_UNKNOWN = 0, SERVICE_SMTP, SERVICE_POP3, SERVICE_IMAP, SERVICE_COUNT };

extern const char *const service_words[SERVICE_COUNT + 1]; /* ends with NULL */

/*
 * By `name`, as in services(5) and in any case, or else by `port`, both of which may be NULL, or
 * else by the name of the `subprogram`, as vchkpw does it: "true" is SMTP, "pop" POP3, "imap" IMAP.
 */
enum service service_find(const char *name, const char *port, const char *subprogram);

#endif
