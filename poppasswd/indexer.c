#include "indexer.h"

#include "walk.h"

#include <cdb.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#define TICK_NANOSECONDS 1000000
#define FUTURE_SECONDS 5
/* Where both times are whole seconds the file system keeps no finer ones; FAT's are even. */
#define COARSE_SECONDS 2

static uint8_t data[USERINDEX_DATA_BYTES];

/* Of n candidates each is kept with the same probability; the same file gives the same ones. */
static void sample(uint64_t offset, uint64_t candidates, uint64_t *state)
{
	uint64_t place = candidates - 1;

	*state = *state * 6364136223846793005 + 1442695040888963407;
	if (place >= USERINDEX_DECOYS_MAX)
		place = (*state >> 33) % candidates;
	if (place < USERINDEX_DECOYS_MAX)
		userindex_pack(offset,
			       data + USERINDEX_HEAD_BYTES + place * USERINDEX_OFFSET_BYTES);
}

static bool add(struct cdb_make *cdb, struct span key, uint64_t offset)
{
	uint8_t bytes[USERINDEX_OFFSET_BYTES];

	userindex_pack(offset, bytes);
	return cdb_make_add(cdb, key.at, (unsigned)key.length, bytes, sizeof(bytes)) == 0;
}

static bool add_all(struct cdb_make *cdb, int text, struct userindex_head *head, uint64_t *logins)
{
	struct userfile_skipped skipped = { 0 };
	uint64_t candidates = 0, state = 0;
	enum userfile_line kind;
	struct walk walk;

	*logins = 0;
	if (!walk_begin(&walk, text))
		return false;
	while ((kind = walk_next(&walk)) != USERFILE_END) {
		if (kind == USERFILE_TROUBLE)
			return false;
		if (kind == USERFILE_ENTRY) {
			/* Of the same keys in a cdb the first counts, as of lines in the text. */
			if (!add(cdb, walk.entry.login, walk.at))
				return false;
			++*logins;
			if (userfile_serves_as_decoy(walk.entry.secret))
				sample(walk.at, ++candidates, &state);
		} else if (kind != USERFILE_REMARK && skipped.count++ == 0) {
			skipped.first = walk.lines.number;
		}
	}
	head->skipped_count = skipped.count;
	head->skipped_first = skipped.first;
	head->decoys = candidates < USERINDEX_DECOYS_MAX ? candidates : USERINDEX_DECOYS_MAX;
	return true;
}

bool indexer_build(int text, int index_file, struct userindex_head *head, uint64_t *logins)
{
	struct cdb_make cdb;
	bool added;

	*head = (struct userindex_head){ 0 };
	*logins = 0;
	memset(data, 0, sizeof(data));
	errno = EFBIG; /* libcdb does not say that a file is too large for it */
	if (cdb_make_start(&cdb, index_file) != 0)
		return false;
	added = cdb_make_add(&cdb, USERINDEX_KEY, USERINDEX_KEY_BYTES, data, sizeof(data)) == 0 &&
		add_all(&cdb, text, head, logins);
	/* It frees what was gathered, too. */
	return cdb_make_finish(&cdb) == 0 && added;
}

static bool is_before(const struct timespec *left, const struct timespec *right)
{
	return left->tv_sec < right->tv_sec ||
	       (left->tv_sec == right->tv_sec && left->tv_nsec < right->tv_nsec);
}

bool indexer_settle(const struct stat *status)
{
	static const struct timespec tick = { 0, TICK_NANOSECONDS };
	struct timespec last = status->st_ctim, now;

	if (last.tv_nsec == 0 && status->st_mtim.tv_nsec == 0)
		last.tv_sec += COARSE_SECONDS;
	for (;;) {
		if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 ||
		    now.tv_sec + FUTURE_SECONDS < last.tv_sec)
			return false;
		if (is_before(&last, &now))
			return true;
		nanosleep(&tick, NULL);
	}
}

bool indexer_seal(int index_file, const struct stat *text, struct userindex_head *head)
{
	off_t size = lseek(index_file, 0, SEEK_END);

	if (size == -1)
		return false;
	userindex_identify(head, text);
	head->index_size = (uint64_t)size;
	userindex_pack_head(head, data);
	return pwrite(index_file, data, sizeof(data), USERINDEX_DATA_AT) == (ssize_t)sizeof(data);
}

bool indexer_same(const struct stat *left, const struct stat *right)
{
	return left->st_size == right->st_size && left->st_ino == right->st_ino &&
	       left->st_mtim.tv_sec == right->st_mtim.tv_sec &&
	       left->st_mtim.tv_nsec == right->st_mtim.tv_nsec;
}
