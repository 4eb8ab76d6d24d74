/* Whom `allow` and `deny` name. */
#include "list.h"

#include "unit.h"

static const gid_t groups[] = { 100, 0 };
static const struct account account = {
	.name = "joe$",
	.gid = 100,
	.groups = groups,
	.group_count = COUNT(groups),
};

static struct {
	const char *name, *list;
	bool good, named;
	const char *why;
} rows[] = {
	{ "his name", "joe$", true, true, "" },
	{ "among others", "ann, bob\tjoe$,", true, true, "" },
	{ "others", "ann bob", true, false, "" },
	{ "in another case", "JOE$", true, false, "" },
	{ "a beginning of it", "joe", true, false, "" },
	{ "his group", "@root", true, true, "" },
	{ "another group", "@daemon", true, false, "" },
	{ "a group that there is not", "joe$ @no-such-group", false, true,
	  "group no-such-group of allow or deny: no such group" },
	{ "nobody", " ,\t", false, false, "allow or deny names nobody" },
	{ "empty", "", false, false, "allow or deny names nobody" },
	{ "no name", "joe;ann", false, false, "allow or deny: \"joe;ann\" is no name" },
	{ "a $ in the middle", "jo$e", false, false, "allow or deny: \"jo$e\" is no name" },
	{ "a $ alone", "$", false, false, "allow or deny: \"$\" is no name" },
	{ "two $", "joe$$", false, false, "allow or deny: \"joe$$\" is no name" },
	{ "an @ alone", "@", false, false, "allow or deny: \"@\" is no name" },
};

static void names(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct text why;
	bool named = true;

	text_clear(&why);
	assert_int_equal(list_names(row->list, &account, &named, &why), row->good);
	assert_int_equal(named, row->named);
	assert_string_equal(why.bytes, row->why);
}

static void bounds_a_name(void **state)
{
	char list[258];
	struct text why;
	bool named;

	(void)state;
	memset(list, 'a', sizeof(list));
	list[256] = '\0';
	assert_true(list_names(list, &account, &named, &why));
	list[256] = 'a';
	list[257] = '\0';
	assert_false(list_names(list, &account, &named, &why));
	assert_string_equal(why.bytes, "a name in allow or deny is too long");
}

static void knows_members(void **state)
{
	(void)state;
	assert_true(list_is_member(&account, 0));
	assert_true(list_is_member(&account, 100));
	assert_false(list_is_member(&account, 1));
}

int main(void)
{
	UNIT_ROWS(rows, names);
	UNIT_TEST(bounds_a_name);
	UNIT_TEST(knows_members);
	return unit_run();
}
