#include "dovecot.h"

#include "layout.h"
#include "secret.h"

#include <stdlib.h>
#include <strings.h>

static LAYOUT_LARGE char login[REQUEST_MAX_BYTES + 1];

/* password={SCHEME}value. Not registered: it must outlive secret_wipe_all. */
#define VARIABLE "password="
static bool has_secret;
static LAYOUT_LARGE char password[sizeof(VARIABLE) + sizeof("{PLAIN}") + CREDENTIAL_MAX_BYTES];

void dovecot_keep_login(struct span text)
{
	size_t length = text.length < sizeof(login) ? text.length : sizeof(login) - 1;

	memcpy(login, text.at, length);
	login[length] = '\0';
}

/* Whether a challenge of Dovecot's can be answered from the secret as it is stored. */
static bool answers_challenges(const struct scheme *scheme)
{
	static const char *const one_way[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5" };

	for (size_t i = 0; i < sizeof(one_way) / sizeof(one_way[0]); i++) {
		if (strcasecmp(scheme->name, one_way[i]) == 0)
			return true;
	}
	return scheme->kind != SCHEME_ONE_WAY;
}

static void add(size_t *length, struct span piece)
{
	if (piece.length >= sizeof(password) - *length)
		piece.length = sizeof(password) - *length - 1;
	memcpy(password + *length, piece.at, piece.length);
	*length += piece.length;
	password[*length] = '\0';
}

void dovecot_keep_secret(const struct credential *credential)
{
	bool has_clear = credential->clear.at != NULL;
	struct span secret = has_clear ? credential->clear : credential->stored;
	size_t length = 0;

	if (!has_clear && !answers_challenges(credential->scheme))
		return;
	has_secret = true;
	add(&length, span_of(VARIABLE));
	if (has_clear || !span_begins(secret, "{"))
		add(&length, span_of("{PLAIN}"));
	add(&length, secret);
}

void dovecot_forget_secret(void)
{
	if (has_secret)
		secret_wipe(password, sizeof(password));
	has_secret = false;
}

static bool set_number(const char *variable, long long number)
{
	struct text text;

	text_clear(&text);
	text_add_number(&text, number);
	return setenv(variable, text.bytes, 1) == 0;
}

static bool set_account(const struct account *account)
{
	return setenv("USER", account->name, 1) == 0 && setenv("HOME", account->home, 1) == 0 &&
	       set_number("userdb_uid", account->uid) && set_number("userdb_gid", account->gid);
}

static bool set_login(void)
{
	return setenv("USER", login, 1) == 0 && unsetenv("HOME") == 0;
}

bool dovecot_answer(const struct account *account, bool is_lookup, struct text *why)
{
	struct text extra;
	bool good;

	text_join(&extra, account != NULL ? "userdb_uid userdb_gid" : "");
	good = account != NULL ? set_account(account) : set_login();
	if (has_secret) {
		text_add(&extra, extra.length != 0 ? " password" : "password");
		good = good && putenv(password) == 0;
	}
	if (is_lookup)
		good = good && setenv("AUTHORIZED", "2", 1) == 0;
	if (good && setenv("EXTRA", extra.bytes, 1) == 0)
		return true;
	text_join(why, "no memory for the environment");
	return false;
}
