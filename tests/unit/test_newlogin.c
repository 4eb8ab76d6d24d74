/* Logins that can be added. */
#include "newlogin.h"

#include "unit.h"

static char longest[510];

static struct {
	const char *name;
	struct span login;
	bool fits;
} rows[] = {
	{ "joe", { BYTES("joe") }, true },
	{ "joe@example.org", { BYTES("joe@example.org") }, true },
	{ "UTF-8", { BYTES("j\xc3\xb6") }, true },
	{ "8-bit", { BYTES("\xff\x80") }, true },
	{ "blanks", { BYTES(" a b ") }, true },
	{ "# inside", { BYTES("a#") }, true },
	{ "508 bytes", { longest, 508 }, true },
	{ "509 bytes", { longest, 509 }, false },
	{ "none", { BYTES("") }, false },
	{ "#", { BYTES("#joe") }, false },
	{ "colon", { BYTES("a:b") }, false },
	{ "newline", { BYTES("a\n") }, false },
	{ "return", { BYTES("a\r") }, false },
	{ "NUL", { BYTES("a\0b") }, false },
	{ "escape", { BYTES("a\x1b") }, false },
	{ "DEL", { BYTES("\x7f") }, false },
};

static void judges(void **state)
{
	const typeof(rows[0]) *row = *state;

	memset(longest, 'l', sizeof(longest));
	assert_int_equal(newlogin_fault(row->login) == NULL, row->fits);
}

int main(void)
{
	UNIT_ROWS(rows, judges);
	return unit_run();
}
