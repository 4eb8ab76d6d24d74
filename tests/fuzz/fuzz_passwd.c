/*
 * What checkpw-passwd takes from a system: a line with the login, a line with `allow`, a line with
 * `deny`, then /etc/passwd and, behind a form feed, /etc/shadow. The C library takes these apart;
 * what is asked of the other sources of nsswitch.conf is what these files hold.
 */
#include "fuzz.h"

#include "clock.h"
#include "credential.h"
#include "scan.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static struct span passwd_text, shadow_text;

/* Of a copy with a newline behind it, as fmemopen(3) takes no empty file. */
static FILE *open_text(struct span text)
{
	static char copy[2][16384];
	static int next;

	next = !next;
	if (text.length >= sizeof(copy[0]))
		text.length = sizeof(copy[0]) - 1;
	if (text.length != 0)
		memcpy(copy[next], text.at, text.length);
	copy[next][text.length] = '\n';
	return fmemopen(copy[next], text.length + 1, "r");
}

static FILE *open_file(const char *path)
{
	return open_text(strcmp(path, "/etc/passwd") == 0 ? passwd_text : shadow_text);
}

/* As a source that folds case. */
static int find_passwd(const char *login, struct passwd *entry, char *buffer, size_t size,
		       struct passwd **answer)
{
	FILE *file = open_text(passwd_text);
	int error;

	while ((error = fgetpwent_r(file, entry, buffer, size, answer)) == 0 &&
	       strcasecmp(entry->pw_name, login) != 0)
		;
	fclose(file);
	return error;
}

static int find_root(struct passwd *entry, struct passwd **answer)
{
	*entry = (struct passwd){ 0 };
	*answer = entry;
	return 0;
}

static int find_shadow(const char *login, struct spwd *entry, char *buffer, size_t size,
		       struct spwd **answer)
{
	FILE *file = open_text(shadow_text);
	int error;

	while ((error = fgetspent_r(file, entry, buffer, size, answer)) == 0 &&
	       strcmp(entry->sp_namp, login) != 0)
		;
	fclose(file);
	return error;
}

static struct group *find_group(const char *name)
{
	static struct group group = { .gr_gid = 7 };

	errno = 0;
	return name[0] == 'g' ? &group : NULL;
}

static int list_groups(gid_t primary, gid_t *list, int *count)
{
	list[0] = primary;
	list[1] = 7;
	*count = 2;
	return 2;
}

#define fopen(path, mode) open_file(path)
#define getpwuid_r(uid, entry, buffer, size, answer) find_root(entry, answer)
#define getpwnam_r find_passwd
#define getspnam_r find_shadow
#define getgrnam find_group
#define getgrouplist(name, primary, list, count) list_groups(primary, list, count)
#include "../../checkpw-passwd/list.c"
#include "../../checkpw-passwd/nss.c"
#include "../../checkpw-passwd/rules.c"
#include "../../checkpw-passwd/system.c"

/* Whether some line of the text begins with that name and a colon. */
static bool has_line_of(struct span text, struct span name)
{
	struct span line;

	while (text.length != 0) {
		if (!scan_until(&text, '\n', &line)) {
			line = text;
			text.length = 0;
		}
		while (line.length != 0 && strchr(" \t\r\v\f", line.at[0]) != NULL &&
		       line.at[0] != '\0')
			line = span_from(line, 1);
		if (line.length > name.length && line.at[name.length] == ':' &&
		    memcmp(line.at, name.at, name.length) == 0)
			return true;
	}
	return false;
}

/* Nothing in these files is a plaintext, whatever it looks like. */
static void check_secret(struct span secret)
{
	struct credential credential;

	if (credential_parse(&credential, secret) != REASON_OK)
		return;
	assert(span_begins(secret, "{CRYPT}"));
	assert(credential.scheme->kind == SCHEME_ONE_WAY);
}

/* An account that may log in is named, not root, and its days are not over. */
static void check_account(long today)
{
	assert(account.uid >= 1 && account.gid != 0);
	assert(allow[0] == '\0' || strchr(allow, '@') != NULL ||
	       strstr(allow, account.name) != NULL);
	assert(shadow == NULL || shadow->sp_expire < 0 || shadow->sp_expire > today);
	assert(shadow == NULL || shadow->sp_lstchg != 0);
}

static bool take_line(struct span *input, char *to, size_t size)
{
	struct span line;

	if (!scan_until(input, '\n', &line) || line.length >= size ||
	    (line.length != 0 && memchr(line.at, '\0', line.length) != NULL))
		return false;
	if (line.length != 0)
		memcpy(to, line.at, line.length);
	to[line.length] = '\0';
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct configuration configuration = { .min_uid = 1 };
	static const struct caller caller;
	static char login[REQUEST_MAX_BYTES + 1];
	struct span input = { (const char *)data, size }, name, secret = { 0 };
	long today = (long)(clock_now() / SECONDS_A_DAY);
	struct text why;

	if (!take_line(&input, login, sizeof(login)) || login[0] == '\0' ||
	    !take_line(&input, allow, sizeof(allow)) || !take_line(&input, deny, sizeof(deny)))
		return 0;
	if (!scan_until(&input, '\f', &passwd_text)) {
		passwd_text = input;
		input.length = 0;
	}
	shadow_text = input;
	name = span_of(login);
	text_clear(&why);
	(void)open_store(&why);
	switch (find(name, &secret, &why)) {
	case STORE_FOUND:
		assert(strcmp(account.name, login) == 0 && has_line_of(passwd_text, name));
		check_secret(secret);
		if (examine(&configuration, &caller, &why) == REASON_OK)
			check_account(today);
		break;
	case STORE_ABSENT:
		assert(!has_line_of(passwd_text, name) || why.length == 0);
		break;
	case STORE_TROUBLE:
		assert(why.length != 0);
		break;
	}
	(void)find_decoy();
	return 0;
}
