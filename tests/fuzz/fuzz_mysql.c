/*
 * What checkpw-mysql takes apart. The first byte chooses: 0 a list of servers, 1 a query behind a
 * line with a domain, 2 a row, as a hostile process hands it back, 3 a login behind a line with the
 * default domain, 4 the same as vpopmail has it.
 */
#include "fuzz.h"

/* Each source has its own `add`, `parse`, `take` and the like; they meet here. */
#define consists_of server_consists_of
#define take_path server_take_path
#define parse server_parse
#include "../../checkpw-mysql/server.c"
#undef take_path
#undef parse
#include "../../checkpw-mysql/query.c"
#define object row_object
#include "../../checkpw-mysql/row.c"
#undef object
#include "../../checkpw-mysql/name.c"

#include <assert.h>
#include <stdlib.h>

static void check_host(const struct server *server)
{
	assert((server->host[0] == '\0') != (server->path[0] == '\0'));
	assert(server->path[0] == '\0' || server->path[0] == '/');
	/* What the client library takes for more than a host. */
	assert(strpbrk(server->host, ";=/,@ \t") == NULL);
	assert(server->port >= 1 && server->port <= 65535);
}

static void parse_servers(struct span input)
{
	static struct servers servers, again;
	struct text why, name;

	if (!servers_parse(input, &servers, &why)) {
		assert(why.length != 0);
		return;
	}
	assert(servers.count >= 1 && servers.count <= SERVERS_MAX);
	for (size_t i = 0; i < servers.count; i++) {
		check_host(&servers.at[i]);
		/* Its name is one that would be taken for it. */
		text_clear(&name);
		server_name(&servers.at[i], &name);
		assert(servers_parse(span_of(name.bytes), &again, &why) && again.count == 1);
		assert(strcmp(again.at[0].host, servers.at[i].host) == 0);
		assert(strcmp(again.at[0].path, servers.at[i].path) == 0);
		assert(again.at[0].port == servers.at[i].port);
	}
}

/* How many question marks are no part of a quoted text or a comment. */
static size_t marks_of(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++) {
		if (strchr("'\"`", *text) != NULL) {
			text = strchr(text + 1, *text);
			assert(text != NULL);
		} else if (strncmp(text, "/*", 2) == 0) {
			text = strstr(text + 2, "*/");
			assert(text != NULL);
			text++;
		} else {
			assert(*text != ';' && *text != '#' && strncmp(text, "--", 2) != 0);
			count += *text == '?';
		}
	}
	return count;
}

/* The text with a NUL behind it, as configuration_read leaves it. */
static const char *ended(struct span text)
{
	static char copy[2 * QUERY_MAX_BYTES];
	size_t length = text.length < sizeof(copy) ? text.length : sizeof(copy) - 1;

	memcpy(copy, text.at, length);
	copy[length] = '\0';
	return copy;
}

static void parse_query(struct span input)
{
	static struct query query;
	static char domain[LOGIN_MAX_BYTES];
	struct span line;
	struct text why;

	if (!scan_until(&input, '\n', &line) || !span_copy(line, domain, sizeof(domain)))
		return;
	memset(&query, 0xff, sizeof(query));
	if (!query_parse(ended(input), domain[0] != '\0' ? domain : NULL, &query, &why)) {
		assert(why.length != 0);
		return;
	}
	assert(query.length == strlen(query.text) && query.length < sizeof(query.text));
	assert(query.parameter_count <= QUERY_PARAMETERS_MAX);
	assert(marks_of(query.text) == query.parameter_count);
	assert(strchr(query.text, '\\') == NULL);
	for (size_t i = 0; i < query.parameter_count; i++)
		assert((unsigned)query.parameters[i] < PARAMETER_COUNT);
}

static void check_part(const struct row *row, struct span part, enum column column)
{
	const char *begin = row->text + place(column);

	assert(part.at == NULL || (part.at == begin && part.length <= column_max_bytes(column)));
	assert(part.at != NULL || part.length == 0);
}

static void read_row(struct span input)
{
	/* From the heap, so that a byte behind it is seen. */
	struct row *row = malloc(sizeof(*row));
	struct row_account account;
	struct text why;
	size_t length = input.length < sizeof(*row) ? input.length : sizeof(*row);

	assert(row != NULL);
	memset(row, 0, sizeof(*row));
	memcpy(row, input.at, length);
	memset(&account, 0xff, sizeof(account));
	text_clear(&why);
	if (row_read(row, &account, &why)) {
		assert(account.login.at != NULL);
		assert(account.password.at != NULL || account.clear.length != 0);
		check_part(row, account.login, COLUMN_LOGIN);
		check_part(row, account.password, COLUMN_PASSWORD);
		check_part(row, account.clear, COLUMN_CLEAR);
		check_part(row, account.home, COLUMN_HOME);
		check_part(row, account.shell, COLUMN_SHELL);
		assert(account.uid != (uid_t)-1 && account.gid != (gid_t)-1);
	} else {
		assert(strncmp(why.bytes, "column ", 7) == 0);
	}
	free(row);
}

static void parse_name(struct span input, bool as_vpopmail)
{
	static char domain[CONFIGURATION_TEXT_BYTES];
	struct span line;
	struct name name;

	if (!scan_until(&input, '\n', &line) || !span_copy(line, domain, sizeof(domain)) ||
	    !name_parse(input, as_vpopmail, domain, &name))
		return;
	assert(name.user[0] != '\0' && name_is(&name, span_of(name.login), true));
	assert(strncmp(name.login, name.user, strlen(name.user)) == 0);
	assert(strlen(name.login) ==
	       strlen(name.user) + (name.domain[0] != '\0') + strlen(name.domain));
	assert(as_vpopmail || memchr(input.at, '\0', input.length) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { (const char *)data + 1, size - 1 };

	if (size < 2)
		return 0;
	switch (data[0] & 7) {
	case 0:
		parse_servers(input);
		break;
	case 1:
		parse_query(input);
		break;
	case 2:
		read_row(input);
		break;
	case 3:
	case 4:
		parse_name(input, (data[0] & 7) == 4);
		break;
	}
	return 0;
}
