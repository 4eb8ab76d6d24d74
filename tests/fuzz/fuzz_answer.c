/*
 * What a worker of checkpw-mysql hands back, when a server has taken it over: the first byte
 * chooses the settings, a line is the login, and the rest is what the channel brings, to its end.
 * With ZEROES it is made as long as an answer is.
 */
#include "fuzz.h"

#include "../../checkpw-mysql/settings.h"
#include "../../checkpw-mysql/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int take_over(int ends[2]);

/* There is no process, only its end of the channel. */
#define socketpair(domain, type, protocol, ends) take_over(ends)
#define fork() 1000000000
#define kill(process, number) 0
#define waitpid(process, status, options) 0
#define region worker_region
#include "../../checkpw-mysql/worker.c"
#undef region
#undef kill
#undef waitpid
#undef fork
#undef socketpair

#include "../../checkpw-mysql/name.c"
#include "../../checkpw-mysql/query.c"
#include "../../checkpw-mysql/row.c"

/* It has variables of the names that parameters of the others have. */
#include "../../checkpw-mysql/mysql_store.c"

enum setting {
	SCHEMA = 7, /* enum schema */
	ENTERS = 1 << 3,
	TELLS_DOVECOT = 1 << 4,
	EXACT = 1 << 5,
	AFTER_LOGIN = 1 << 6,
	ZEROES = 1 << 7,
};

/* ---- in the place of what is not fuzzed ---- */

struct settings settings = { .connect_timeout = 1, .query_timeout = 1 };
char settings_password[CONFIGURATION_TEXT_BYTES];
const struct configuration_key settings_keys[1];

bool settings_complete(struct text *why)
{
	(void)why;
	return true;
}

const char *settings_query(void)
{
	return settings.schema != SCHEMA_NONE ? schema_query((enum schema)settings.schema)
					      : "SELECT :login";
}

void server_name(const struct server *server, struct text *text)
{
	(void)server;
	text_add(text, "server");
}

/* These are the child's. */
bool client_connect(const struct server *server, char *password, struct text *why)
{
	(void)server, (void)password, (void)why;
	abort();
}

enum client_answer client_ask(const struct query *query, const struct client_values *values,
			      struct row *row, struct text *why)
{
	(void)query, (void)values, (void)row, (void)why;
	abort();
}

bool client_tell(const struct query *query, const struct client_values *values, struct text *why)
{
	(void)query, (void)values, (void)why;
	abort();
}

void client_close(void)
{
	abort();
}

/* ---- the channel ---- */

static struct span brought;
static int far_end = -1; /* it hears, too: the word for after-login */

static int take_over(int ends[2])
{
	assert((socketpair)(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	far_end = dup(ends[1]);
	assert(send(far_end, brought.at, brought.length, 0) == (ssize_t)brought.length);
	assert(shutdown(far_end, SHUT_WR) == 0);
	return 0;
}

static struct span with_zeroes(struct span input, bool wanted)
{
	static char bytes[1 + 2 * sizeof(struct report)];
	size_t whole = 1 + sizeof(struct report);
	size_t length = input.length < sizeof(bytes) ? input.length : sizeof(bytes);

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, input.at, length);
	return (struct span){ bytes, wanted && length < whole ? whole : length };
}

/* ---- what must be true of it ---- */

static bool is_within(struct span part, const void *base, size_t size)
{
	const char *begin = base;

	return part.at >= begin && part.at + part.length <= begin + size;
}

/* What secret_wipe_all will wipe. */
static bool is_registered(struct span part)
{
	return is_within(part, &secrets, sizeof(secrets)) ||
	       is_within(part, &report, sizeof(report));
}

static void check_found(struct span secret)
{
	struct report claimed;

	/* No login without a whole answer that says so, with that login's row. */
	assert(brought.length >= 1 + sizeof(claimed));
	memcpy(&claimed, brought.at + 1, sizeof(claimed));
	assert(claimed.answer == CLIENT_ROW);
	assert(claimed.row.state[COLUMN_LOGIN] == COLUMN_TEXT);
	assert(claimed.row.length[COLUMN_LOGIN] == strlen(name.login));
	assert((settings.login_case == 1 ? strncmp : strncasecmp)(claimed.row.text, name.login,
								  strlen(name.login)) == 0);

	assert(secret.length == 0 || is_registered(secret));
	assert(found.clear.at == NULL || is_registered(found.clear));
	if (!enters && !tells_dovecot)
		return;
	assert(memchr(home, '\0', sizeof(home)) != NULL);
	assert(memchr(shell, '\0', sizeof(shell)) != NULL);
	assert(account.uid != 0 || found.has_uid);
	assert(account.gid != 0 || found.has_gid);
	assert(account.uid != (uid_t)-1 && account.gid != (gid_t)-1);
}

static bool is_zero(const void *bytes, size_t size)
{
	const char *at = bytes;

	return size == 0 || (at[0] == 0 && memcmp(at, at + 1, size - 1) == 0);
}

static void set(unsigned chosen)
{
	settings.schema = chosen & SCHEMA;
	settings.login_case = (chosen & EXACT) != 0;
	settings.servers.count = 1;
	strcpy(settings.after_login, chosen & AFTER_LOGIN ? "DO 1" : "");
	strcpy(settings.default_domain, "a.org");
	enters = chosen & ENTERS;
	tells_dovecot = chosen & TELLS_DOVECOT;
	memset(&found, 0, sizeof(found));
	memset(&report, 0, sizeof(report));
	text_clear(&failures);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { (const char *)data, size }, login, secret = { 0 };
	struct text why;
	const char *newline = size != 0 ? memchr(data, '\n', size) : NULL;

	if (newline == NULL || newline == input.at)
		return 0;
	login = (struct span){ input.at + 1, (size_t)(newline - input.at) - 1 };
	set(data[0]);
	brought = with_zeroes(span_from(input, login.length + 2), data[0] & ZEROES);
	text_clear(&why);
	switch (find(login, &secret, &why)) {
	case STORE_FOUND:
		check_found(secret);
		(void)accepted(NULL, &why);
		break;
	case STORE_ABSENT:
		break;
	case STORE_TROUBLE:
		assert(why.length < sizeof("server: ") + sizeof(report.why));
		break;
	}
	worker_end();
	if (far_end != -1)
		close(far_end);
	far_end = -1;
	secret_wipe_all();
	assert(is_zero(&report, sizeof(report)));
	return 0;
}
