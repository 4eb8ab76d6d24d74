#include "query.h"

const char *const parameter_names[PARAMETER_COUNT] = {
	[PARAMETER_LOGIN] = "login",         [PARAMETER_USER] = "user",
	[PARAMETER_DOMAIN] = "domain",       [PARAMETER_SERVICE] = "service",
	[PARAMETER_REMOTE_IP] = "remote-ip",
};

const char *const schema_words[SCHEMA_COUNT + 1] = {
	[SCHEMA_NONE] = "none",
	[SCHEMA_CHECKPW] = "checkpw",
	[SCHEMA_VPOPMAIL] = "vpopmail",
	[SCHEMA_VPOPMAIL_CLEAR] = "vpopmail-clear",
	[SCHEMA_VPOPMAIL_SINGLE_DOMAIN] = "vpopmail-single-domain",
	[SCHEMA_POSTFIXADMIN] = "postfixadmin",
	[SCHEMA_COURIER] = "courier",
	[SCHEMA_ACCOUNTS] = "accounts",
};

static const char *const queries[SCHEMA_COUNT] = {
	[SCHEMA_CHECKPW] = "SELECT login, password, uid, gid, home, disabled, expires"
			   " FROM users WHERE login = :login",
	[SCHEMA_VPOPMAIL] = "SELECT CONCAT(pw_name, '@', pw_domain) AS login,"
			    " pw_passwd AS password, pw_gid AS flags, pw_dir AS home"
			    " FROM vpopmail WHERE pw_name = :user AND pw_domain = :domain",
	[SCHEMA_VPOPMAIL_CLEAR] = "SELECT CONCAT(pw_name, '@', pw_domain) AS login,"
				  " pw_passwd AS password, pw_clear_passwd AS clear,"
				  " pw_gid AS flags, pw_dir AS home"
				  " FROM vpopmail WHERE pw_name = :user AND pw_domain = :domain",
	[SCHEMA_VPOPMAIL_SINGLE_DOMAIN] = "SELECT CONCAT(pw_name, '@', :domain) AS login,"
					  " pw_passwd AS password, pw_gid AS flags, pw_dir AS home"
					  " FROM :table WHERE pw_name = :user",
	/*
	 * Two questions, each with a key; an OR reads the whole table. The login that comes back
	 * has the alias domain that was asked for.
	 */
	[SCHEMA_POSTFIXADMIN] =
		"SELECT CONCAT(m.local_part, '@', m.domain) AS login,"
		" m.password, m.maildir AS home, NOT (m.active AND d.active) AS disabled"
		" FROM mailbox m JOIN domain d ON d.domain = m.domain"
		" WHERE m.username = :login"
		" UNION ALL SELECT CONCAT(m.local_part, '@', a.alias_domain),"
		" m.password, m.maildir, NOT (m.active AND d.active)"
		" FROM alias_domain a"
		" JOIN mailbox m ON m.username = CONCAT(:user, '@', a.target_domain)"
		" JOIN domain d ON d.domain = m.domain"
		" WHERE a.alias_domain = :domain AND a.active",
	[SCHEMA_COURIER] = "SELECT id AS login, crypt AS password, clear, uid, gid, home"
			   " FROM passwd WHERE id = :login",
	[SCHEMA_ACCOUNTS] = "SELECT CONCAT(id, '@', domain) AS login, clearpass AS clear"
			    " FROM accounts WHERE id = :user AND domain = :domain",
};

const char *schema_query(enum schema schema)
{
	return queries[schema];
}

bool schema_is_vpopmail(enum schema schema)
{
	return schema == SCHEMA_VPOPMAIL || schema == SCHEMA_VPOPMAIL_CLEAR ||
	       schema == SCHEMA_VPOPMAIL_SINGLE_DOMAIN;
}

bool schema_is_of_hashes(enum schema schema)
{
	return schema_is_vpopmail(schema) || schema == SCHEMA_COURIER;
}

static bool add(struct query *query, const char *bytes, size_t length)
{
	if (length >= sizeof(query->text) - query->length)
		return false;
	memcpy(query->text + query->length, bytes, length);
	query->length += length;
	query->text[query->length] = '\0';
	return true;
}

/* vpopmail's name for the table of a domain: what is no letter or digit becomes '_'. */
static bool add_table(struct query *query, const char *domain)
{
	if (!add(query, "`", 1))
		return false;
	for (size_t i = 0; domain[i] != '\0'; i++) {
		char byte = domain[i];
		bool kept = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');

		if (!add(query, kept ? &byte : "_", 1))
			return false;
	}
	return add(query, "`", 1);
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || byte == '-';
}

/* `rest` begins behind the colon. */
static bool add_parameter(struct query *query, struct span *rest, const char *domain,
			  struct text *why)
{
	struct span name = { rest->at, 0 };

	while (name.length < rest->length && is_name_byte(rest->at[name.length]))
		name.length++;
	*rest = span_from(*rest, name.length);
	if (span_is(name, "table") && domain != NULL) {
		query->names_table = true;
		return add_table(query, domain);
	}
	for (int i = 0; i < PARAMETER_COUNT; i++) {
		if (!span_is(name, parameter_names[i]))
			continue;
		if (query->parameter_count == QUERY_PARAMETERS_MAX)
			return false;
		query->parameters[query->parameter_count++] = (enum parameter)i;
		return add(query, "?", 1);
	}
	text_join(why, ":");
	text_add_quoted(why, name, 32);
	text_add(why, " is no parameter");
	return false;
}

/* How long a quoted text or a comment at the front of `rest` is; 0 if there is none. */
static size_t quoted_length(struct span rest, bool *ended)
{
	static const struct {
		const char *begin, *end;
	} quotes[] = {
		{ "'", "'" },
		{ "\"", "\"" },
		{ "`", "`" },
		{ "/*", "*/" },
	};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		size_t begin = strlen(quotes[i].begin), end = strlen(quotes[i].end);
		const char *found;

		if (!span_begins(rest, quotes[i].begin))
			continue;
		found = memmem(rest.at + begin, rest.length - begin, quotes[i].end, end);
		*ended = found != NULL;
		return found != NULL ? (size_t)(found + end - rest.at) : rest.length;
	}
	return 0;
}

/* What would be understood in different ways by us and by the server, as its mode may be. */
static const char *objection(struct span rest)
{
	if (span_begins(rest, "?"))
		return "holds a ?: write :login";
	if (span_begins(rest, "#") || span_begins(rest, "--"))
		return "holds a comment to the end of the line";
	if (span_begins(rest, "/*!") || span_begins(rest, "/*M!"))
		return "holds a comment that servers carry out";
	if (span_begins(rest, ";"))
		return "holds a semicolon";
	return NULL;
}

bool query_parse(const char *text, const char *domain, struct query *query, struct text *why)
{
	struct span rest = span_of(text);
	bool ended = true;

	query->length = 0;
	query->text[0] = '\0';
	query->parameter_count = 0;
	query->names_table = false;
	text_join(why, "is too long, or has too many parameters");
	if (strchr(text, '\\') != NULL) { /* an escape or not, as NO_BACKSLASH_ESCAPES says */
		text_join(why, "holds a backslash");
		return false;
	}
	while (rest.length != 0) {
		size_t quoted = quoted_length(rest, &ended);

		if (!ended) {
			text_join(why, "has a quote or a comment without an end");
			return false;
		}
		if (objection(rest) != NULL) {
			text_join(why, objection(rest));
			return false;
		}
		if (quoted == 0 && rest.length > 1 && rest.at[0] == ':' &&
		    is_name_byte(rest.at[1])) {
			rest = span_from(rest, 1);
			if (!add_parameter(query, &rest, domain, why))
				return false;
			continue;
		}
		if (quoted == 0)
			quoted = 1;
		if (!add(query, rest.at, quoted))
			return false;
		rest = span_from(rest, quoted);
	}
	text_clear(why);
	return true;
}
