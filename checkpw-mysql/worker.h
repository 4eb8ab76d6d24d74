/*
 * worker - the process that talks to one database server, and hands back what it said.
 *
 * The client library, and what a server sends, never meet the privileges, the password that was
 * typed, the environment or the descriptors of the checker: they live in a child, which root
 * starts as another user, which ends with its parent, however that ends, and which is killed
 * when its time is over. What it hands back is one block of fixed size, and is looked at as a
 * stranger's.
 */
#ifndef CHECKPW_MYSQL_WORKER_H
#define CHECKPW_MYSQL_WORKER_H

#include "client.h"

/*
 * Asks `server`. The row, which is set with CLIENT_ROW only, lies in registered memory: it is gone
 * with secret_wipe_all, and with the next call. With `after`, a statement for later, the worker
 * stays until worker_end.
 */
enum client_answer worker_ask(const struct server *server, const struct query *query,
			      const struct query *after, const struct client_values *values,
			      const struct row **row, struct text *why);

/* Has the statement for later carried out. False with `why` set. */
bool worker_tell(struct text *why);

/* Ends the worker, if there is one, and waits for its end. */
void worker_end(void);

#endif
