/* A line of the file of users. */
#include "userfile.h"

#include "unit.h"

static struct {
	const char *name;
	struct span line;
	enum userfile_line kind;
	struct span login, secret;
} rows[] = {
	{ "entry", { BYTES("joe:secret") }, USERFILE_ENTRY, { BYTES("joe") }, { BYTES("secret") } },
	{ "further", { BYTES("a:b:c:d") }, USERFILE_ENTRY, { BYTES("a") }, { BYTES("b") } },
	{ "empty secret", { BYTES("a:") }, USERFILE_ENTRY, { BYTES("a") }, { BYTES("") } },
	{ "empty both", { BYTES("::") }, USERFILE_ENTRY, { BYTES("") }, { BYTES("") } },
	{ "blank #", { BYTES(" #a:b") }, USERFILE_ENTRY, { BYTES(" #a") }, { BYTES("b") } },
	{ "bytes", { BYTES("\xff:\x80") }, USERFILE_ENTRY, { BYTES("\xff") }, { BYTES("\x80") } },
	{ "empty", { BYTES("") }, USERFILE_REMARK, { 0 }, { 0 } },
	{ "comment", { BYTES("#a:b") }, USERFILE_REMARK, { 0 }, { 0 } },
	{ "no colon", { BYTES("joe") }, USERFILE_NO_COLON, { 0 }, { 0 } },
};

static void parses(void **state)
{
	const typeof(rows[0]) *row = *state;
	struct userfile_entry entry = { { NULL, 99 }, { NULL, 99 } };

	assert_int_equal(userfile_parse(row->line, &entry), row->kind);
	if (row->kind != USERFILE_ENTRY)
		return;
	assert_int_equal(entry.login.length, row->login.length);
	assert_memory_equal(entry.login.at, row->login.at, row->login.length);
	assert_int_equal(entry.secret.length, row->secret.length);
	assert_memory_equal(entry.secret.at, row->secret.at, row->secret.length);
}

/* What a search came to: the offsets behind the entries that it returned, and what they were. */
struct course {
	size_t count;
	struct {
		uint64_t offset;
		unsigned long number;
		bool found, drawn;
	} steps[512];
	enum userfile_line last;
	struct userfile_search search;
};

static void follow(struct course *course, int file, struct span login, uint64_t seed, bool plainly)
{
	struct userfile_entry entry;
	struct file_lines lines;

	memset(course, 0, sizeof(*course));
	lseek(file, 0, SEEK_SET);
	file_lines_begin(&lines, file);
	/* Where a NUL was seen, nothing is passed over: every line is read as a line. */
	lines.nul = !plainly;
	userfile_search_begin(&course->search, login, seed);
	for (;;) {
		typeof(course->steps[0]) *step = &course->steps[course->count];

		course->last = userfile_search_next(&course->search, &lines, &entry, &step->found,
						    &step->drawn);
		if (course->last != USERFILE_ENTRY)
			break;
		assert_int_equal(step->found, userfile_same_login(login, entry.login));
		step->offset = file_lines_offset(&lines);
		step->number = lines.number;
		course->count++;
		assert_true(course->count < 512);
	}
	assert_int_equal(course->last, USERFILE_END);
}

static void counts_what_is_skipped(void **state)
{
	int file = unit_memory_file(SPAN("# x\n\nnone\na:1\nn\0l:2\nb:3\nlast"));
	struct course course;
	struct file_lines lines;
	struct userfile_entry entry;
	bool found, drawn;

	(void)state;
	follow(&course, file, SPAN("b"), 0, true);
	assert_int_equal(course.count, 2);
	assert_true(course.steps[0].drawn && !course.steps[0].found);
	assert_int_equal(course.steps[0].offset, 14);
	assert_true(course.steps[1].found);
	assert_int_equal(course.search.candidates, 2);
	assert_int_equal(course.search.skipped.count, 3);
	assert_int_equal(course.search.skipped.first, 3);
	close(file);
	file_lines_begin(&lines, file);
	assert_int_equal(userfile_search_next(&course.search, &lines, &entry, &found, &drawn),
			 USERFILE_TROUBLE);
}

static uint64_t chance;

static unsigned below(unsigned limit)
{
	chance = chance * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(chance >> 33) % limit;
}

/* Lines as they could be, and as they should not: most are entries, of few and similar logins. */
static struct span random_file(bool nul)
{
	static char text[200000];
	static const char odd[] = "\n\n::\r!*#ab\xba\x8a\x3b\x39\x0b\x01";
	size_t length = 0, lines = below(3) ? below(60) : below(3000);

	for (size_t i = 0; i < lines && length < sizeof(text) - 10000; i++) {
		size_t login = below(20), secret = below(50) ? below(80) : 4080 + below(40);

		for (size_t j = 0; j < login; j++)
			text[length++] = below(40) ? 'a' : odd[below(sizeof(odd) - 1)];
		if (below(12))
			text[length++] = ':';
		for (size_t j = 0; j < secret; j++)
			text[length++] =
				secret > 80 || below(60) ? 's' : odd[below(sizeof(odd) - 1)];
		if (nul && below(500) == 0)
			text[length++] = '\0';
		if (below(10) == 0)
			text[length++] = '\r';
		text[length++] = '\n';
	}
	if (length != 0 && below(3) == 0)
		length--;
	return (struct span){ text, length };
}

static void passes_over_nothing_of_interest(void **state)
{
	static struct course quick, plain;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		int file = unit_memory_file(random_file(i % 10 == 0));
		char login[20];
		size_t length = below(20);

		memset(login, 'a', sizeof(login));
		if (length != 0 && below(4) == 0)
			login[below((unsigned)length)] = '!';
		follow(&quick, file, (struct span){ login, length }, i, true);
		follow(&plain, file, (struct span){ login, length }, i, false);
		assert_memory_equal(&quick, &plain, sizeof(quick));
		close(file);
	}
}

/* FNV-1a of a number, as the seed is that of a login. */
static uint64_t hash(uint64_t number)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (int i = 0; i < 8; i++)
		hash = (hash ^ (number >> 8 * i & 0xff)) * 0x100000001b3;
	return hash;
}

/* Of nine candidates each is drawn as the last one about as often, whatever stands between them. */
static void draws_fairly(void **state)
{
	int file = unit_memory_file(
		SPAN("a:1\nb:2\nx:!\nc:3\nd:4\n#\ne:5\nx:\nf:6\ng:7\nx\nh:8\ni:9\n"));
	unsigned drawn[13] = { 0 };
	struct course course;

	(void)state;
	for (uint64_t seed = 0; seed < 9000; seed++) {
		unsigned long last = 0;

		follow(&course, file, SPAN("-"), hash(seed), true);
		for (size_t i = 0; i < course.count; i++)
			last = course.steps[i].drawn ? course.steps[i].number : last;
		drawn[last - 1]++;
	}
	for (size_t i = 0; i < 13; i++) {
		bool candidate = i != 2 && i != 5 && i != 7 && i != 10;

		assert_in_range(drawn[i], candidate ? 850 : 0, candidate ? 1150 : 0);
	}
	close(file);
}

static void knows_decoys(void **state)
{
	(void)state;
	assert_true(userfile_serves_as_decoy(span_of("x")));
	assert_true(userfile_serves_as_decoy(span_of("{PLAIN}x")));
	assert_false(userfile_serves_as_decoy(span_of("")));
	assert_false(userfile_serves_as_decoy(span_of("!x")));
	assert_false(userfile_serves_as_decoy(span_of("*")));
}

int main(void)
{
	UNIT_ROWS(rows, parses);
	UNIT_TEST(counts_what_is_skipped);
	UNIT_TEST(passes_over_nothing_of_interest);
	UNIT_TEST(draws_fairly);
	UNIT_TEST(knows_decoys);
	return unit_run();
}
