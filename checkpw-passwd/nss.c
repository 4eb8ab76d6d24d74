#include "nss.h"

#include "layout.h"
#include "secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define NSS_ENTRY_MAX_BYTES (64 * 1024) /* of a passwd or shadow entry; then trouble */

/*
 * Tried first: the C library writes to the last byte of a buffer too, so this is one page, and what
 * was used is wiped. An entry that is longer is asked for twice, which takes longer, so this is
 * more than anybody has.
 */
#define NSS_ENTRY_USUAL_BYTES 4096

/* What a source reads on its way, other people's hashes, stays in a buffer that it was given. */
static LAYOUT_SECRET _Alignas(NSS_ENTRY_USUAL_BYTES) char passwd_buffer[NSS_ENTRY_MAX_BYTES];
static struct secret_region passwd_region = { .base = passwd_buffer,
					      .size = sizeof(passwd_buffer) };

static LAYOUT_SECRET _Alignas(NSS_ENTRY_USUAL_BYTES) char shadow_buffer[NSS_ENTRY_MAX_BYTES];
static struct secret_region shadow_region = { .base = shadow_buffer,
					      .size = sizeof(shadow_buffer) };

/* For nss_check_passwd and nss_check_shadow. */
static LAYOUT_SECRET char check_buffer[NSS_ENTRY_MAX_BYTES];
static struct secret_region check_region = { .base = check_buffer, .size = sizeof(check_buffer) };

/* What of an entry of passwd outlives the secrets. */
static LAYOUT_LARGE char strings[NSS_ENTRY_MAX_BYTES];

void nss_begin(void)
{
#ifdef M_PERTURB
	/* What stdio read of the shadow file is on the heap: free(3) overwrites it from here on. */
	(void)mallopt(M_PERTURB, 0xff);
#endif
}

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

static bool check_passwd(const char *login, struct text *why)
{
	struct passwd entry, *answer;
	bool agrees = true;
	FILE *file;

	(void)getpwuid_r(0, &entry, check_buffer, sizeof(check_buffer), &answer);
	if (answer == NULL) {
		text_join(why, "passwd: no source answers, uid 0 is not found either: "
			       "see nsswitch.conf");
		return false;
	}
	file = fopen("/etc/passwd", "re");
	if (file == NULL)
		return trouble(why, "/etc/passwd", errno);
	while (agrees &&
	       fgetpwent_r(file, &entry, check_buffer, sizeof(check_buffer), &answer) == 0)
		agrees = strcmp(entry.pw_name, login) != 0;
	(void)fclose(file);
	if (!agrees)
		text_join(why, "passwd: what is in /etc/passwd is not found: see nsswitch.conf");
	return agrees;
}

static bool check_shadow(const char *login, bool needed, struct text *why)
{
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
	(void)getspnam_r("root", &entry, check_buffer, sizeof(check_buffer), &root);
	while (agrees &&
	       fgetspent_r(file, &entry, check_buffer, sizeof(check_buffer), &answer) == 0)
		agrees = strcmp(entry.sp_namp, login) != 0 &&
			 (root != NULL || strcmp(entry.sp_namp, "root") != 0);
	(void)fclose(file);
	if (!agrees)
		text_join(why, "shadow: what is in /etc/shadow is not found: see nsswitch.conf");
	return agrees;
}

static void begin(struct secret_region *region, size_t size)
{
	secret_register(region);
	region->dirty = size;
}

bool nss_check_passwd(const char *login, struct text *why)
{
	bool agrees;

	begin(&check_region, sizeof(check_buffer));
	agrees = check_passwd(login, why);
	secret_wipe_region(&check_region);
	return agrees;
}

bool nss_check_shadow(const char *login, bool needed, struct text *why)
{
	bool agrees;

	begin(&check_region, sizeof(check_buffer));
	agrees = check_shadow(login, needed, why);
	secret_wipe_region(&check_region);
	return agrees;
}

/* A copy of `text`, behind the `used` bytes of the others; NULL if there is no room. */
static char *copy(const char *text, size_t *used)
{
	char *to = strings + *used;
	size_t length = text != NULL ? strnlen(text, sizeof(strings) - *used) : 0;

	if (length == sizeof(strings) - *used)
		return NULL;
	memcpy(to, text != NULL ? text : "", length);
	to[length] = '\0';
	*used += length + 1;
	return to;
}

/* The hash stays where it is. */
static bool copy_strings(struct passwd *entry)
{
	static char none[] = "";
	size_t used = 0;

	entry->pw_name = copy(entry->pw_name, &used);
	entry->pw_dir = entry->pw_name != NULL ? copy(entry->pw_dir, &used) : NULL;
	entry->pw_shell = entry->pw_dir != NULL ? copy(entry->pw_shell, &used) : NULL;
	entry->pw_gecos = none;
	if (entry->pw_passwd == NULL)
		entry->pw_passwd = none;
	return entry->pw_shell != NULL;
}

bool nss_find_passwd(const char *login, const struct passwd **found, struct text *why)
{
	static struct passwd entry;
	struct passwd *answer;
	int error;

	begin(&passwd_region, NSS_ENTRY_USUAL_BYTES);
	secret_lock();
	error = getpwnam_r(login, &entry, passwd_buffer, passwd_region.dirty, &answer);
	if (error == ERANGE) {
		passwd_region.dirty = sizeof(passwd_buffer);
		error = getpwnam_r(login, &entry, passwd_buffer, passwd_region.dirty, &answer);
	}
	if (answer != NULL && !copy_strings(answer)) {
		answer = NULL;
		error = ERANGE;
	}
	*found = answer;
	if (answer != NULL)
		return true;
	nss_forget_passwd();
	return is_absent(error) ? nss_check_passwd(login, why) : trouble(why, "passwd", error);
}

void nss_forget_passwd(void)
{
	secret_wipe_region(&passwd_region);
}

bool nss_find_shadow(const char *login, bool needed, const struct spwd **found, struct text *why)
{
	static struct spwd entry;
	struct spwd *answer;
	int error;

	begin(&shadow_region, NSS_ENTRY_USUAL_BYTES);
	error = getspnam_r(login, &entry, shadow_buffer, shadow_region.dirty, &answer);
	if (error == ERANGE) {
		shadow_region.dirty = sizeof(shadow_buffer);
		error = getspnam_r(login, &entry, shadow_buffer, shadow_region.dirty, &answer);
	}
	*found = answer;
	if (answer != NULL)
		return true;
	if (!is_absent(error) && error != EACCES)
		return trouble(why, "shadow", error);
	return nss_check_shadow(login, needed, why);
}
