/* Looking keys up in whole and in damaged cdb files, made here byte by byte. */
#include "database.h"

#include "unit.h"

#include <errno.h>

#define RECORD 2048 /* the first one; the head of 256 pointers is before it */
#define FILE_BYTES 4096

static unsigned char file[FILE_BYTES];
static size_t file_length;

static uint32_t hash_of(const char *key)
{
	uint32_t hash = 5381;

	for (; *key != '\0'; key++)
		hash = ((hash << 5) + hash) ^ (unsigned char)*key;
	return hash;
}

static void put(size_t at, uint32_t number)
{
	for (size_t i = 0; i < 4; i++)
		file[at + i] = (unsigned char)(number >> 8 * i);
}

/* The pointer to the table of `key`: its place and its number of slots. */
static void put_table(const char *key, uint32_t at, uint32_t slots)
{
	put((hash_of(key) & 255) * 8, at);
	put((hash_of(key) & 255) * 8 + 4, slots);
}

static size_t put_record(size_t at, const char *key, const char *data)
{
	put(at, (uint32_t)strlen(key));
	put(at + 4, (uint32_t)strlen(data));
	memcpy(file + at + 8, key, strlen(key));
	memcpy(file + at + 8 + strlen(key), data, strlen(data));
	return at + 8 + strlen(key) + strlen(data);
}

/* One record joe -> secret, and behind it a table of two slots. */
static size_t table, slot;

static void make_file(void)
{
	memset(file, 0, sizeof(file));
	table = put_record(RECORD, "joe", "secret");
	for (size_t i = 0; i < 256; i++)
		put(8 * i, (uint32_t)table);
	put_table("joe", (uint32_t)table, 2);
	slot = table + 8 * ((hash_of("joe") >> 8) % 2);
	put(slot, hash_of("joe"));
	put(slot + 4, RECORD);
	file_length = table + 16;
}

#define ROOM 16

/* Asks for `key`, with a margin behind the room that must stay as it is. */
static enum database_lookup ask(const char *key, char *data, size_t *length)
{
	char room[ROOM + 8];
	int descriptor = unit_memory_file((struct span){ (const char *)file, file_length });
	enum database_lookup lookup;

	memset(room, '#', sizeof(room));
	*length = 4711;
	errno = 0;
	lookup = database_find(descriptor, span_of(key), room, ROOM, length);
	close(descriptor);
	assert_memory_equal(room + ROOM, "########", 8);
	assert_true(*length <= ROOM);
	memcpy(data, room, ROOM);
	return lookup;
}

static void finds(void **state)
{
	char data[ROOM];
	size_t length;

	(void)state;
	make_file();
	assert_int_equal(ask("joe", data, &length), DATABASE_FOUND);
	assert_int_equal(length, 6);
	assert_memory_equal(data, "secret", 6);
	assert_int_equal(ask("ann", data, &length), DATABASE_ABSENT);
	assert_int_equal(length, 0);
	assert_int_equal(ask("", data, &length), DATABASE_ABSENT);
	assert_int_equal(ask("jo", data, &length), DATABASE_ABSENT);
	assert_int_equal(ask("joee", data, &length), DATABASE_ABSENT);
}

static void compares_key_not_hash(void **state)
{
	char data[ROOM];
	size_t length;

	(void)state;
	make_file();
	memcpy(file + RECORD + 8, "jim", 3);
	assert_int_equal(ask("joe", data, &length), DATABASE_ABSENT);
	put(RECORD, 2);
	assert_int_equal(ask("joe", data, &length), DATABASE_ABSENT);
}

static void first_of_two(void **state)
{
	char data[ROOM];
	size_t second, length;

	(void)state;
	make_file();
	second = put_record(RECORD, "joe", "first");
	table = put_record(second, "joe", "second");
	put_table("joe", (uint32_t)table, 4);
	slot = (hash_of("joe") >> 8) % 4;
	memset(file + table, 0, 32);
	put(table + 8 * slot, hash_of("joe"));
	put(table + 8 * slot + 4, RECORD);
	slot = (slot + 1) % 4;
	put(table + 8 * slot, hash_of("joe"));
	put(table + 8 * slot + 4, (uint32_t)second);
	file_length = table + 32;
	assert_int_equal(ask("joe", data, &length), DATABASE_FOUND);
	assert_memory_equal(data, "first", length);
	/* The key of the first is another's: the next slot counts. */
	memcpy(file + RECORD + 8, "jim", 3);
	assert_int_equal(ask("joe", data, &length), DATABASE_FOUND);
	assert_memory_equal(data, "second", length);
}

static void bounds_the_record(void **state)
{
	static const struct {
		size_t bytes;
		enum database_lookup want;
	} cases[] = { { 0, DATABASE_FOUND },
		      { ROOM - 1, DATABASE_FOUND },
		      { ROOM, DATABASE_FOUND },
		      { ROOM + 1, DATABASE_TROUBLE },
		      { 1000, DATABASE_TROUBLE } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char data[ROOM];
		size_t length;

		make_file();
		put(RECORD + 4, (uint32_t)cases[i].bytes);
		file_length = FILE_BYTES;
		assert_int_equal(ask("joe", data, &length), cases[i].want);
		assert_int_equal(length, cases[i].want == DATABASE_FOUND ? cases[i].bytes : 0);
		assert_true(cases[i].want == DATABASE_FOUND || errno != 0);
	}
}

/* Each one makes a whole file damaged. */
static void empty(void)
{
	file_length = 0;
}

static void cut_in_the_head(void)
{
	file_length = (hash_of("joe") & 255) * 8 + 5;
}

static void cut_before_the_table(void)
{
	file_length = table;
}

static void cut_in_the_table(void)
{
	file_length = slot + 7;
}

static void table_beyond(void)
{
	put_table("joe", FILE_BYTES, 2);
}

static void table_at_2_31(void)
{
	put_table("joe", UINT32_C(1) << 31, 2);
}

static void table_beyond_huge(void)
{
	put_table("joe", UINT32_MAX - 100, UINT32_MAX);
}

static void record_beyond(void)
{
	put(slot + 4, FILE_BYTES);
}

static void record_at_2_32(void)
{
	put(slot + 4, UINT32_MAX);
}

static void record_cut_in_its_head(void)
{
	put(slot + 4, (uint32_t)file_length - 4);
}

static void data_beyond(void)
{
	put(slot + 4, (uint32_t)file_length);
	put(file_length, 3);
	put(file_length + 4, 6);
	memcpy(file + file_length + 8, "joesec", 6);
	file_length += 14;
}

static void key_beyond(void)
{
	put(slot + 4, (uint32_t)file_length);
	put(file_length, 3);
	put(file_length + 4, 6);
	memcpy(file + file_length + 8, "jo", 2);
	file_length += 10;
}

static void huge_data(void)
{
	put(RECORD + 4, UINT32_MAX);
}

static void data_of_2_31(void)
{
	put(RECORD + 4, UINT32_C(1) << 31);
}

static void data_that_wraps(void)
{
	put(RECORD + 4, UINT32_MAX - 7);
}

static struct {
	const char *name;
	void (*damage)(void);
} damages[] = {
	{ "damage: empty", empty },
	{ "damage: cut in the head", cut_in_the_head },
	{ "damage: cut before the table", cut_before_the_table },
	{ "damage: cut in the table", cut_in_the_table },
	{ "damage: table beyond the end", table_beyond },
	{ "damage: table at 2^31", table_at_2_31 },
	{ "damage: table of 2^32-1 slots beyond the end", table_beyond_huge },
	{ "damage: record beyond the end", record_beyond },
	{ "damage: record at 2^32-1", record_at_2_32 },
	{ "damage: record cut in its head", record_cut_in_its_head },
	{ "damage: data beyond the end", data_beyond },
	{ "damage: key beyond the end", key_beyond },
	{ "damage: 2^32-1 bytes of data", huge_data },
	{ "damage: 2^31 bytes of data", data_of_2_31 },
	{ "damage: 2^32-8 bytes of data", data_that_wraps },
};

static void is_an_error(void **state)
{
	__typeof__(damages[0]) *row = *state;
	char data[ROOM];
	size_t length;

	make_file();
	row->damage();
	assert_int_equal(ask("joe", data, &length), DATABASE_TROUBLE);
	assert_int_equal(length, 0);
	assert_int_not_equal(errno, 0);
}

/* Damages that look like a file without joe: an end, and no record. */
static void slots_of_others(void)
{
	for (size_t i = 0; i < 2; i++) {
		put(table + 8 * i, 1);
		put(table + 8 * i + 4, RECORD);
	}
}

static void slots_in_a_circle(void)
{
	for (size_t i = 0; i < 2; i++) {
		put(table + 8 * i, hash_of("joe"));
		put(table + 8 * i + 4, RECORD);
	}
	memcpy(file + RECORD + 8, "jim", 3);
}

/* 2^32-1 slots, of which the file has many: all of them joe's hash, and none of them joe. */
static void endless_circle(void)
{
	slots_in_a_circle();
	put_table("joe", (uint32_t)table, UINT32_MAX);
	for (size_t at = table; at + 8 <= FILE_BYTES; at += 8) {
		put(at, hash_of("joe"));
		put(at + 4, RECORD);
	}
	file_length = FILE_BYTES;
}

static void head_for_a_table(void)
{
	put_table("joe", 0, 256);
}

static void table_that_wraps(void)
{
	put_table("joe", UINT32_MAX - 7, 2);
}

static void huge_key(void)
{
	put(RECORD, UINT32_MAX);
}

static void no_slots(void)
{
	put_table("joe", (uint32_t)table, 0);
}

static void head_for_a_record(void)
{
	put(slot + 4, 8);
}

static struct {
	const char *name;
	void (*damage)(void);
} oddities[] = {
	{ "odd: slots of others, none free", slots_of_others },
	{ "odd: slots in a circle", slots_in_a_circle },
	{ "odd: a circle of 2^32-1 slots", endless_circle },
	{ "odd: the head is the table", head_for_a_table },
	{ "odd: a table that wraps at 2^32", table_that_wraps },
	{ "odd: a key of 2^32-1 bytes", huge_key },
	{ "odd: no slots", no_slots },
	{ "odd: the head is the record", head_for_a_record },
};

static void is_not_found(void **state)
{
	__typeof__(oddities[0]) *row = *state;
	char data[ROOM];
	size_t length;

	make_file();
	row->damage();
	assert_int_not_equal(ask("joe", data, &length), DATABASE_FOUND);
	assert_int_equal(length, 0);
}

static void is_an_error_at_any_length(void **state)
{
	char data[ROOM];
	size_t whole, length;

	(void)state;
	make_file();
	whole = file_length;
	for (file_length = 0; file_length < whole; file_length++) {
		bool slot_is_whole = file_length >= slot + 8;
		bool head_is_whole = file_length > (hash_of("joe") & 255) * 8 + 7;

		/* Both are read before the slot behind joe's would be. */
		if (slot_is_whole && head_is_whole)
			assert_int_equal(ask("joe", data, &length), DATABASE_FOUND);
		else
			assert_int_equal(ask("joe", data, &length), DATABASE_TROUBLE);
	}
}

/* As a crash may leave it. */
static void is_an_error_when_all_zero(void **state)
{
	char data[ROOM];
	size_t length;

	(void)state;
	make_file();
	memset(file, 0, sizeof(file));
	assert_int_equal(ask("joe", data, &length), DATABASE_TROUBLE);
}

static void needs_a_descriptor(void **state)
{
	char data[ROOM];
	size_t length = 4711;

	(void)state;
	errno = 0;
	assert_int_equal(database_find(-1, SPAN("joe"), data, ROOM, &length), DATABASE_TROUBLE);
	assert_int_equal(errno, EBADF);
	assert_int_equal(length, 0);
	assert_int_equal(database_first(-1, data, ROOM, &length), DATABASE_TROUBLE);
	assert_int_equal(length, 0);
}

static enum database_lookup ask_first(char *data, size_t *length)
{
	char room[ROOM + 8];
	int descriptor = unit_memory_file((struct span){ (const char *)file, file_length });
	enum database_lookup lookup;

	memset(room, '#', sizeof(room));
	*length = 4711;
	lookup = database_first(descriptor, room, ROOM, length);
	close(descriptor);
	assert_memory_equal(room + ROOM, "########", 8);
	memcpy(data, room, ROOM);
	return lookup;
}

static void gives_the_first(void **state)
{
	char data[ROOM];
	size_t length;

	(void)state;
	make_file();
	assert_int_equal(ask_first(data, &length), DATABASE_FOUND);
	assert_int_equal(length, 6);
	assert_memory_equal(data, "secret", 6);

	put(RECORD + 4, ROOM + 1);
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	put(RECORD + 4, UINT32_MAX);
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	put(RECORD + 4, 6);
	put(RECORD, UINT32_MAX);
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	put(RECORD, ROOM);
	file_length = RECORD + 8 + ROOM + 5;
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	file_length = RECORD + 7;
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	file_length = 3;
	assert_int_equal(ask_first(data, &length), DATABASE_TROUBLE);
	assert_int_equal(length, 0);
}

/* The tables of a file without records begin where the first record would. */
static void has_no_first_where_there_is_none(void **state)
{
	char data[ROOM];
	size_t length;

	(void)state;
	make_file();
	for (size_t i = 0; i < 256; i++)
		put(8 * i, RECORD);
	assert_int_equal(ask_first(data, &length), DATABASE_ABSENT);
	assert_int_equal(length, 0);
}

int main(void)
{
	UNIT_TEST(finds);
	UNIT_TEST(compares_key_not_hash);
	UNIT_TEST(first_of_two);
	UNIT_TEST(bounds_the_record);
	UNIT_ROWS(damages, is_an_error);
	UNIT_ROWS(oddities, is_not_found);
	UNIT_TEST(is_an_error_at_any_length);
	UNIT_TEST(is_an_error_when_all_zero);
	UNIT_TEST(needs_a_descriptor);
	UNIT_TEST(gives_the_first);
	UNIT_TEST(has_no_first_where_there_is_none);
	return unit_run();
}
