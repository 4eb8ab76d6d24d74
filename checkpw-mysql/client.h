/*
 * client - one connection to a database server. The one user of libmariadb.
 *
 * For a process of its own: the library uses the heap, changes signals, reads the environment,
 * and talks to a server that may be hostile. Nothing here is bounded in time; who calls must end
 * the process that hangs.
 */
#ifndef CHECKPW_MYSQL_CLIENT_H
#define CHECKPW_MYSQL_CLIENT_H

#include "query.h"
#include "row.h"
#include "server.h"

enum client_answer {
	CLIENT_SERVER_FAILED = 0, /* `why` says how; another server may know */
	CLIENT_BAD_ANSWER,        /* `why` names the column; another server would say the same */
	CLIENT_NO_ROW,
	CLIENT_ROW,
};

/* What is bound to the parameters of a query; not secret, each ends with a NUL. */
struct client_values {
	char *of[PARAMETER_COUNT];
};

/*
 * Connects and logs in, with `password`, which is wiped. False with `why` set. The environment
 * is emptied first.
 */
bool client_connect(const struct server *server, char *password, struct text *why);

enum client_answer client_ask(const struct query *query, const struct client_values *values,
			      struct row *row, struct text *why);

/* For a statement without an answer. */
bool client_tell(const struct query *query, const struct client_values *values, struct text *why);

void client_close(void);

#endif
