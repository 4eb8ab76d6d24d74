/* The head of an index, and what it identifies. */
#include "userindex.h"

#include "unit.h"

static void packs_little_endian(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 0x0102030405060708, UINT64_MAX };
	uint8_t bytes[USERINDEX_OFFSET_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		userindex_pack(numbers[i], bytes);
		assert_int_equal(bytes[0], numbers[i] & 0xff);
		assert_int_equal(bytes[7], numbers[i] >> 56);
		assert_true(userindex_unpack(bytes) == numbers[i]);
	}
}

static void head_comes_back(void **state)
{
	const struct userindex_head head = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	uint8_t bytes[USERINDEX_HEAD_BYTES];
	struct userindex_head back;

	(void)state;
	userindex_pack_head(&head, bytes);
	assert_memory_equal(bytes, "poppasswd-index1\1\0\0\0\0\0\0\0\2", 25);
	assert_true(userindex_unpack_head(bytes, &back));
	assert_memory_equal(&head, &back, sizeof(head));
	for (size_t i = 0; i < 16; i++) {
		bytes[i] ^= 1;
		assert_false(userindex_unpack_head(bytes, &back));
		bytes[i] ^= 1;
	}
}

static void bounds_the_decoys(void **state)
{
	struct userindex_head head = { .decoys = USERINDEX_DECOYS_MAX }, back;
	uint8_t bytes[USERINDEX_HEAD_BYTES];

	(void)state;
	userindex_pack_head(&head, bytes);
	assert_true(userindex_unpack_head(bytes, &back));
	head.decoys++;
	userindex_pack_head(&head, bytes);
	assert_false(userindex_unpack_head(bytes, &back));
}

static void zeros_are_no_head(void **state)
{
	const uint8_t zeros[USERINDEX_HEAD_BYTES] = { 0 };
	struct userindex_head head;

	(void)state;
	assert_false(userindex_unpack_head(zeros, &head));
}

static void identifies(void **state)
{
	const struct stat text = {
		.st_size = 1, .st_ino = 2, .st_ctim = { 3, 4 }, .st_mtim = { 5, 6 }
	};
	struct userindex_head head = { 0 };

	(void)state;
	userindex_identify(&head, &text);
	assert_int_equal(head.size, 1);
	assert_int_equal(head.inode, 2);
	assert_int_equal(head.changed_seconds, 3);
	assert_int_equal(head.changed_nanoseconds, 4);
	assert_int_equal(head.modified_seconds, 5);
	assert_int_equal(head.modified_nanoseconds, 6);
}

static void none_is_missing(void **state)
{
	struct userindex index_of;
	struct text why;

	(void)state;
	assert_int_equal(userindex_open(&index_of, "/nonexistent/users", 0, &why),
			 USERINDEX_MISSING);
	assert_int_equal(index_of.descriptor, -1);
	assert_int_equal(why.length, 0);
	userindex_close(&index_of);
}

int main(void)
{
	UNIT_TEST(packs_little_endian);
	UNIT_TEST(head_comes_back);
	UNIT_TEST(bounds_the_decoys);
	UNIT_TEST(zeros_are_no_head);
	UNIT_TEST(identifies);
	UNIT_TEST(none_is_missing);
	return unit_run();
}
