/*
 * query - what the database is asked, with `?` where the parameters go.
 *
 * Pure. Nothing that a stranger wrote becomes part of the text: a parameter is bound. The one
 * exception is the name of a table of vpopmail-single-domain, which is made of letters, digits
 * and '_' only.
 */
#ifndef CHECKPW_MYSQL_QUERY_H
#define CHECKPW_MYSQL_QUERY_H

#include "text.h"

#define QUERY_MAX_BYTES 2048 /* with the NUL */
#define QUERY_PARAMETERS_MAX 16

enum parameter {
	PARAMETER_LOGIN = 0,
	PARAMETER_USER,
	PARAMETER_DOMAIN,
	PARAMETER_SERVICE,
	PARAMETER_REMOTE_IP,
	PARAMETER_COUNT
};

extern const char *const parameter_names[PARAMETER_COUNT];

enum schema {
	SCHEMA_NONE = 0, /* a query of the operator's own */
	SCHEMA_CHECKPW,
	SCHEMA_VPOPMAIL,
	SCHEMA_VPOPMAIL_CLEAR,
	SCHEMA_VPOPMAIL_SINGLE_DOMAIN,
	SCHEMA_POSTFIXADMIN,
	SCHEMA_COURIER,
	SCHEMA_ACCOUNTS,
	SCHEMA_COUNT
};

extern const char *const schema_words[SCHEMA_COUNT + 1]; /* ends with NULL */

struct query {
	char text[QUERY_MAX_BYTES];
	size_t length;
	enum parameter parameters[QUERY_PARAMETERS_MAX];
	size_t parameter_count;
	bool names_table; /* of the domain that was asked for: it need not exist */
};

/* What is asked of a schema, with names such as :login in it. */
const char *schema_query(enum schema schema);

/* Whether logins are vpopmail's: in lower case, of certain bytes, split at @, % or /. */
bool schema_is_vpopmail(enum schema schema);

/* Whether a field without a {SCHEME} is a crypt(3) hash and never a plaintext. */
bool schema_is_of_hashes(enum schema schema);

/*
 * Puts `?` where :login, :user, :domain, :service or :remote-ip stands, but in quotes and
 * comments, and the table of `domain` for :table. False with `why` set on any other :name, on
 * a quote or a comment without an end, on what a server might understand in another way (a
 * backslash, a `?`, a `;`, comments to the end of the line, comments that are carried out), or
 * if there is no room.
 */
bool query_parse(const char *text, const char *domain, struct query *query, struct text *why);

#endif
