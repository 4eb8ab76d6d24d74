#include "mysql_store.h"

#include "caller.h"
#include "clock.h"
#include "credential.h"
#include "layout.h"
#include "name.h"
#include "query.h"
#include "request.h"
#include "row.h"
#include "secret.h"
#include "settings.h"
#include "vflags.h"
#include "worker.h"

#include <unistd.h>

/* What is asked for. */
static struct name name;
static char service_word[8], remote_ip[CALLER_ADDRESS_BYTES];
static bool enters, tells_dovecot;

/* What is made of what the database said. */
static LAYOUT_SECRET struct {
	char hash[CREDENTIAL_CRYPT_BYTES], clear[sizeof("{PLAIN}") + REQUEST_MAX_BYTES];
} secrets;
static struct secret_region region = { .base = &secrets, .size = sizeof(secrets) };
static struct row_account found;

/* What is kept of it when the secrets are wiped. */
static char home[CONFIGURATION_TEXT_BYTES], shell[CONFIGURATION_TEXT_BYTES];
static gid_t group;
static struct account account = { .name = name.login, .group_count = 1, .groups = &group };

static struct text failures; /* of servers, though another one answered, and of after-login */

static bool open_store(struct text *why)
{
	secret_register(&region);
	/* The database's password is there from here on, while the message is waited for, too. */
	secret_lock();
	return settings_complete(why);
}

static enum store_privilege privilege(const struct configuration *configuration,
				      const struct caller *caller)
{
	(void)span_copy(span_of(service_words[caller->service]), service_word,
			sizeof(service_word));
	(void)span_copy(span_of(caller->address), remote_ip, sizeof(remote_ip));
	tells_dovecot = configuration->dovecot;
	enters = settings.become && configuration_lets_become(configuration, caller);
	return enters && geteuid() == 0 ? STORE_BECOMES : STORE_NEEDS_OPEN;
}

/* ---- the servers ---- */

/* Adds what became of a server to `failures`. */
static void note_failure(const struct server *server, const struct text *why)
{
	if (failures.length != 0)
		text_add(&failures, "; ");
	server_name(server, &failures);
	text_add(&failures, ": ");
	text_add(&failures, why->bytes);
}

/* One after the other until one knows. */
static enum client_answer ask_servers(const struct query *query, const struct query *after,
				      const struct client_values *values, const struct row **row,
				      struct text *why)
{
	enum client_answer answer = CLIENT_SERVER_FAILED;

	for (size_t i = 0; i < settings.servers.count; i++) {
		answer = worker_ask(&settings.servers.at[i], query, after, values, row, why);
		if (answer != CLIENT_SERVER_FAILED)
			return answer;
		note_failure(&settings.servers.at[i], why);
	}
	*why = failures;
	text_clear(&failures);
	return answer;
}

static enum client_answer ask(const struct row **row, struct text *why)
{
	static struct query query, after;
	static struct client_values values = { { [PARAMETER_LOGIN] = name.login,
						 [PARAMETER_USER] = name.user,
						 [PARAMETER_DOMAIN] = name.domain,
						 [PARAMETER_SERVICE] = service_word,
						 [PARAMETER_REMOTE_IP] = remote_ip } };

	if (!query_parse(settings_query(), name.domain, &query, why) ||
	    !query_parse(settings.after_login, NULL, &after, why))
		return CLIENT_BAD_ANSWER;
	return ask_servers(&query, settings.after_login[0] != '\0' ? &after : NULL, &values, row,
			   why);
}

/* ---- the row ---- */

static bool keep_path(const char *base, struct span path, char *to, size_t size)
{
	struct text whole;

	text_join(&whole, path.length != 0 && path.at[0] == '/' ? "" : base, "");
	if (whole.length != 0)
		text_add(&whole, "/");
	if (path.length >= size || whole.length + path.length >= size)
		return false;
	memcpy(to, whole.bytes, whole.length);
	return span_copy(path, to + whole.length, size - whole.length);
}

static bool keep_account(struct text *why)
{
	long uid = found.has_uid ? found.uid : settings.uid;
	long gid = found.has_gid ? found.gid : settings.gid;

	account.uid = (uid_t)uid;
	account.gid = group = (gid_t)gid;
	account.home = home;
	account.shell = shell;
	/* A row without home or ids is none that Dovecot could be told of. */
	tells_dovecot = tells_dovecot && found.home.at != NULL && uid > 0 && gid > 0;
	if (!enters && !tells_dovecot)
		return true;
	if (found.home.at == NULL) {
		text_join(why, "become = yes needs a column home");
		return false;
	}
	/* What nobody said must not be root. */
	if ((uid == 0 && !found.has_uid) || (gid == 0 && !found.has_gid)) {
		text_join(why, "become = yes needs uid and gid, as columns or as keys");
		return false;
	}
	if (keep_path(settings.home_base, found.home, home, sizeof(home)) &&
	    keep_path("", found.shell.at != NULL ? found.shell : span_of("NOLOGIN"), shell,
		      sizeof(shell)))
		return true;
	text_join(why, "column home or shell is too long");
	return false;
}

static struct span secret_of_row(void)
{
	static const char scheme[] = "{PLAIN}";
	size_t prefix = sizeof(scheme) - 1;
	bool is_password = found.password.length != 0 || found.clear.at == NULL;

	/* vpopmail refuses a user without a hash, whatever else it keeps of him. */
	if (found.password.length == 0 && schema_is_vpopmail((enum schema)settings.schema))
		return span_of("");
	if (is_password && !schema_is_of_hashes((enum schema)settings.schema))
		return found.password;
	region.dirty = sizeof(secrets);
	if (is_password)
		return credential_of_crypt(found.password, secrets.hash);
	memcpy(secrets.clear, scheme, prefix);
	memcpy(secrets.clear + prefix, found.clear.at, found.clear.length);
	return (struct span){ secrets.clear, prefix + found.clear.length };
}

static enum store_lookup find(struct span text, struct span *secret, struct text *why)
{
	enum client_answer answer = CLIENT_NO_ROW;
	const struct row *row = NULL;

	if (name_parse(text, schema_is_vpopmail((enum schema)settings.schema),
		       settings.default_domain, &name))
		answer = ask(&row, why);
	if (answer == CLIENT_NO_ROW)
		return STORE_ABSENT;
	if (answer != CLIENT_ROW || !row_read(row, &found, why))
		return STORE_TROUBLE;
	if (!name_is(&name, found.login, settings.login_case == 1))
		return STORE_ABSENT;
	if (!keep_account(why))
		return STORE_TROUBLE;
	*secret = secret_of_row();
	return STORE_FOUND;
}

static struct span find_decoy(void)
{
	found.clear.at = NULL;
	return span_of(CREDENTIAL_DECOY);
}

static struct span find_clear(void)
{
	return found.clear;
}

static enum reason examine(const struct configuration *configuration, const struct caller *caller,
			   struct text *why)
{
	/* To a user who must not log in mail is delivered all the same. */
	if (found.disabled && !caller->lookup) {
		text_join(why, "column disabled is not 0");
		return REASON_LOCKED;
	}
	if (found.expires != INT64_MAX && clock_now() >= found.expires)
		return REASON_ACCOUNT_EXPIRED;
	if ((tells_dovecot || (enters && geteuid() == 0)) && configuration->min_uid > 0 &&
	    (account.uid < configuration->min_uid || account.gid == 0)) {
		text_join(why, "the uid or gid of the row is too low");
		return REASON_MIN_UID;
	}
	if (enters && geteuid() != 0 && account.uid != geteuid()) {
		text_join(why, "only root can become the uid of the row");
		return REASON_PRIVILEGES;
	}
	/* Mail that is delivered uses no service. */
	if (caller->lookup && caller->service == SERVICE_UNKNOWN)
		return REASON_OK;
	return found.has_flags ? vflags_examine(found.flags, caller->service, caller->address)
			       : REASON_OK;
}

static const struct account *enter_account(bool *root_will_do)
{
	*root_will_do = false;
	return enters || tells_dovecot ? &account : NULL;
}

/* A statement that fails is no reason to refuse. */
static bool accepted(const struct caller *caller, struct text *why)
{
	struct text failure;

	(void)caller;
	(void)why;
	if (settings.after_login[0] == '\0' || worker_tell(&failure))
		return true;
	text_add(&failures, failures.length != 0 ? "; " : "");
	text_add(&failures, "after-login: ");
	text_add(&failures, failure.bytes);
	return true;
}

static const char *complaint(void)
{
	return failures.bytes;
}

const struct store mysql_store = {
	.program = "checkpw-mysql",
	.keys = settings_keys,
	.configuration_is_secret = true,
	.open = open_store,
	.find = find,
	.find_decoy = find_decoy,
	.clear = find_clear,
	.privilege = privilege,
	.examine = examine,
	.account = enter_account,
	.accepted = accepted,
	.complaint = complaint,
	.close = worker_end,
};
