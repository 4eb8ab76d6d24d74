#include "settings.h"

#include "file.h"
#include "layout.h"
#include "query.h"
#include "secret.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define NOBODY 65534
#define TLS_FILE_MAX_BYTES (1024L * 1024) /* all the authorities of a distribution are 220 KB */

static const char *const order_words[] = { "listed", "random", NULL };
static const char *const tls_words[] = {
	[TLS_OFF] = "off", [TLS_REQUIRE] = "require", [TLS_VERIFY] = "verify", NULL
};
static const char *const case_words[] = { "fold", "exact", NULL };

LAYOUT_SECRET char settings_password[CONFIGURATION_TEXT_BYTES];
static struct secret_region region = { .base = settings_password,
				       .size = sizeof(settings_password) };

struct settings settings = {
	.servers_list = "/run/mysqld/mysqld.sock",
	.connect_timeout = 3,
	.query_timeout = 5,
	.worker_uid = NOBODY,
	.worker_gid = NOBODY,
};

const struct configuration_key settings_keys[] = {
	{ "servers", CONFIGURATION_TEXT, settings.servers_list, 0, 0, NULL },
	{ "order", CONFIGURATION_WORD, &settings.order, 0, 0, order_words },
	{ "connect-timeout", CONFIGURATION_NUMBER, &settings.connect_timeout, 1, 60, NULL },
	{ "query-timeout", CONFIGURATION_NUMBER, &settings.query_timeout, 1, 60, NULL },
	{ "user", CONFIGURATION_TEXT, settings.user, 0, 0, NULL },
	{ "password", CONFIGURATION_TEXT, settings_password, 0, 0, NULL },
	{ "password-file", CONFIGURATION_PATH, settings.password_file, 0, 0, NULL },
	{ "database", CONFIGURATION_TEXT, settings.database, 0, 0, NULL },
	{ "tls", CONFIGURATION_WORD, &settings.tls, 0, 0, tls_words },
	{ "tls-ca", CONFIGURATION_PATH, settings.tls_ca, 0, 0, NULL },
	{ "tls-cert", CONFIGURATION_PATH, settings.tls_cert, 0, 0, NULL },
	{ "tls-key", CONFIGURATION_PATH, settings.tls_key, 0, 0, NULL },
	{ "schema", CONFIGURATION_WORD, &settings.schema, 0, 0, schema_words },
	{ "query", CONFIGURATION_TEXT, settings.query, 0, 0, NULL },
	{ "after-login", CONFIGURATION_TEXT, settings.after_login, 0, 0, NULL },
	{ "default-domain", CONFIGURATION_TEXT, settings.default_domain, 0, 0, NULL },
	{ "case", CONFIGURATION_WORD, &settings.login_case, 0, 0, case_words },
	{ "become", CONFIGURATION_FLAG, &settings.become, 0, 0, NULL },
	{ "uid", CONFIGURATION_NUMBER, &settings.uid, 0, INT_MAX, NULL },
	{ "gid", CONFIGURATION_NUMBER, &settings.gid, 0, INT_MAX, NULL },
	{ "home-base", CONFIGURATION_PATH, settings.home_base, 0, 0, NULL },
	{ "worker-uid", CONFIGURATION_NUMBER, &settings.worker_uid, 1, INT_MAX, NULL },
	{ "worker-gid", CONFIGURATION_NUMBER, &settings.worker_gid, 1, INT_MAX, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static bool object(struct text *why, const char *objection)
{
	text_join(why, "checkpw-mysql.conf: ", objection);
	return false;
}

/* The first line of the file is the password. */
static bool read_password(struct text *why)
{
	struct file_lines lines;
	struct span line = { 0 };
	enum file_line kind;
	int descriptor;

	if (settings.password_file[0] == '\0')
		return true;
	if (settings_password[0] != '\0')
		return object(why, "password and password-file are both set");
	descriptor = file_open(settings.password_file, FILE_TRUST_SECRET, NULL, why);
	if (descriptor == -1)
		return false;
	file_lines_begin(&lines, descriptor);
	kind = file_lines_next(&lines, &line);
	if (kind == FILE_LINE && line.length != 0 && line.length < sizeof(settings_password))
		memcpy(settings_password, line.at, line.length);
	else
		text_join(why, settings.password_file, ": no password in its first line");
	close(descriptor);
	return settings_password[0] != '\0';
}

/*
 * The client library opens these files by name, without the privileges that can read them: it
 * gets the name of a copy in memory.
 */
static bool copy_into_memory(char *path, enum file_trust trust, struct text *why)
{
	struct text name;
	char chunk[4096];
	long total = 0;
	ssize_t got = 0;
	int from, copy;

	if (path[0] == '\0' || settings.tls == TLS_OFF)
		return true;
	from = file_open(path, trust, NULL, why);
	if (from == -1)
		return false;
	copy = memfd_create("tls", MFD_CLOEXEC);
	while (copy != -1 && total <= TLS_FILE_MAX_BYTES &&
	       (got = read(from, chunk, sizeof(chunk))) > 0 &&
	       write(copy, chunk, (size_t)got) == got)
		total += got;
	secret_wipe(chunk, sizeof(chunk));
	if (copy == -1 || got != 0)
		text_join(why, path, ": cannot be copied: ",
			  total > TLS_FILE_MAX_BYTES ? "too large" : text_of_errno(errno));
	close(from);
	text_join(&name, "/proc/self/fd/");
	text_add_number(&name, copy);
	memcpy(path, name.bytes, name.length + 1);
	return copy != -1 && got == 0;
}

static bool check_tls(struct text *why)
{
	if (settings.tls == TLS_VERIFY && settings.tls_ca[0] == '\0')
		return object(why, "tls = verify needs tls-ca");
	if ((settings.tls_cert[0] == '\0') != (settings.tls_key[0] == '\0'))
		return object(why, "tls-cert and tls-key need each other");
	return copy_into_memory(settings.tls_ca, FILE_TRUST_OWN, why) &&
	       copy_into_memory(settings.tls_cert, FILE_TRUST_OWN, why) &&
	       copy_into_memory(settings.tls_key, FILE_TRUST_SECRET, why);
}

static bool check_query(const char *key, const char *text, const char *domain, struct text *why)
{
	struct query query;
	struct text objection;

	if (text[0] == '\0' || query_parse(text, domain, &query, &objection))
		return true;
	text_join(why, "checkpw-mysql.conf: ", key, " ", objection.bytes);
	return false;
}

static bool check_queries(struct text *why)
{
	if (settings.user[0] == '\0')
		return object(why, "user is not set");
	if ((settings.schema == SCHEMA_NONE) == (settings.query[0] == '\0'))
		return object(why, "one of schema and query must be set");
	return check_query("query", settings.query, NULL, why) &&
	       check_query("after-login", settings.after_login, NULL, why);
}

/* Whether the list is in an order that chance chose; if there is no chance, as it is written. */
static void shuffle(struct servers *servers)
{
	unsigned char chance[SERVERS_MAX];

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
		return;
	for (size_t i = servers->count; i > 1; i--) {
		size_t j = chance[i - 1] % i;
		struct server moved = servers->at[i - 1];

		servers->at[i - 1] = servers->at[j];
		servers->at[j] = moved;
	}
}

bool settings_complete(struct text *why)
{
	struct text objection;

	secret_register(&region);
	region.dirty = sizeof(settings_password);
	if (!check_queries(why))
		return false;
	if (!servers_parse(span_of(settings.servers_list), &settings.servers, &objection))
		return object(why, objection.bytes);
	if (settings.order == 1)
		shuffle(&settings.servers);
	return read_password(why) && check_tls(why);
}

const char *settings_query(void)
{
	return settings.query[0] != '\0' ? settings.query
					 : schema_query((enum schema)settings.schema);
}
