#include "client.h"

#include "secret.h"
#include "settings.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#if __has_include(<ma_pvio.h>)
#include <ma_pvio.h>
#endif

#define PAGE_BYTES 4096
#define HEAP_BYTES (14UL * PAGE_BYTES)
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* of Linux 5.14; older headers do not have it */
#endif

static MYSQL *connection;
static MYSQL_STMT *statement; /* the last one */

/* Of these the server learns nothing that it could use elsewhere. */
#define PROOFS "mysql_native_password,client_ed25519"
/* These give it the password, in TLS or encrypted for a key that it says itself. */
#define CONFIDENCES "caching_sha2_password,sha256_password"

/* For database accounts of another kind than mysql_native_password. The number of a plugin that
 * cannot be loaded is that of a denied access. */
static const char *advice(unsigned number, const char *message)
{
	if (number == CR_PLUGIN_NOT_ALLOWED)
		return ": this kind of account needs a socket or tls = verify";
	if (strstr(message, "failed to map") != NULL)
		return ": its libraries need more memory than the hard limit allows";
	if (strstr(message, "could not be loaded") != NULL)
		return ": its file is missing, or a build with LINK=dynamic is needed";
	return "";
}

static bool fail(struct text *why, unsigned number, const char *message)
{
	text_join(why, message, " (");
	text_add_number(why, number);
	text_add(why, ")");
	text_add(why, advice(number, message));
	return false;
}

/*
 * ma_tls.h: set once OpenSSL is ready, which costs a third of a login. A library that does not
 * show it gets it ready.
 */
extern my_bool ma_tls_initialized __attribute__((weak));
#pragma weak mysql_port

static bool uses_tls(const struct server *server)
{
	/* A socket is not left by what goes through it. */
	return settings.tls != TLS_OFF && server->path[0] == '\0';
}

/* Whether it cannot be another server that answers. */
static bool is_known(const struct server *server)
{
	return server->path[0] != '\0' || settings.tls == TLS_VERIFY;
}

static const char *path_or_null(const char *path)
{
	return path[0] != '\0' ? path : NULL;
}

static bool set_tls(void)
{
	const my_bool yes = 1, verified = settings.tls == TLS_VERIFY ? 1 : 0;

	return mysql_ssl_set(connection, path_or_null(settings.tls_key),
			     path_or_null(settings.tls_cert), path_or_null(settings.tls_ca), NULL,
			     NULL) == 0 &&
	       mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &yes) == 0 &&
	       mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verified) == 0;
}

/* No time-outs: the parent has them, over all that happens here. */
static bool set_options(const struct server *server)
{
	const unsigned no_local_infile = 0;
	/* The library would take the host "localhost" for a socket of its own choice. */
	const unsigned protocol =
		server->path[0] != '\0' ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

	/* A hostile server could ask for any file that we can read. */
	return mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &no_local_infile) == 0 &&
	       mysql_options(connection, MYSQL_OPT_PROTOCOL, &protocol) == 0 &&
	       mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0 &&
	       mysql_options(connection, MARIADB_OPT_RESTRICTED_AUTH,
			     is_known(server) ? PROOFS "," CONFIDENCES : PROOFS) == 0 &&
	       (!uses_tls(server) || set_tls());
}

static void skip_what_is_not_needed(const struct server *server)
{
	/* Else the library asks services(5), with modules that a static program would load. */
	if (&mysql_port != NULL)
		mysql_port = SERVER_PORT;
	if (!uses_tls(server) && &ma_tls_initialized != NULL)
		ma_tls_initialized = 1;
	/* It sleeps for 1 us when it is connected, of which the kernel would make 50. */
	(void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

/* What the library takes for a login comes in one step rather than in a dozen page faults. */
static void prepare_heap(void)
{
	void *heap = aligned_alloc(PAGE_BYTES, HEAP_BYTES);

	if (heap != NULL)
		(void)madvise(heap, HEAP_BYTES, MADV_POPULATE_WRITE);
	free(heap);
}

bool client_connect(const struct server *server, char *password, struct text *why)
{
	bool connected;

	/* LIBMYSQL_PLUGINS, MARIADB_PLUGIN_DIR, MYSQL_PWD, MYSQL_UNIX_PORT, HOME, OPENSSL_CONF. */
	clearenv();
	skip_what_is_not_needed(server);
	prepare_heap();
	connection = mysql_init(NULL);
	if (connection == NULL || !set_options(server))
		return fail(why, CR_OUT_OF_MEMORY, "the client library cannot be set up");
	connected = mysql_real_connect(connection, path_or_null(server->host), settings.user,
				       password, path_or_null(settings.database), server->port,
				       path_or_null(server->path), 0) != NULL;
	secret_wipe(password, strlen(password));
	if (!connected)
		return fail(why, mysql_errno(connection), mysql_error(connection));
	/* The library goes on without where the server, or who is between, does not offer it. */
	if (uses_tls(server) && mysql_get_ssl_cipher(connection) == NULL)
		return fail(why, CR_SSL_CONNECTION_ERROR, "the server does not offer TLS");
	if (connection->passwd != NULL)
		secret_wipe(connection->passwd, strlen(connection->passwd));
	return true;
}

static bool begin_statement(void)
{
	if (statement != NULL)
		mysql_stmt_close(statement);
	statement = mysql_stmt_init(connection);
	return statement != NULL;
}

void client_close(void)
{
	mysql_close(connection);
	/* After the connection, so that the server need not hear of it. */
	if (statement != NULL)
		mysql_stmt_close(statement);
}

/* Binary strings: the server compares them as the column wants it, and rejects no byte. */
static void bind_values(const struct query *query, const struct client_values *values,
			MYSQL_BIND *binds)
{
	for (size_t i = 0; i < query->parameter_count; i++) {
		char *value = values->of[query->parameters[i]];

		binds[i] = (MYSQL_BIND){
			.buffer_type = MYSQL_TYPE_BLOB,
			.buffer = value,
			.buffer_length = strlen(value),
		};
		binds[i].length = &binds[i].buffer_length;
	}
}

/* One round trip where the server allows it, for the number of parameters is said before. */
static bool execute(const struct query *query, const struct client_values *values)
{
	MYSQL_BIND binds[QUERY_PARAMETERS_MAX];
	unsigned count = (unsigned)query->parameter_count;

	bind_values(query, values, binds);
	return mysql_stmt_attr_set(statement, STMT_ATTR_PREBIND_PARAMS, &count) == 0 &&
	       (count == 0 || mysql_stmt_bind_param(statement, binds) == 0) &&
	       mariadb_stmt_execute_direct(statement, query->text, query->length) == 0;
}

/* Where the columns of the answer go. */
struct sinks {
	MYSQL_BIND binds[COLUMN_COUNT];
	enum column columns[COLUMN_COUNT];
	unsigned long lengths[COLUMN_COUNT];
	my_bool nulls[COLUMN_COUNT];
	unsigned count;
};

static bool add_sink(struct sinks *sinks, const char *name, struct row *row, struct text *why)
{
	enum column column = column_find(name);
	unsigned at = sinks->count;

	for (unsigned i = 0; column != COLUMN_COUNT && i < at; i++) {
		if (sinks->columns[i] == column) {
			text_join(why, "column ", column_name(column), " comes twice");
			return false;
		}
	}
	if (column == COLUMN_COUNT) {
		text_join(why, "column ");
		text_add_quoted(why, span_of(name), 64);
		text_add(why, " is none that is known");
		return false;
	}
	sinks->columns[at] = column;
	sinks->binds[at] = (MYSQL_BIND){
		.buffer_type = MYSQL_TYPE_STRING,
		.buffer = row_place(row, column),
		.buffer_length = column_max_bytes(column) + 1,
		.length = &sinks->lengths[at],
		.is_null = &sinks->nulls[at],
	};
	sinks->count++;
	return true;
}

static bool take_columns(MYSQL_RES *result, struct sinks *sinks, struct row *row, struct text *why)
{
	MYSQL_FIELD *field;

	sinks->count = 0;
	while ((field = mysql_fetch_field(result)) != NULL) {
		if (!add_sink(sinks, field->name, row, why))
			return false;
	}
	return true;
}

static void note_lengths(const struct sinks *sinks, struct row *row)
{
	for (unsigned i = 0; i < sinks->count; i++) {
		enum column column = sinks->columns[i];

		row->state[column] = sinks->nulls[i] ? COLUMN_NULL : COLUMN_TEXT;
		row->length[column] =
			sinks->lengths[i] < UINT32_MAX ? (uint32_t)sinks->lengths[i] : UINT32_MAX;
	}
}

static enum client_answer fetch(struct row *row, struct text *why)
{
	MYSQL_RES *columns = mysql_stmt_result_metadata(statement);
	struct sinks sinks;
	bool known;
	int fetched;

	if (columns == NULL) {
		text_join(why, "the query has no answer");
		return CLIENT_BAD_ANSWER;
	}
	known = take_columns(columns, &sinks, row, why);
	mysql_free_result(columns);
	if (!known)
		return CLIENT_BAD_ANSWER;
	if (mysql_stmt_bind_result(statement, sinks.binds) != 0)
		return CLIENT_SERVER_FAILED;
	fetched = mysql_stmt_fetch(statement);
	if (fetched == MYSQL_NO_DATA)
		return CLIENT_NO_ROW;
	if (fetched == 1)
		return CLIENT_SERVER_FAILED;
	note_lengths(&sinks, row);
	fetched = mysql_stmt_fetch(statement);
	if (fetched == 1)
		return CLIENT_SERVER_FAILED;
	if (fetched == MYSQL_NO_DATA)
		return CLIENT_ROW;
	text_join(why, "more than one row");
	return CLIENT_BAD_ANSWER;
}

static bool explain_failure(struct text *why)
{
	return statement != NULL
		       ? fail(why, mysql_stmt_errno(statement), mysql_stmt_error(statement))
		       : fail(why, mysql_errno(connection), mysql_error(connection));
}

/* A stranger wrote the name: that there is no such table, or none of users, is an answer. */
static bool is_no_domain(const struct query *query, unsigned number)
{
	return query->names_table && (number == ER_NO_SUCH_TABLE || number == ER_WRONG_TABLE_NAME ||
				      number == ER_TOO_LONG_IDENT || number == ER_BAD_FIELD_ERROR);
}

/*
 * The library keeps what it received, and with a statement for later this process outlives the
 * answer by the length of a penalty.
 */
static void forget_answer(void)
{
	const NET *net = &connection->net;

	if (net->buff != NULL)
		secret_wipe(net->buff, (size_t)(net->buff_end - net->buff));
#ifdef PVIO_READ_AHEAD_CACHE_SIZE
	/* Unless there is something in it that nobody has read. */
	if (net->pvio != NULL && net->pvio->cache != NULL &&
	    net->pvio->cache_pos >= net->pvio->cache + net->pvio->cache_size)
		secret_wipe(net->pvio->cache, PVIO_READ_AHEAD_CACHE_SIZE);
#endif
}

enum client_answer client_ask(const struct query *query, const struct client_values *values,
			      struct row *row, struct text *why)
{
	enum client_answer answer = CLIENT_SERVER_FAILED;

	text_clear(why);
	if (begin_statement() && execute(query, values))
		answer = fetch(row, why);
	else if (statement != NULL && is_no_domain(query, mysql_stmt_errno(statement)))
		answer = CLIENT_NO_ROW;
	if (answer == CLIENT_SERVER_FAILED)
		(void)explain_failure(why);
	forget_answer();
	return answer;
}

bool client_tell(const struct query *query, const struct client_values *values, struct text *why)
{
	return (begin_statement() && execute(query, values)) || explain_failure(why);
}
