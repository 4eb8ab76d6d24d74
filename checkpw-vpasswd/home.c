#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make(const char *path, struct text *why)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	text_join(why, path, ": ", text_of_errno(errno));
	return false;
}

bool home_make(const char *domain, const char *directory, struct text *why)
{
	static const char *const parts[] = { "/Maildir", "/Maildir/new", "/Maildir/cur",
					     "/Maildir/tmp" };
	size_t prefix = strlen(domain);
	struct text path;

	if (!span_begins(span_of(directory), domain) || directory[prefix] != '/') {
		text_join(why, directory, ": not below the domain's ", domain);
		return false;
	}
	for (const char *slash = directory + prefix; slash != NULL;) {
		slash = strchr(slash + 1, '/');
		text_join(&path, directory);
		if (slash != NULL) {
			path.length = (size_t)(slash - directory);
			path.bytes[path.length] = '\0';
		}
		if (!make(path.bytes, why))
			return false;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		text_join(&path, directory, parts[i]);
		if (!make(path.bytes, why))
			return false;
	}
	return true;
}

void home_note_login(const char *directory, const char *address)
{
	struct text file, draft;
	size_t length = strlen(address);
	int descriptor;
	bool written;

	text_join(&file, directory, "/lastauth");
	text_join(&draft, file.bytes, ".");
	text_add_number(&draft, getpid());
	descriptor = open(draft.bytes, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor == -1)
		return;
	written = write(descriptor, address, length) == (ssize_t)length;
	if (close(descriptor) != 0 || !written || rename(draft.bytes, file.bytes) != 0)
		unlink(draft.bytes);
}
