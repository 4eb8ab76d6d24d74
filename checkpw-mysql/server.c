#include "server.h"

#include "scan.h"

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
#define ADDRESS_BYTES "0123456789abcdefABCDEF:."

static bool consists_of(struct span text, const char *allowed)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '\0' || strchr(allowed, text.at[i]) == NULL)
			return false;
	}
	return text.length != 0;
}

static bool take_path(struct span text, struct server *server)
{
	if (text.length >= sizeof(server->path) || memchr(text.at, '\0', text.length) != NULL)
		return false;
	memcpy(server->path, text.at, text.length);
	return true;
}

static bool take_host(struct span host, const char *allowed, struct server *server)
{
	if (host.length >= sizeof(server->host) || !consists_of(host, allowed))
		return false;
	memcpy(server->host, host.at, host.length);
	return true;
}

static bool take_port(struct span text, struct server *server)
{
	uint64_t port;

	if (!scan_number(&text, 65535, &port) || text.length != 0 || port == 0)
		return false;
	server->port = (unsigned)port;
	return true;
}

static bool parse(struct span text, struct server *server)
{
	struct span rest = text, host;

	*server = (struct server){ .port = SERVER_PORT };
	if (span_begins(text, "/"))
		return take_path(text, server);
	if (scan_literal(&rest, "["))
		return scan_until(&rest, ']', &host) && take_host(host, ADDRESS_BYTES, server) &&
		       (rest.length == 0 || (scan_literal(&rest, ":") && take_port(rest, server)));
	if (scan_until(&rest, ':', &host))
		return take_host(host, HOST_BYTES, server) && take_port(rest, server);
	return take_host(text, HOST_BYTES, server);
}

static bool separates(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

/* Cuts the next word off `rest`; empty at the end. */
static struct span next_word(struct span *rest)
{
	struct span word;
	size_t length = 0;

	while (rest->length != 0 && separates(rest->at[0]))
		*rest = span_from(*rest, 1);
	while (length < rest->length && !separates(rest->at[length]))
		length++;
	word = (struct span){ rest->at, length };
	*rest = span_from(*rest, length);
	return word;
}

bool servers_parse(struct span list, struct servers *servers, struct text *why)
{
	struct span word;

	servers->count = 0;
	while ((word = next_word(&list)).length != 0) {
		if (servers->count == SERVERS_MAX) {
			text_join(why, "servers names more than ");
			text_add_number(why, SERVERS_MAX);
			return false;
		}
		if (!parse(word, &servers->at[servers->count])) {
			text_join(why, "servers: ");
			text_add_quoted(why, word, SERVER_HOST_BYTES);
			text_add(why, " is neither host, host:port, [IPv6]:port nor /path");
			return false;
		}
		servers->count++;
	}
	if (servers->count == 0)
		text_join(why, "servers names none");
	return servers->count != 0;
}

void server_name(const struct server *server, struct text *text)
{
	bool bracketed = strchr(server->host, ':') != NULL;

	if (server->path[0] != '\0') {
		text_add(text, server->path);
		return;
	}
	text_add(text, bracketed ? "[" : "");
	text_add(text, server->host);
	text_add(text, bracketed ? "]:" : ":");
	text_add_number(text, server->port);
}
