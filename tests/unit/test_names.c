/* A set of logins. */
#include "names.h"

#include "unit.h"

#include <stdio.h>

static void keeps_the_first(void **state)
{
	struct names names = { 0 };
	struct name *name;

	(void)state;
	assert_null(names_find(&names, span_of("joe")));
	name = names_add(&names, span_of("joe"), 3);
	assert_non_null(name);
	assert_int_equal(name->line, 3);
	assert_null(name->of);
	assert_ptr_equal(names_add(&names, span_of("joe"), 4), name);
	assert_int_equal(name->line, 3);
	assert_ptr_equal(names_find(&names, span_of("joe")), name);
	assert_null(names_find(&names, span_of("jo")));
	assert_null(names_find(&names, span_of("joe\n")));
	assert_non_null(names_add(&names, SPAN("j\0e"), 5));
	assert_non_null(names_add(&names, span_of(""), 6));
	assert_int_equal(names_find(&names, SPAN("j\0e"))->line, 5);
	assert_int_equal(names_find(&names, span_of(""))->line, 6);
	assert_int_equal(names.count, 3);
	names_free(&names);
	assert_null(names_find(&names, span_of("joe")));
}

static void grows(void **state)
{
	struct names names = { 0 };
	char login[16];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(login, sizeof(login), "u%u", i);
		assert_non_null(names_add(&names, span_of(login), i));
	}
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(login, sizeof(login), "u%u", i);
		assert_int_equal(names_find(&names, span_of(login))->line, i);
	}
	assert_int_equal(names.count, 5000);
	names_free(&names);
}

int main(void)
{
	UNIT_TEST(keeps_the_first);
	UNIT_TEST(grows);
	return unit_run();
}
