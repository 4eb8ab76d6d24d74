#include "replacement.h"

#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FIRST_MODE 0400
#define ACL "system.posix_acl_access"
#define ATTRIBUTE_NAMES_BYTES 4096
#define ATTRIBUTE_BYTES (64 * 1024)

static bool trouble(const struct replacement *replacement, const char *what, struct text *why)
{
	text_join(why, replacement->path, ": ", what, ": ", text_of_errno(errno));
	return false;
}

bool replacement_name(const struct replacement *replacement, enum replacement_kind kind,
		      char name[NAME_MAX + 1])
{
	static const char *const suffixes[] = {
		[REPLACEMENT_NEW] = "new",
		[REPLACEMENT_LOCK] = "lock",
	};
	int length = snprintf(name, NAME_MAX + 1, ".%s.%s", replacement->name, suffixes[kind]);

	return length > 0 && length <= NAME_MAX;
}

/* Opens the directory of `path`, with its own path, no symbolic link in it, and the name. */
static bool open_directory(struct replacement *replacement, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t length = (size_t)(name - path);
	char directory[PATH_MAX] = ".";

	errno = name[0] == '\0' ? EISDIR : ENAMETOOLONG;
	if (name[0] == '\0' || length >= sizeof(directory))
		return false;
	if (length != 0) {
		memcpy(directory, path, length);
		directory[length] = '\0';
	}
	if (realpath(directory, replacement->path) == NULL)
		return false;
	replacement->directory = open(replacement->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (replacement->directory == -1)
		return false;
	length = strlen(replacement->path);
	if (length + 1 + strlen(name) >= sizeof(replacement->path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (length > 1)
		replacement->path[length++] = '/';
	memcpy(replacement->path + length, name, strlen(name) + 1);
	replacement->name = replacement->path + length;
	return true;
}

static bool is_trusted_owner(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/*
 * Whether the name is a symbolic link. One that somebody else could have put there leads to a file
 * of his choice: with errno ELOOP and false.
 */
static bool look_at_link(const struct replacement *replacement, bool *is_link)
{
	struct stat status, around;

	*is_link = fstatat(replacement->directory, replacement->name, &status,
			   AT_SYMLINK_NOFOLLOW) == 0 &&
		   S_ISLNK(status.st_mode);
	if (!*is_link)
		return true;
	errno = ELOOP;
	return is_trusted_owner(status.st_uid) && fstat(replacement->directory, &around) == 0 &&
	       is_trusted_owner(around.st_uid) &&
	       ((around.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (around.st_mode & S_ISVTX) != 0);
}

bool replacement_locate(struct replacement *replacement, const char *path,
			enum replacement_target target, struct text *why)
{
	char followed[PATH_MAX];
	bool is_link;

	replacement->directory = replacement->descriptor = -1;
	if (!open_directory(replacement, path)) {
		text_join(why, path, ": ", text_of_errno(errno));
		return false;
	}
	if (target == REPLACEMENT_OF_LINK)
		return true;
	if (!look_at_link(replacement, &is_link)) {
		text_join(why, path,
			  ": is a symbolic link that others could have made: name the file itself");
		return false;
	}
	if (!is_link)
		return true;
	close(replacement->directory);
	replacement->directory = -1;
	if (realpath(path, followed) != NULL && open_directory(replacement, followed))
		return true;
	text_join(why, path, ": ", text_of_errno(errno));
	return false;
}

void replacement_clean(const struct replacement *replacement)
{
	char name[NAME_MAX + 1];

	if (replacement_name(replacement, REPLACEMENT_NEW, name))
		(void)unlinkat(replacement->directory, name, 0);
}

static bool give_first_attributes(const struct replacement *replacement, struct text *why)
{
	uid_t owner;

	if (geteuid() == 0 && owner_find(&owner) &&
	    fchown(replacement->descriptor, owner, (gid_t)-1) != 0)
		return trouble(replacement, "giving it to " OWNER_NAME, why);
	return fchmod(replacement->descriptor, FIRST_MODE) == 0 ||
	       trouble(replacement, "setting its mode", why);
}

/* The ACL must come along; other attributes (SELinux's label, a user's) as far as they can. */
static bool copy_attribute(const struct replacement *replacement, int like, const char *name)
{
	static char value[ATTRIBUTE_BYTES];
	ssize_t size = fgetxattr(like, name, value, sizeof(value));

	return (size != -1 &&
		fsetxattr(replacement->descriptor, name, value, (size_t)size, 0) == 0) ||
	       strcmp(name, ACL) != 0;
}

static bool copy_attributes(const struct replacement *replacement, int like)
{
	char names[ATTRIBUTE_NAMES_BYTES];
	ssize_t length = flistxattr(like, names, sizeof(names));

	if (length == -1)
		return errno == ENOTSUP;
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		if (!copy_attribute(replacement, like, name))
			return false;
	}
	return true;
}

static bool give_attributes_of(const struct replacement *replacement, int like, struct text *why)
{
	struct stat old, new;

	if (fstat(like, &old) != 0 || fstat(replacement->descriptor, &new) != 0)
		return trouble(replacement, "reading its attributes", why);
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(replacement->descriptor, old.st_uid, old.st_gid) != 0)
		return trouble(replacement, "keeping its owner and group", why);
	if (!copy_attributes(replacement, like))
		return trouble(replacement, "keeping its ACL", why);
	if (fchmod(replacement->descriptor, old.st_mode & 07777) != 0 ||
	    fstat(replacement->descriptor, &new) != 0)
		return trouble(replacement, "keeping its mode", why);
	errno = EPERM;
	return (old.st_uid == new.st_uid &&old.st_gid == new.st_gid &&old.st_mode == new.st_mode) ||
	       trouble(replacement, "keeping its owner and mode", why);
}

bool replacement_create(struct replacement *replacement, int like, struct text *why)
{
	char name[NAME_MAX + 1];

	replacement_clean(replacement);
	errno = ENAMETOOLONG;
	if (replacement_name(replacement, REPLACEMENT_NEW, name))
		replacement->descriptor =
			openat(replacement->directory, name,
			       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (replacement->descriptor == -1)
		return trouble(replacement, "making a new file beside it", why);
	/* One that the directory's default ACL gave. */
	(void)fremovexattr(replacement->descriptor, ACL);
	return like != -1 ? give_attributes_of(replacement, like, why)
			  : give_first_attributes(replacement, why);
}

bool replacement_sync(const struct replacement *replacement, struct text *why)
{
	return fsync(replacement->descriptor) == 0 ||
	       trouble(replacement, "writing the new file", why);
}

bool replacement_publish(struct replacement *replacement, bool *done, struct text *why)
{
	char name[NAME_MAX + 1];

	*done = replacement_name(replacement, REPLACEMENT_NEW, name) &&
		renameat(replacement->directory, name, replacement->directory, replacement->name) ==
			0;
	if (!*done)
		return trouble(replacement, "renaming the new file", why);
	close(replacement->descriptor);
	replacement->descriptor = -1;
	return fsync(replacement->directory) == 0 ||
	       trouble(replacement, "is changed, but writing its directory failed", why);
}

void replacement_end(struct replacement *replacement)
{
	if (replacement->descriptor != -1) {
		replacement_clean(replacement);
		close(replacement->descriptor);
	}
	if (replacement->directory != -1)
		close(replacement->directory);
	replacement->directory = replacement->descriptor = -1;
}
