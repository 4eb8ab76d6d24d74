/* What the database is asked. */
#include "query.h"

#include "unit.h"

static struct {
	const char *name;
	const char *text;
	const char *domain;     /* for :table; or NULL */
	const char *query;      /* NULL: refused */
	const char *parameters; /* l u d s r, in their order; or why it is refused */
} rows[] = {
	{ "query: no parameter", "SELECT 1", NULL, "SELECT 1", "" },
	{ "query: empty", "", NULL, "", "" },
	{ "query: all of them", ":login :user :domain :service :remote-ip", NULL, "? ? ? ? ?",
	  "ludsr" },
	{ "query: one of them twice", ":user,:user", NULL, "?,?", "uu" },
	{ "query: at the end", "a=:login", NULL, "a=?", "l" },
	{ "query: before a parenthesis", "f(:login)", NULL, "f(?)", "l" },
	{ "query: in front of a minus", ":user -1", NULL, "? -1", "u" },
	{ "query: an assignment", "@a:=:login", NULL, "@a:=?", "l" },
	{ "query: a colon that names nothing", "a : b :", NULL, "a : b :", "" },
	{ "query: a capital behind the colon", ":Login", NULL, ":Login", "" },
	{ "query: in quotes", "':login' :user", NULL, "':login' ?", "u" },
	{ "query: in double quotes", "\":login\":user", NULL, "\":login\"?", "u" },
	{ "query: in backquotes", "`:login`:user", NULL, "`:login`?", "u" },
	{ "query: in a comment", "/* :login ? ; */:user", NULL, "/* :login ? ; */?", "u" },
	{ "query: a quote in a comment", "/* ' */:user", NULL, "/* ' */?", "u" },
	{ "query: a comment in quotes", "'/*':user'*/'", NULL, "'/*'?'*/'", "u" },
	{ "query: a quote written twice", "'it''s :login':user", NULL, "'it''s :login'?", "u" },
	{ "query: other quotes in quotes", "'\"`':user", NULL, "'\"`'?", "u" },
	{ "query: what is refused, in quotes", "'? ; # -- /*!'", NULL, "'? ; # -- /*!'", "" },
	{ "query: a comment without space", "/**/:user", NULL, "/**/?", "u" },
	{ "query: a star and a slash between", "/*/:user*/", NULL, "/*/:user*/", "" },
	{ "query: one minus, a division", "a - b / c", NULL, "a - b / c", "" },
	{ "query: a table", "FROM :table x", "a.b-c1", "FROM `a_b_c1` x", "" },
	{ "query: a table of odd bytes", "FROM :table", "a`b;c'd\\e", "FROM `a_b_c_d_e`", "" },
	{ "query: a parameter that is none", "a = :name", NULL, NULL, ":\"name\" is no parameter" },
	{ "query: more than a name", ":logins", NULL, NULL, ":\"logins\" is no parameter" },
	{ "query: less than a name", ":log", NULL, NULL, ":\"log\" is no parameter" },
	{ "query: a minus behind a name", ":login-1", NULL, NULL, ":\"login-\" is no parameter" },
	{ "query: a table without a domain", "FROM :table", NULL, NULL,
	  ":\"table\" is no parameter" },
	{ "query: a question mark", "a = ?", NULL, NULL, "holds a ?: write :login" },
	{ "query: a semicolon", "a;", NULL, NULL, "holds a semicolon" },
	{ "query: # comment", "a # b", NULL, NULL, "holds a comment to the end of the line" },
	{ "query: -- comment", "a --b", NULL, NULL, "holds a comment to the end of the line" },
	{ "query: MySQL's comment", "/*!50000 a */", NULL, NULL,
	  "holds a comment that servers carry out" },
	{ "query: MariaDB's comment", "/*M! a */", NULL, NULL,
	  "holds a comment that servers carry out" },
	{ "query: a backslash", "'\\''", NULL, NULL, "holds a backslash" },
	{ "query: a backslash in a comment", "/* \\ */", NULL, NULL, "holds a backslash" },
	{ "query: an open quote", "'a", NULL, NULL, "has a quote or a comment without an end" },
	{ "query: an open double quote", "\"a'", NULL, NULL,
	  "has a quote or a comment without an end" },
	{ "query: an open backquote", "a`", NULL, NULL, "has a quote or a comment without an end" },
	{ "query: an open comment", "/* a *", NULL, NULL,
	  "has a quote or a comment without an end" },
	{ "query: a comment that ends in its beginning", "/*/", NULL, NULL,
	  "has a quote or a comment without an end" },
};

static struct query query;
static struct text why;

static void takes_apart(void **state)
{
	__typeof__(rows[0]) *row = *state;
	bool taken;

	memset(&query, 'x', sizeof(query));
	taken = query_parse(row->text, row->domain, &query, &why);
	assert_int_equal(taken, row->query != NULL);
	if (!taken) {
		assert_string_equal(why.bytes, row->parameters);
		return;
	}
	assert_string_equal(why.bytes, "");
	assert_string_equal(query.text, row->query);
	assert_int_equal(query.length, strlen(row->query));
	assert_int_equal(query.parameter_count, strlen(row->parameters));
	for (size_t i = 0; i < query.parameter_count; i++)
		assert_int_equal(parameter_names[query.parameters[i]][0], row->parameters[i]);
	assert_int_equal(query.names_table, strstr(row->text, ":table") != NULL);
}

static void bounds_the_length(void **state)
{
	static char text[QUERY_MAX_BYTES + 6];

	(void)state;
	memset(text, 'a', QUERY_MAX_BYTES - 1);
	assert_true(query_parse(text, NULL, &query, &why));
	assert_int_equal(query.length, QUERY_MAX_BYTES - 1);
	text[QUERY_MAX_BYTES - 1] = 'a';
	assert_false(query_parse(text, NULL, &query, &why));
	assert_string_equal(why.bytes, "is too long, or has too many parameters");
	memcpy(text + QUERY_MAX_BYTES - 8, ":table", 7);
	assert_true(query_parse(text, "dddd", &query, &why));
	for (const char *domain = "dddddddddddd"; strlen(domain) > 5; domain++)
		assert_false(query_parse(text, domain, &query, &why));
	memset(text + QUERY_MAX_BYTES - 8, 'a', 7);
	memcpy(text + QUERY_MAX_BYTES - 1, ":table", 7);
	assert_false(query_parse(text, "d", &query, &why));
	memset(text, 'q', 8);
	text[0] = text[QUERY_MAX_BYTES - 9] = '\'';
	memcpy(text + QUERY_MAX_BYTES - 8, "aaaaaaaa", 9);
	assert_false(query_parse(text, NULL, &query, &why));
}

static void bounds_the_parameters(void **state)
{
	struct text text;

	(void)state;
	text_clear(&text);
	for (int i = 0; i < QUERY_PARAMETERS_MAX; i++)
		text_add(&text, ":user,");
	assert_true(query_parse(text.bytes, NULL, &query, &why));
	assert_int_equal(query.parameter_count, QUERY_PARAMETERS_MAX);
	text_add(&text, ":user");
	assert_false(query_parse(text.bytes, NULL, &query, &why));
	assert_string_equal(why.bytes, "is too long, or has too many parameters");
}

/* Each schema has a query that can be taken apart, for any domain that a login may have. */
static void knows_the_schemas(void **state)
{
	static char domain[512];

	(void)state;
	assert_null(schema_query(SCHEMA_NONE));
	assert_null(schema_words[SCHEMA_COUNT]);
	memset(domain, 'a', sizeof(domain) - 1);
	for (enum schema schema = SCHEMA_NONE + 1; schema < SCHEMA_COUNT; schema++) {
		assert_non_null(schema_words[schema]);
		assert_true(query_parse(schema_query(schema), domain, &query, &why));
		assert_true(query.parameter_count > 0);
		assert_int_equal(query.names_table, schema == SCHEMA_VPOPMAIL_SINGLE_DOMAIN);
		assert_int_equal(schema_is_vpopmail(schema),
				 strncmp(schema_words[schema], "vpopmail", 8) == 0);
		assert_int_equal(schema_is_of_hashes(schema),
				 schema_is_vpopmail(schema) || schema == SCHEMA_COURIER);
	}
	assert_false(schema_is_vpopmail(SCHEMA_NONE) || schema_is_of_hashes(SCHEMA_NONE));
}

int main(void)
{
	UNIT_ROWS(rows, takes_apart);
	UNIT_TEST(bounds_the_length);
	UNIT_TEST(bounds_the_parameters);
	UNIT_TEST(knows_the_schemas);
	return unit_run();
}
