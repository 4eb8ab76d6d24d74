#include "nss.h"

#include "layout.h"
#include "secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define NSS_ENTRY_MAX_BYTES (64 * 1024) /* of a passwd or shadow entry; then trouble */

/*
 * Tried first: the C library writes to the last byte of a buffer too, and what was used is wiped.
 * An entry that is longer is asked for twice, which takes longer, so this is more than anybody has.
 */
#define NSS_ENTRY_USUAL_BYTES 4096

/* The account in it outlives the secrets. */
static LAYOUT_LARGE char passwd_buffer[NSS_ENTRY_MAX_BYTES];

static LAYOUT_LARGE char shadow_buffer[NSS_ENTRY_MAX_BYTES];
static struct secret_region region = { .base = shadow_buffer, .size = sizeof(shadow_buffer) };

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

bool nss_check_passwd(const char *login, struct text *why)
{
	static LAYOUT_LARGE char buffer[NSS_ENTRY_MAX_BYTES];
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

bool nss_check_shadow(const char *login, bool needed, struct text *why)
{
	static LAYOUT_LARGE char buffer[NSS_ENTRY_MAX_BYTES];
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

bool nss_find_passwd(const char *login, const struct passwd **found, struct text *why)
{
	static struct passwd entry;
	struct passwd *answer;
	int error;

	secret_lock();
	error = getpwnam_r(login, &entry, passwd_buffer, NSS_ENTRY_USUAL_BYTES, &answer);
	if (error == ERANGE)
		error = getpwnam_r(login, &entry, passwd_buffer, sizeof(passwd_buffer), &answer);
	*found = answer;
	if (answer != NULL)
		return true;
	return is_absent(error) ? nss_check_passwd(login, why) : trouble(why, "passwd", error);
}

void nss_forget_hash(const struct passwd *entry)
{
	uintptr_t field = (uintptr_t)entry->pw_passwd;

	/* A module may have it point to a constant of its own. */
	if (field >= (uintptr_t)passwd_buffer &&
	    field < (uintptr_t)passwd_buffer + sizeof(passwd_buffer))
		secret_wipe(entry->pw_passwd, strlen(entry->pw_passwd));
}

bool nss_find_shadow(const char *login, bool needed, const struct spwd **found, struct text *why)
{
	static struct spwd entry;
	struct spwd *answer;
	int error;

	secret_register(&region);
	region.dirty = NSS_ENTRY_USUAL_BYTES;
	error = getspnam_r(login, &entry, shadow_buffer, region.dirty, &answer);
	if (error == ERANGE) {
		region.dirty = sizeof(shadow_buffer);
		error = getspnam_r(login, &entry, shadow_buffer, region.dirty, &answer);
	}
	*found = answer;
	if (answer != NULL)
		return true;
	if (!is_absent(error) && error != EACCES)
		return trouble(why, "shadow", error);
	return nss_check_shadow(login, needed, why);
}
