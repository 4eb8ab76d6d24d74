/* The command line of a chain, and the words of a link. */
#include "links.h"

#include "unit.h"

#include <stdio.h>

static char none[] = "--", a[] = "a", b[] = "b", p[] = "p";

static void splits_checkers_from_subprogram(void **state)
{
	char *both[] = { a, b, none, p, none, NULL };
	struct links_command command = links_split(both);

	(void)state;
	assert_int_equal(command.checker_count, 2);
	assert_ptr_equal(command.checkers[0], a);
	assert_ptr_equal(command.subprogram, both + 3);
}

static void takes_all_for_the_subprogram(void **state)
{
	char *plain[] = { p, a, NULL };
	char *marked[] = { none, p, NULL };
	char *nothing[] = { NULL };
	char *only_mark[] = { a, none, NULL };

	(void)state;
	assert_int_equal(links_split(plain).checker_count, 0);
	assert_ptr_equal(links_split(plain).subprogram, plain);
	assert_int_equal(links_split(marked).checker_count, 0);
	assert_ptr_equal(links_split(marked).subprogram, marked + 1);
	assert_null(*links_split(nothing).subprogram);
	assert_null(*links_split(only_mark).subprogram);
}

static struct {
	const char *name;
	const char *checker;
	const char *words; /* between bars; NULL: refused */
	const char *link_name;
} commands[] = {
	{ "a path", "/bin/a", "/bin/a|gate|me|p|", "a" },
	{ "no slash", "a", "a|gate|me|p|", "a" },
	{ "arguments", "/bin/a b  c\t d ", "/bin/a|b|c|d|gate|me|p|", "a" },
	{ "blanks before", "  /bin/a", "/bin/a|gate|me|p|", "a" },
	{ "a slash at the end", "/bin/", "/bin/|gate|me|p|", "" },
	{ "a quote is no quote", "a 'b c'", "a|'b|c'|gate|me|p|", "a" },
	{ "empty", "", NULL, NULL },
	{ "blanks", " \t ", NULL, NULL },
};

static void composes(void **state)
{
	__typeof__(commands[0]) *row = *state;
	char gate_word[] = "gate", me[] = "me", line[64], got[128] = "";
	char *gate[] = { gate_word, me, NULL }, *subprogram[] = { p, NULL };
	struct link link;
	struct text why;
	size_t length = 0;

	snprintf(line, sizeof(line), "%s", row->checker);
	assert_int_equal(links_compose(&link, line, gate, subprogram, &why), row->words != NULL);
	if (row->words == NULL)
		return;
	for (size_t i = 0; link.words[i] != NULL; i++)
		length +=
			(size_t)snprintf(got + length, sizeof(got) - length, "%s|", link.words[i]);
	assert_string_equal(got, row->words);
	assert_string_equal(link.name, row->link_name);
}

static void has_room_for_so_many_words(void **state)
{
	static char *many[LINKS_WORDS_MAX + 1];
	char *gate[] = { a, NULL };
	struct link link;
	struct text why;

	(void)state;
	for (size_t i = 0; i < LINKS_WORDS_MAX - 2; i++)
		many[i] = p;
	assert_true(links_compose(&link, b, gate, many, &why));
	assert_null(link.words[LINKS_WORDS_MAX]);
	many[LINKS_WORDS_MAX - 2] = p;
	assert_false(links_compose(&link, b, gate, many, &why));
}

int main(void)
{
	UNIT_TEST(splits_checkers_from_subprogram);
	UNIT_TEST(takes_all_for_the_subprogram);
	UNIT_ROWS(commands, composes);
	UNIT_TEST(has_room_for_so_many_words);
	return unit_run();
}
