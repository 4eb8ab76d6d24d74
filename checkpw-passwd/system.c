#include "system.h"

#include "caller.h"
#include "clock.h"
#include "credential.h"
#include "file.h"
#include "layout.h"
#include "list.h"
#include "memlimit.h"
#include "nss.h"
#include "rules.h"
#include "secret.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <unistd.h>

#define LOGIN_MAX_BYTES 256 /* no system has longer names; with the NUL */
#define SECONDS_A_DAY 86400

/* What the system's own passwd(1) makes, so that an unknown login takes as long as a known one. */
#define DEFAULT_DECOY "$y$j9T$qB.dhkDl5nJFpZYhyuNkr.$ZZTiU5frVFa3CF8QLqYue3I2rqx6bfRG1fnDuCKANN2"

enum on_missing_home { HOME_FAIL = 0, HOME_ROOT };

static const char *const missing_home_words[] = { "fail", "root", NULL };

static bool become = true, valid_shell, nologin;
static bool tells_dovecot;
static int missing_home;
static char allow[CONFIGURATION_TEXT_BYTES], deny[CONFIGURATION_TEXT_BYTES];

static const struct configuration_key keys[] = {
	{ "become", CONFIGURATION_FLAG, &become, 0, 0, NULL },
	{ "missing-home", CONFIGURATION_WORD, &missing_home, 0, 0, missing_home_words },
	{ "valid-shell", CONFIGURATION_FLAG, &valid_shell, 0, 0, NULL },
	{ "nologin", CONFIGURATION_FLAG, &nologin, 0, 0, NULL },
	{ "allow", CONFIGURATION_TEXT, allow, 0, 0, NULL },
	{ "deny", CONFIGURATION_TEXT, deny, 0, 0, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

/* NULL for a login that is absent, or has no shadow entry. */
static const struct passwd *passwd;
static const struct spwd *shadow;

/* The hash with {CRYPT} before it: nothing in a passwd file is a plaintext. */
static LAYOUT_SECRET char secret_text[sizeof("{CRYPT}") + CREDENTIAL_MAX_BYTES];
static struct secret_region secret_region = { .base = secret_text, .size = sizeof(secret_text) };

/* The second where the first is too small. */
static gid_t few_groups[64];
static LAYOUT_LARGE gid_t many_groups[NGROUPS_MAX];
static struct account account;

static bool open_store(struct text *why)
{
	(void)why;
	nss_begin();
	secret_register(&secret_region);
	return true;
}

static enum store_privilege privilege(const struct configuration *configuration,
				      const struct caller *caller)
{
	(void)caller;
	/* Dovecot does the rest itself, and refuses a checker that changed its user. */
	tells_dovecot = configuration->dovecot;
	become = become && !tells_dovecot;
	return become ? STORE_BECOMES : STORE_NEEDS_FIND;
}

static void take_secret(const char *field, struct span *secret)
{
	static const char scheme[] = "{CRYPT}";
	struct span hash = span_of(field);
	size_t prefix = sizeof(scheme) - 1;

	/* None, locked, or not found where the field says that it is: there is nothing to try. */
	if (hash.length == 0 || field[0] == '!' || field[0] == '*' || span_is(hash, "x"))
		prefix = 0;
	if (hash.length > CREDENTIAL_MAX_BYTES)
		hash.length = CREDENTIAL_MAX_BYTES;
	secret_region.dirty = prefix + hash.length;
	memcpy(secret_text, scheme, prefix);
	memcpy(secret_text + prefix, hash.at, hash.length);
	*secret = (struct span){ secret_text, prefix + hash.length };
}

static void take_account(void)
{
	account.name = passwd->pw_name;
	account.home = passwd->pw_dir;
	account.shell = passwd->pw_shell[0] != '\0' ? passwd->pw_shell : "/bin/sh";
	account.uid = passwd->pw_uid;
	account.gid = passwd->pw_gid;
}

static bool fits(gid_t *groups, int count)
{
	/* The C library takes memory for as many as are asked for, and nss_begin has it filled. */
	if (getgrouplist(account.name, account.gid, groups, &count) == -1)
		return false;
	account.groups = groups;
	account.group_count = (size_t)count;
	return true;
}

/*
 * Asked only after the password was right, and only where it matters: some sources of groups are
 * slow, and the time must not tell that the account exists.
 */
static bool take_groups(struct text *why)
{
	if (!become && strchr(allow, '@') == NULL && strchr(deny, '@') == NULL)
		return true;
	if (fits(few_groups, sizeof(few_groups) / sizeof(few_groups[0])) ||
	    fits(many_groups, sizeof(many_groups) / sizeof(many_groups[0])))
		return true;
	text_join(why, "more groups than the system allows");
	return false;
}

static enum store_lookup find_account(const char *login, struct span *secret, struct text *why)
{
	struct text ignored;
	bool refers;

	if (!nss_find_passwd(login, &passwd, why))
		return STORE_TROUBLE;
	refers = passwd != NULL && strcmp(passwd->pw_passwd, "x") == 0;
	/* For an absent login as well: it takes as long. */
	if (!nss_find_shadow(login, refers, &shadow, why) && (passwd == NULL || refers))
		return STORE_TROUBLE;
	text_clear(why);
	/* See find_decoy; afterwards the right to read the file may be gone. */
	if (passwd != NULL && !become)
		(void)nss_check_shadow("", false, &ignored);
	/* Some sources fold case; the login must be the account's name to the letter. */
	if (passwd == NULL)
		return STORE_ABSENT;
	if (strcmp(passwd->pw_name, login) != 0) {
		nss_forget_passwd();
		return STORE_ABSENT;
	}
	take_account();
	take_secret(refers && shadow != NULL ? shadow->sp_pwdp : passwd->pw_passwd, secret);
	nss_forget_passwd();
	return STORE_FOUND;
}

/* Such lines tell nss_compat where to look; its entry without a password is nobody's. */
static bool is_directive(struct span login)
{
	return span_begins(login, "+") || span_begins(login, "-");
}

static enum store_lookup find(struct span login, struct span *secret, struct text *why)
{
	char name[LOGIN_MAX_BYTES];
	enum store_lookup lookup;

	if (login.length >= sizeof(name) || is_directive(login))
		return STORE_ABSENT;
	memcpy(name, login.at, login.length);
	name[login.length] = '\0';
	/* The modules of NSS may need more memory than softlimit allows the subprogram. */
	memlimit_raise();
	lookup = find_account(name, secret, why);
	memlimit_restore();
	return lookup;
}

/*
 * For a login that was found and refused: what an absent one cost more, so that the time does not
 * tell them apart. One that is accepted is spared it.
 */
static struct span find_decoy(void)
{
	struct text ignored;

	if (passwd != NULL)
		(void)nss_check_passwd("", &ignored);
	if (passwd != NULL && become)
		(void)nss_check_shadow("", false, &ignored);
	return span_of(DEFAULT_DECOY);
}

/* Not getusershell(3): without a file that can be read it takes /bin/sh and /bin/csh for listed. */
static bool find_shell(const char *shell, bool *listed, struct text *why)
{
	struct file_lines lines;
	struct span line;
	enum file_line kind;
	int descriptor = file_open("/etc/shells", FILE_TRUST_OWN, NULL, why);

	if (descriptor == -1)
		return false;
	*listed = false;
	file_lines_begin(&lines, descriptor);
	while ((kind = file_lines_next(&lines, &line)) != FILE_LINE_END &&
	       kind != FILE_LINE_TROUBLE)
		*listed = *listed || (kind == FILE_LINE && span_is(line, shell));
	close(descriptor);
	if (kind == FILE_LINE_TROUBLE)
		text_join(why, "/etc/shells: ", text_of_errno(errno));
	return kind == FILE_LINE_END;
}

static enum reason examine(const struct configuration *configuration, const struct caller *caller,
			   struct text *why)
{
	const struct account_rules rules = {
		.today = (long)(clock_now() / SECONDS_A_DAY),
		.min_uid = configuration->min_uid,
		.valid_shell = valid_shell,
		.nologin = nologin,
	};
	struct account_state state = {
		.uid = account.uid,
		.last_change = shadow != NULL ? shadow->sp_lstchg : -1,
		.maximum_age = shadow != NULL ? shadow->sp_max : -1,
		.expires = shadow != NULL ? shadow->sp_expire : -1,
		.nologin_exists = nologin && access("/etc/nologin", F_OK) == 0,
		.is_allowed = true,
	};
	bool sound;

	/* The age of a password does not matter where none was given. */
	if (caller->lookup)
		state.last_change = -1;
	memlimit_raise();
	sound = take_groups(why) &&
		(deny[0] == '\0' || list_names(deny, &account, &state.is_denied, why)) &&
		(allow[0] == '\0' || list_names(allow, &account, &state.is_allowed, why)) &&
		(!valid_shell || find_shell(account.shell, &state.shell_is_listed, why));
	memlimit_restore();
	if (!sound)
		return REASON_CONFIGURATION;
	state.has_group_zero = account.gid == 0 || list_is_member(&account, 0);
	return account_rules_apply(&rules, &state);
}

static const struct account *become_account(bool *root_will_do)
{
	*root_will_do = missing_home == HOME_ROOT;
	return become || tells_dovecot ? &account : NULL;
}

const struct store system_store = {
	.program = "checkpw-passwd",
	.keys = keys,
	.open = open_store,
	.find = find,
	.find_decoy = find_decoy,
	.privilege = privilege,
	.examine = examine,
	.account = become_account,
};
