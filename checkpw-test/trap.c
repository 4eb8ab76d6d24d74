#include "trap.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEVICE "/dev/log"

static char directory[] = "/run/checkpw-test.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int trap = -1;

static bool make_socket(void)
{
	struct text path;

	if (mkdtemp(directory) == NULL)
		return false;
	text_join(&path, directory, "/log");
	memcpy(address.sun_path, path.bytes, path.length + 1);
	trap = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return trap != -1 && bind(trap, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       chmod(address.sun_path, 0666) == 0 && chmod(directory, 0711) == 0;
}

bool trap_open(struct text *why)
{
	if (geteuid() != 0) {
		text_join(why, "what goes to syslog can be shown to root only");
		return false;
	}
	if (access(DEVICE, F_OK) != 0) {
		text_join(why, "there is no " DEVICE ": nothing that goes to syslog is kept");
		return false;
	}
	if (make_socket())
		return true;
	text_join(why, "cannot read syslog: ", text_of_errno(errno));
	trap_close();
	return false;
}

bool trap_set(void)
{
	return trap == -1 || (unshare(CLONE_NEWNS) == 0 &&
			      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			      mount(address.sun_path, DEVICE, NULL, MS_BIND, NULL) == 0);
}

size_t trap_read(char *out, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (trap != -1 && length + 1 < size &&
	       (got = recv(trap, out + length, size - length - 1, 0)) > 0) {
		char *line = out + length, *end = memchr(line, '>', (size_t)got);

		/* <22> */
		if (line[0] == '<' && end != NULL) {
			got -= end + 1 - line;
			memmove(line, end + 1, (size_t)got);
		}
		length += (size_t)got;
		if (length != 0 && out[length - 1] != '\n')
			out[length++] = '\n';
	}
	return length;
}

void trap_close(void)
{
	if (trap != -1)
		close(trap);
	trap = -1;
	if (address.sun_path[0] != '\0')
		(void)unlink(address.sun_path);
	(void)rmdir(directory);
}
