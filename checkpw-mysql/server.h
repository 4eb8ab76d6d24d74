/*
 * server - where a database server is: a socket's path, or a host and a port.
 *
 * Pure. The client library takes a host text with ';', '=' or "://" for more than a host, so
 * what may be in one is decided here.
 */
#ifndef CHECKPW_MYSQL_SERVER_H
#define CHECKPW_MYSQL_SERVER_H

#include "text.h"

#define SERVERS_MAX 16
#define SERVER_HOST_BYTES 256 /* RFC 1035: a name has at most 253 bytes; with the NUL */
#define SERVER_PATH_BYTES 108 /* struct sockaddr_un; with the NUL */
#define SERVER_PORT 3306

struct server {
	char host[SERVER_HOST_BYTES]; /* empty for a socket */
	char path[SERVER_PATH_BYTES]; /* empty for a host */
	unsigned port;
};

struct servers {
	struct server at[SERVERS_MAX];
	size_t count;
};

/*
 * Takes a list apart, of HOST, HOST:PORT, [IPV6], [IPV6]:PORT and /PATH, with blanks or commas
 * between them. False with `why` set if one is none of these, or if there are none or too many.
 */
bool servers_parse(struct span list, struct servers *servers, struct text *why);

/* Adds the server as it is written in such a list. */
void server_name(const struct server *server, struct text *text);

#endif
