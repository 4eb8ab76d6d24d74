/*
 * source - the formats of other programs' files of users, line by line.
 *
 * Pure. Sources: passwd-file of Dovecot 2.3, htpasswd(1) of Apache, vpopmail's vpasswd.
 */
#ifndef POPPASSWD_SOURCE_H
#define POPPASSWD_SOURCE_H

#include "span.h"

/* What a line says. The spans point into it. */
struct source_user {
	struct span login;
	struct span
		secret;    /* as poppasswd(5) has it; .at is NULL if the password itself is known */
	struct span clear; /* the password; .at is NULL if it is not known */
	struct span further; /* fields behind the secret that poppasswd(5) can keep, colon first */
	bool locked;         /* may not log in where he comes from */
	const char *lost;    /* what cannot be taken over; NULL for nothing */
};

/* Takes a line apart: NULL, or why there is no user in it that can be taken over. */
typedef const char *source_parser(struct span line, struct source_user *user);

/* NULL if there is no such format. */
source_parser *source_find(const char *format);

/* Whether the secrets of that format stay as they are unless another scheme is asked for. */
bool source_is_ours(const char *format);

#define SOURCE_FORMATS "poppasswd, plain, dovecot, htpasswd, vpasswd"

#endif
