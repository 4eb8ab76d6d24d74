#include "vpopmail.h"

#include "caller.h"
#include "credential.h"
#include "domain.h"
#include "file.h"
#include "home.h"
#include "layout.h"
#include "login.h"
#include "privilege.h"
#include "secret.h"
#include "user.h"
#include "vflags.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const newer_words[] = { [USER_CDB] = "cdb", [USER_TEXT] = "text", NULL };

static char users_cdb[CONFIGURATION_TEXT_BYTES] = "/var/qmail/users/cdb";
static char vpopmail_home[CONFIGURATION_TEXT_BYTES] = "/home/vpopmail";
static char default_domain[CONFIGURATION_TEXT_BYTES];
static bool create_maildir, lastauth;
static int newer;

static const struct configuration_key keys[] = {
	{ "users-cdb", CONFIGURATION_PATH, users_cdb, 0, 0, NULL },
	{ "vpopmail-home", CONFIGURATION_PATH, vpopmail_home, 0, 0, NULL },
	{ "default-domain", CONFIGURATION_TEXT, default_domain, 0, 0, NULL },
	{ "create-maildir", CONFIGURATION_FLAG, &create_maildir, 0, 0, NULL },
	{ "lastauth", CONFIGURATION_FLAG, &lastauth, 0, 0, NULL },
	{ "newer", CONFIGURATION_WORD, &newer, 0, 0, newer_words },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static struct login login;
static struct domain domain;
static unsigned domain_flags;

/* The user found, another one to be tried in his place, and a hash with {CRYPT} before it. */
static LAYOUT_SECRET struct {
	struct user user, other;
	char hash[CREDENTIAL_CRYPT_BYTES];
} secrets;
static struct secret_region region = { .base = &secrets, .size = sizeof(secrets) };

static struct span clear;
static struct user_notes notes;

/* What is kept of the user when his secrets are wiped. */
static struct {
	char directory[DOMAIN_DIRECTORY_BYTES];
	char full_name[2 * LOGIN_MAX_BYTES];
	unsigned flags;
} kept;

static struct account account = { .group_count = 1 };
static bool enters_home, tells_dovecot;

static bool open_store(struct text *why)
{
	(void)why;
	secret_register(&region);
	return true;
}

static enum store_privilege privilege(const struct configuration *configuration,
				      const struct caller *caller)
{
	tells_dovecot = configuration->dovecot;
	enters_home = configuration_lets_become(configuration, caller);
	return enters_home && geteuid() == 0 ? STORE_BECOMES : STORE_NEEDS_FIND;
}

/* The first line of vpopmail's etc/defaultdomain. */
static bool read_default_domain(struct text *why)
{
	struct file_lines lines;
	struct span line;
	struct text path;
	bool good = false;
	int descriptor;

	text_join(&path, vpopmail_home, "/etc/defaultdomain");
	descriptor = file_open(path.bytes, FILE_TRUST_NAMED, NULL, why);
	if (descriptor == -1)
		return errno == ENOENT;
	file_lines_begin(&lines, descriptor);
	switch (file_lines_next(&lines, &line)) {
	case FILE_LINE:
		(void)login_set_domain(&login, line);
		good = true;
		break;
	case FILE_LINE_END:
		good = true;
		break;
	case FILE_LINE_TROUBLE:
	case FILE_LINE_OVERLONG:
	case FILE_LINE_NUL:
		text_join(why, path.bytes, ": no domain in its first line");
		break;
	}
	close(descriptor);
	return good;
}

/* Under a set-id bit the environment has no say. */
static bool complete_login(struct text *why)
{
	const char *named = privilege_is_set_id() ? NULL : getenv("VPOPMAIL_DOMAIN");

	if (login.domain[0] != '\0')
		return true;
	if (default_domain[0] != '\0')
		(void)login_set_domain(&login, span_of(default_domain));
	else if (named != NULL && named[0] != '\0')
		(void)login_set_domain(&login, span_of(named));
	else if (!read_default_domain(why))
		return false;
	text_clear(why);
	return true;
}

/* False with `why` set. A file that does not exist limits nothing. */
static bool read_limits(const char *directory, const char *name, bool *exists, struct text *why)
{
	struct file_lines lines;
	struct span line;
	struct text path;
	enum file_line kind;
	int descriptor;

	text_join(&path, directory, name);
	descriptor = file_open(path.bytes, FILE_TRUST_NAMED, NULL, why);
	*exists = descriptor != -1;
	if (!*exists)
		return errno == ENOENT;
	file_lines_begin(&lines, descriptor);
	while ((kind = file_lines_next(&lines, &line)) != FILE_LINE_END) {
		if (kind != FILE_LINE) {
			text_join(why, path.bytes, ": ",
				  kind == FILE_LINE_TROUBLE ? text_of_errno(errno)
							    : "a line is too long or holds a NUL");
			close(descriptor);
			return false;
		}
		domain_flags |= vflags_of_limit(line);
	}
	close(descriptor);
	return true;
}

static bool read_domain_limits(struct text *why)
{
	bool exists, good;

	domain_flags = 0;
	good = read_limits(domain.directory, "/.qmailadmin-limits", &exists, why);
	if (good && !exists)
		good = read_limits(vpopmail_home, "/etc/vlimits.default", &exists, why);
	if (good)
		text_clear(why);
	return good;
}

static struct span secret_of(const struct user *user)
{
	struct span hash = user->hash;

	clear = user->clear;
	return credential_of_crypt(hash, secrets.hash);
}

static bool keep_user(const char *directory, struct text *why)
{
	struct text name;

	if (!domain_path_is_sound(secrets.user.directory, sizeof(kept.directory))) {
		text_join(why, directory, ": the directory of the user is not an absolute path");
		return false;
	}
	memcpy(kept.directory, secrets.user.directory.at, secrets.user.directory.length);
	kept.flags = secrets.user.flags;
	text_join(&name, login.user, "@", login.domain);
	memcpy(kept.full_name, name.bytes,
	       name.length < sizeof(kept.full_name) ? name.length : sizeof(kept.full_name) - 1);
	account.name = login.user;
	account.home = kept.directory;
	account.shell = "NOLOGIN";
	account.uid = domain.uid;
	account.gid = domain.gid;
	account.groups = &domain.gid;
	return true;
}

static enum store_lookup find(struct span text, struct span *secret, struct text *why)
{
	enum store_lookup lookup;

	region.dirty = sizeof(secrets);
	if (!login_parse(text, &login))
		return STORE_ABSENT;
	if (!complete_login(why))
		return STORE_TROUBLE;
	if (login.domain[0] == '\0')
		return STORE_ABSENT;
	lookup = domain_find(users_cdb, login.domain, &domain, why);
	if (lookup != STORE_FOUND)
		return lookup;
	if (!read_domain_limits(why))
		return STORE_TROUBLE;
	lookup = user_find(domain.directory, login.user, (enum user_newer)newer, &secrets.user,
			   &secrets.other, &notes, why);
	if (lookup != STORE_FOUND)
		return lookup;
	if (!keep_user(domain.directory, why))
		return STORE_TROUBLE;
	*secret = secret_of(&secrets.user);
	return STORE_FOUND;
}

static struct span find_decoy(void)
{
	struct credential credential;
	struct span decoy = { 0 };

	if (secrets.other.bytes[0] != '\0')
		decoy = secret_of(&secrets.other);
	clear.at = NULL;
	if (decoy.at == NULL || credential_parse(&credential, decoy) != REASON_OK)
		decoy = span_of(CREDENTIAL_DECOY);
	return decoy;
}

static struct span find_clear(void)
{
	return clear;
}

static enum reason examine(const struct configuration *configuration, const struct caller *caller,
			   struct text *why)
{
	unsigned flags = kept.flags;

	if (!(flags & VFLAG_OVERRIDE))
		flags |= domain_flags;
	if ((tells_dovecot || (enters_home && geteuid() == 0)) && configuration->min_uid > 0 &&
	    (domain.uid < configuration->min_uid || domain.gid == 0)) {
		text_join(why, "the uid or gid of the domain is too low");
		return REASON_MIN_UID;
	}
	/* Mail that is delivered uses no service. */
	if (caller->lookup && caller->service == SERVICE_UNKNOWN)
		return REASON_OK;
	return vflags_examine(flags, caller->service, caller->address);
}

static const struct account *enter_account(bool *root_will_do)
{
	*root_will_do = false;
	/* Dovecot takes this for the login from here on. */
	if (tells_dovecot)
		account.name = kept.full_name;
	return enters_home || tells_dovecot ? &account : NULL;
}

static bool accepted(const struct caller *caller, struct text *why)
{
	struct stat status;

	if (enters_home && create_maildir && stat(kept.directory, &status) == -1 &&
	    errno == ENOENT && !home_make(domain.directory, kept.directory, why))
		return false;
	/* Root must not write where vpopmail's user may have laid links. */
	if (lastauth && geteuid() != 0)
		home_note_login(kept.directory, caller->address);
	if (!enters_home)
		return true;
	if (setenv("VPOPUSER", kept.full_name, 1) == 0)
		return true;
	text_join(why, "no memory for the environment");
	return false;
}

static const char *complaint(void)
{
	static struct text text;

	text_clear(&text);
	if (notes.cdb_is_missing)
		text_join(&text, domain.directory,
			  "/vpasswd.cdb is missing: vmkpasswd(1) makes it");
	if (notes.cdb_is_old)
		text_join(&text, domain.directory, "/vpasswd.cdb is older than vpasswd; ",
			  newer_words[newer], " counts");
	if (notes.damaged_line != 0) {
		text_add(&text, "; line ");
		text_add_number(&text, (long long)notes.damaged_line);
		text_add(&text, " of vpasswd is too long or holds a NUL byte: skipped");
	}
	return text.bytes;
}

const struct store vpopmail_store = {
	.program = "checkpw-vpasswd",
	.keys = keys,
	.open = open_store,
	.find = find,
	.find_decoy = find_decoy,
	.clear = find_clear,
	.privilege = privilege,
	.examine = examine,
	.account = enter_account,
	.accepted = accepted,
	.complaint = complaint,
};
