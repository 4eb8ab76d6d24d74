#include "nss.h"

#include "layout.h"
#include "secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NSS_ENTRY_MAX_BYTES (64 * 1024) /* of a passwd or shadow entry; then trouble */

/*
 * Tried first: the C library writes to the last byte of a buffer too, so this is one page, and what
 * was used is wiped. An entry that is longer is asked for twice, which takes longer, so this is
 * more than anybody has.
 */
#define NSS_ENTRY_USUAL_BYTES 4096

/* The account in it outlives the secrets. */
static LAYOUT_LARGE _Alignas(NSS_ENTRY_USUAL_BYTES) char passwd_buffer[NSS_ENTRY_MAX_BYTES];

/* What nss_check_passwd and nss_check_shadow read. */
static LAYOUT_LARGE char lines_buffer[NSS_ENTRY_MAX_BYTES];

static LAYOUT_SECRET _Alignas(NSS_ENTRY_USUAL_BYTES) char shadow_buffer[NSS_ENTRY_MAX_BYTES];
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

static bool is_in(const char *at, const char *buffer, size_t size)
{
	return (uintptr_t)at >= (uintptr_t)buffer && (uintptr_t)at < (uintptr_t)buffer + size;
}

/* A module may have the hash point to a constant of its own. */
static void forget_hash(char *hash, const char *buffer, size_t size)
{
	if (hash != NULL && is_in(hash, buffer, size))
		secret_wipe(hash, strlen(hash));
}

/* Wipes other people's hashes: no line is longer than the file, whoever read it. */
static void close_lines(FILE *file)
{
	struct stat status;
	bool is_short =
		fstat(fileno(file), &status) == 0 && status.st_size < (off_t)sizeof(lines_buffer);

	(void)fclose(file);
	secret_wipe(lines_buffer, is_short ? (size_t)status.st_size : sizeof(lines_buffer));
}

bool nss_check_passwd(const char *login, struct text *why)
{
	struct passwd entry, *answer;
	bool agrees = true;
	FILE *file;

	(void)getpwuid_r(0, &entry, lines_buffer, sizeof(lines_buffer), &answer);
	if (answer == NULL) {
		text_join(why, "passwd: no source answers, uid 0 is not found either: "
			       "see nsswitch.conf");
		return false;
	}
	forget_hash(answer->pw_passwd, lines_buffer, sizeof(lines_buffer));
	file = fopen("/etc/passwd", "re");
	if (file == NULL)
		return trouble(why, "/etc/passwd", errno);
	while (agrees &&
	       fgetpwent_r(file, &entry, lines_buffer, sizeof(lines_buffer), &answer) == 0)
		agrees = strcmp(entry.pw_name, login) != 0;
	close_lines(file);
	if (!agrees)
		text_join(why, "passwd: what is in /etc/passwd is not found: see nsswitch.conf");
	return agrees;
}

bool nss_check_shadow(const char *login, bool needed, struct text *why)
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
	(void)getspnam_r("root", &entry, lines_buffer, sizeof(lines_buffer), &root);
	if (root != NULL)
		forget_hash(root->sp_pwdp, lines_buffer, sizeof(lines_buffer));
	while (agrees &&
	       fgetspent_r(file, &entry, lines_buffer, sizeof(lines_buffer), &answer) == 0)
		agrees = strcmp(entry.sp_namp, login) != 0 &&
			 (root != NULL || strcmp(entry.sp_namp, "root") != 0);
	close_lines(file);
	if (!agrees)
		text_join(why, "shadow: what is in /etc/shadow is not found: see nsswitch.conf");
	return agrees;
}

/* What a source read before it came to the entry, other people's hashes, lies behind its strings.
 */
static void forget_rest(const struct passwd *entry, size_t used)
{
	const char *strings[] = { entry->pw_name, entry->pw_passwd, entry->pw_gecos, entry->pw_dir,
				  entry->pw_shell };
	size_t end = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		if (strings[i] != NULL && is_in(strings[i], passwd_buffer, used)) {
			size_t after = (size_t)(strings[i] - passwd_buffer) + strlen(strings[i]);

			end = after > end ? after : end;
		}
	}
	secret_wipe(passwd_buffer + end, used - end);
}

bool nss_find_passwd(const char *login, const struct passwd **found, struct text *why)
{
	static struct passwd entry;
	struct passwd *answer;
	size_t used = NSS_ENTRY_USUAL_BYTES;
	int error;

	secret_lock();
	error = getpwnam_r(login, &entry, passwd_buffer, used, &answer);
	if (error == ERANGE) {
		used = sizeof(passwd_buffer);
		error = getpwnam_r(login, &entry, passwd_buffer, used, &answer);
	}
	*found = answer;
	if (answer != NULL) {
		forget_rest(answer, used);
		return true;
	}
	secret_wipe(passwd_buffer, used);
	return is_absent(error) ? nss_check_passwd(login, why) : trouble(why, "passwd", error);
}

void nss_forget_hash(const struct passwd *entry)
{
	forget_hash(entry->pw_passwd, passwd_buffer, sizeof(passwd_buffer));
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
