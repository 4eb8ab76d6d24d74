/* A line of another program's file of users; the first byte chooses the format. */
#include "fuzz.h"

#include "../../poppasswd/describe.c"
#include "../../poppasswd/newlogin.c"
#include "../../poppasswd/print.c"
#include "../../poppasswd/source.c"

#include <assert.h>

static void check_part(struct span part, struct span line)
{
	if (part.at == NULL || part.length == 0)
		return;
	assert(part.at >= line.at && part.at + part.length <= line.at + line.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "poppasswd", "plain", "dovecot", "htpasswd",
					     "vpasswd" };
	struct span line = { (const char *)data + 1, size - 1 };
	struct source_user user = { 0 };
	struct description description;
	struct text shown;

	if (size < 2)
		return 0;
	print_shown(&shown, line);
	assert(memchr(shown.bytes, '\x1b', shown.length) == NULL);
	(void)newlogin_fault(line);
	if (source_find(names[data[0] % 5])(line, &user) != NULL)
		return 0;
	check_part(user.login, line);
	check_part(user.secret, line);
	check_part(user.clear, line);
	check_part(user.further, line);
	assert((user.secret.at == NULL) != (user.clear.at == NULL));
	assert(memchr(user.login.at, ':', user.login.length) == NULL);
	if (user.secret.at == NULL)
		return 0;
	assert(data[0] % 5 == 3 || memchr(user.secret.at, ':', user.secret.length) == NULL);
	description = describe(user.secret);
	assert(description.scheme != NULL && describe_state(&description) != NULL);
	assert(description.plain == (description.reason == REASON_OK));
	check_part(describe_unlocked(user.secret), line);
	return 0;
}
