#include "system.h"

#include "file.h"
#include "memlimit.h"
#include "rules.h"
#include "secret.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define ENTRY_MAX_BYTES (64 * 1024) /* of a passwd, shadow or group entry; then trouble */
#define LOGIN_MAX_BYTES 256         /* no system has longer names; with the NUL */
#define SECONDS_A_DAY 86400

/* What the system's own passwd(1) makes, so that an unknown login takes as long as a known one. */
#define DEFAULT_DECOY "$y$j9T$qB.dhkDl5nJFpZYhyuNkr.$ZZTiU5frVFa3CF8QLqYue3I2rqx6bfRG1fnDuCKANN2"

enum on_missing_home { HOME_FAIL = 0, HOME_ROOT };

static const char *const missing_home_words[] = { "fail", "root", NULL };

static bool become = true, valid_shell, nologin;
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

static char passwd_buffer[ENTRY_MAX_BYTES], shadow_buffer[ENTRY_MAX_BYTES];
static struct passwd passwd;
static struct spwd shadow;
static bool was_found, has_shadow;
static struct secret_region region = { .base = shadow_buffer, .size = sizeof(shadow_buffer) };

/* The hash with {CRYPT} before it: nothing in a passwd file is a plaintext. */
static char secret_text[sizeof("{CRYPT}") + CREDENTIAL_MAX_BYTES];
static struct secret_region secret_region = { .base = secret_text, .size = sizeof(secret_text) };

static gid_t groups[NGROUPS_MAX];
static struct account account = { .groups = groups };

static bool open_store(struct text *why)
{
	(void)why;
	secret_register(&region);
	secret_register(&secret_region);
	return true;
}

static enum store_privilege privilege(const struct configuration *configuration,
				      const struct caller *caller)
{
	(void)caller;
	/* Dovecot does the rest itself, and refuses a checker that changed its user. */
	become = become && !configuration->dovecot;
	return become ? STORE_BECOMES : STORE_NEEDS_FIND;
}

/*
 * getpwnam(3) and its kin answer "not found" also where a source could not be asked, and some
 * source may make up a root. So "not found" is believed only if uid 0 is found and the file
 * does not know the login either.
 */
static bool is_absent(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH;
}

static bool trouble(struct text *why, const char *what, int error)
{
	text_join(why, what, ": ", text_of_errno(error), " (as uid ");
	text_add_number(why, geteuid());
	text_add(why, ")");
	return false;
}

static bool passwd_is_answered(const char *login, struct text *why)
{
	static char buffer[ENTRY_MAX_BYTES];
	struct passwd entry, *answer;
	bool agrees = true;
	FILE *file;

	(void)getpwuid_r(0, &entry, buffer, sizeof(buffer), &answer);
	if (answer == NULL) {
		text_join(why, "passwd: no source answers, uid 0 is not found either: "
			       "see nsswitch.conf");
		return false;
	}
	file = fopen("/etc/passwd", "re");
	if (file == NULL)
		return trouble(why, "/etc/passwd", errno);
	while (agrees && fgetpwent_r(file, &entry, buffer, sizeof(buffer), &answer) == 0)
		agrees = strcmp(entry.pw_name, login) != 0;
	(void)fclose(file);
	if (!agrees)
		text_join(why, "passwd: what is in /etc/passwd is not found: see nsswitch.conf");
	return agrees;
}

/* A system may do without a shadow file, unless an entry of passwd refers to it. */
static bool shadow_is_answered(const char *login, bool needed, struct text *why)
{
	static char buffer[ENTRY_MAX_BYTES];
	struct spwd entry, *answer, *root;
	bool agrees = true;
	FILE *file = fopen("/etc/shadow", "re");

	if (file == NULL && errno == ENOENT && !needed)
		return true;
	if (file == NULL) {
		(void)trouble(why, "/etc/shadow", errno);
		if (errno == EACCES)
			text_add(why, ": is the program set-uid root?");
		return false;
	}
	(void)getspnam_r("root", &entry, buffer, sizeof(buffer), &root);
	while (agrees && fgetspent_r(file, &entry, buffer, sizeof(buffer), &answer) == 0)
		agrees = strcmp(entry.sp_namp, login) != 0 &&
			 (root != NULL || strcmp(entry.sp_namp, "root") != 0);
	(void)fclose(file);
	secret_wipe(buffer, sizeof(buffer));
	if (!agrees)
		text_join(why, "shadow: what is in /etc/shadow is not found: see nsswitch.conf");
	return agrees;
}

/* NULL in `found` if there is no such account. */
static bool find_passwd(const char *login, struct passwd **found, struct text *why)
{
	int error = getpwnam_r(login, &passwd, passwd_buffer, sizeof(passwd_buffer), found);

	if (*found != NULL)
		return true;
	return is_absent(error) ? passwd_is_answered(login, why) : trouble(why, "passwd", error);
}

/* `found` is NULL for an absent login, which is looked up all the same: it takes as long. */
static bool find_shadow(const char *login, const struct passwd *found, struct text *why)
{
	bool needed = found != NULL && strcmp(found->pw_passwd, "x") == 0;
	struct spwd *answer;
	int error = getspnam_r(login, &shadow, shadow_buffer, sizeof(shadow_buffer), &answer);

	region.dirty = sizeof(shadow_buffer);
	has_shadow = answer != NULL;
	if (has_shadow || (found != NULL && !needed))
		return true;
	if (!is_absent(error) && error != EACCES)
		return trouble(why, "shadow", error);
	return shadow_is_answered(login, needed, why);
}

static void take_secret(const char *field, struct span *secret)
{
	static const char scheme[] = "{CRYPT}";
	struct span hash = span_of(field);
	size_t prefix = sizeof(scheme) - 1;

	*secret = hash;
	/* None, locked, or not found where the field says that it is: there is nothing to try. */
	if (hash.length == 0 || field[0] == '!' || field[0] == '*' || span_is(hash, "x"))
		return;
	if (hash.length > CREDENTIAL_MAX_BYTES)
		hash.length = CREDENTIAL_MAX_BYTES;
	secret_region.dirty = sizeof(secret_text);
	memcpy(secret_text, scheme, prefix);
	memcpy(secret_text + prefix, hash.at, hash.length);
	*secret = (struct span){ secret_text, prefix + hash.length };
}

static void take_account(void)
{
	account.name = passwd.pw_name;
	account.home = passwd.pw_dir;
	account.shell = passwd.pw_shell[0] != '\0' ? passwd.pw_shell : "/bin/sh";
	account.uid = passwd.pw_uid;
	account.gid = passwd.pw_gid;
}

/*
 * Asked only after the password was right, and only where it matters: some sources of groups are
 * slow, and the time must not tell that the account exists.
 */
static bool take_groups(struct text *why)
{
	int count = NGROUPS_MAX;

	if (!become && strchr(allow, '@') == NULL && strchr(deny, '@') == NULL)
		return true;
	if (getgrouplist(account.name, account.gid, groups, &count) != -1) {
		account.group_count = (size_t)count;
		return true;
	}
	text_join(why, "more groups than the system allows");
	return false;
}

static enum store_lookup find_account(const char *login, struct span *secret, struct text *why)
{
	struct passwd *found;
	struct text ignored;

	if (!find_passwd(login, &found, why) || !find_shadow(login, found, why))
		return STORE_TROUBLE;
	/* See find_decoy; afterwards the right to read the file may be gone. */
	if (found != NULL && !become)
		(void)shadow_is_answered("", false, &ignored);
	/* Some sources fold case; the login must be the account's name to the letter. */
	if (found == NULL || strcmp(found->pw_name, login) != 0)
		return STORE_ABSENT;
	was_found = true;
	take_account();
	take_secret(strcmp(found->pw_passwd, "x") != 0 || !has_shadow ? found->pw_passwd
								      : shadow.sp_pwdp,
		    secret);
	return STORE_FOUND;
}

static enum store_lookup find(struct span login, struct span *secret, struct text *why)
{
	char name[LOGIN_MAX_BYTES];
	enum store_lookup lookup;

	if (login.length >= sizeof(name))
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

	if (was_found)
		(void)passwd_is_answered("", &ignored);
	if (was_found && become)
		(void)shadow_is_answered("", false, &ignored);
	return span_of(DEFAULT_DECOY);
}

static bool is_member(gid_t group)
{
	for (size_t i = 0; i < account.group_count; i++) {
		if (account.groups[i] == group)
			return true;
	}
	return false;
}

/* Whether it can be the name of a login or a group: a typing error must not open a list. */
static bool is_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strspn(name, allowed);

	if (length > 0 && name[length] == '$') /* as Samba's machines have it */
		length++;
	return length > 0 && name[length] == '\0';
}

/* `name` is a login, or @ and a group. A group that does not exist is an error. */
static bool is_named(const char *name, bool *named, struct text *why)
{
	const char *group = name[0] == '@' ? name + 1 : NULL;
	const struct group *found;

	if (!is_name(group != NULL ? group : name)) {
		text_join(why, "allow or deny: ");
		text_add_quoted(why, span_of(name), LOGIN_MAX_BYTES);
		text_add(why, " is no name");
		return false;
	}
	if (group == NULL) {
		*named = strcmp(name, account.name) == 0;
		return true;
	}
	/* Not getgrnam_r: the members of a group may need any amount of memory. */
	errno = 0;
	found = getgrnam(group);
	if (found != NULL) {
		*named = is_member(found->gr_gid);
		return true;
	}
	text_join(why, "group ", group,
		  " of allow or deny: ", is_absent(errno) ? "no such group" : text_of_errno(errno));
	return false;
}

/* Whether `list` names the account; names are set apart by blanks and commas. */
static bool list_names(const char *list, bool *named, struct text *why)
{
	char name[LOGIN_MAX_BYTES + 1];
	bool this_one, empty = true;

	*named = false;
	for (;;) {
		size_t length;

		list += strspn(list, " \t,");
		length = strcspn(list, " \t,");
		if (length == 0 && !empty)
			return true;
		if (length == 0 || length >= sizeof(name)) {
			text_join(why, length == 0 ? "allow or deny names nobody"
						   : "a name in allow or deny is too long");
			return false;
		}
		memcpy(name, list, length);
		name[length] = '\0';
		if (!is_named(name, &this_one, why))
			return false;
		*named = *named || this_one;
		empty = false;
		list += length;
	}
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
	return kind == FILE_LINE_END || trouble(why, "/etc/shells", errno);
}

static enum reason examine(const struct configuration *configuration, const struct caller *caller,
			   struct text *why)
{
	const struct account_rules rules = {
		.today = (long)(time(NULL) / SECONDS_A_DAY),
		.min_uid = configuration->min_uid,
		.valid_shell = valid_shell,
		.nologin = nologin,
	};
	struct account_state state = {
		.uid = account.uid,
		.last_change = has_shadow ? shadow.sp_lstchg : -1,
		.maximum_age = has_shadow ? shadow.sp_max : -1,
		.expires = has_shadow ? shadow.sp_expire : -1,
		.nologin_exists = nologin && access("/etc/nologin", F_OK) == 0,
		.is_allowed = true,
	};
	bool sound;

	(void)caller;
	memlimit_raise();
	sound = take_groups(why) && (deny[0] == '\0' || list_names(deny, &state.is_denied, why)) &&
		(allow[0] == '\0' || list_names(allow, &state.is_allowed, why)) &&
		(!valid_shell || find_shell(account.shell, &state.shell_is_listed, why));
	memlimit_restore();
	if (!sound)
		return REASON_CONFIGURATION;
	state.has_group_zero = account.gid == 0 || is_member(0);
	return account_rules_apply(&rules, &state);
}

static const struct account *become_account(bool *root_will_do)
{
	*root_will_do = missing_home == HOME_ROOT;
	return become ? &account : NULL;
}

static const char *complaint(void)
{
	return "";
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
	.complaint = complaint,
};
