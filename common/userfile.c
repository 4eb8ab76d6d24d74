#include "userfile.h"

#include "secret.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

char userfile_path[CONFIGURATION_TEXT_BYTES] = SYSCONFDIR "/poppasswd";

const struct configuration_key userfile_keys[] = {
	{ "file", CONFIGURATION_PATH, userfile_path, 0, 0, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static struct span until_colon(struct span text)
{
	const char *colon = memchr(text.at, ':', text.length);

	if (colon != NULL)
		text.length = (size_t)(colon - text.at);
	return text;
}

enum userfile_line userfile_parse(struct span line, struct userfile_entry *entry)
{
	struct span login = until_colon(line);

	if (line.length == 0 || line.at[0] == '#')
		return USERFILE_REMARK;
	if (login.length == line.length)
		return USERFILE_NO_COLON;
	entry->login = login;
	entry->secret = until_colon(span_from(line, login.length + 1));
	return USERFILE_ENTRY;
}

enum userfile_line userfile_next(struct file_lines *lines, struct userfile_entry *entry)
{
	struct span line;

	switch (file_lines_next(lines, &line)) {
	case FILE_LINE_TROUBLE:
		break;
	case FILE_LINE_END:
		return USERFILE_END;
	case FILE_LINE_OVERLONG:
		return USERFILE_OVERLONG;
	case FILE_LINE_NUL:
		return USERFILE_NUL;
	case FILE_LINE:
		return userfile_parse(line, entry);
	}
	return USERFILE_TROUBLE;
}

bool userfile_same_login(struct span asked, struct span login)
{
	return asked.length == login.length && secret_same(asked.at, login.at, login.length);
}

bool userfile_serves_as_decoy(struct span secret)
{
	return secret.length != 0 && secret.at[0] != '!' && secret.at[0] != '*';
}

#define WORD_BYTES sizeof(uint64_t)

static uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

void userfile_search_begin(struct userfile_search *search, struct span login, uint64_t seed)
{
	char lead[WORD_BYTES] = { 0 };
	size_t length = login.length < WORD_BYTES ? login.length : WORD_BYTES;

	*search = (struct userfile_search){ .login = login, .draw = seed };
	if (length != 0)
		memcpy(lead, login.at, length);
	search->lead = word_at(lead);
	memset(lead, 0xff, length);
	search->lead_mask = word_at(lead);
	if (login.length > WORD_BYTES)
		search->tail = word_at(login.at + login.length - WORD_BYTES);
}

static uint64_t next_draw(uint64_t draw)
{
	return draw * 6364136223846793005 + 1442695040888963407;
}

/*
 * Of n candidates each is drawn with the same probability if the n-th takes the place with 1/n: a
 * fraction of 2^31 below 1/n, without a division, which would be dear.
 */
static bool is_drawn(uint64_t draw, uint64_t candidates)
{
	return (draw >> 33) * candidates < (uint64_t)1 << 31;
}

#ifdef __SSE2__

#define BLOCK_BYTES 64
_Static_assert(BLOCK_BYTES <= FILE_AHEAD_BYTES, "a block may begin at the last byte");

/* Which bytes of the block at `at` are that one: a bit each, the lowest for the first. */
static uint64_t bytes_that_are(const char *at, char byte)
{
	const __m128i wanted = _mm_set1_epi8(byte);
	uint64_t bits = 0;

	for (int i = 0; i < BLOCK_BYTES; i += 16) {
		__m128i part = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
		unsigned equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(part, wanted));

		bits |= (uint64_t)equal << i;
	}
	return bits;
}

static size_t lowest(uint64_t bits)
{
	return (size_t)__builtin_ctzll(bits);
}

/*
 * Whether what stands before `colon` may be the login: all but the middle of a long one is. Length
 * and beginning take one branch, so that no time tells how many logins have one of them.
 */
static bool resembles(const struct userfile_search *search, const char *line, const char *colon)
{
	size_t length = (size_t)(colon - line);
	uint64_t lead = (word_at(line) ^ search->lead) & search->lead_mask;

	return ((length ^ search->login.length) | lead) == 0 &&
	       (length <= WORD_BYTES || word_at(colon - WORD_BYTES) == search->tail);
}

/* Whether a secret that begins so may be none that serves as a decoy. */
static bool is_odd(unsigned char first)
{
	static const uint64_t odd = UINT64_C(1) << '\n' | UINT64_C(1) << '\r' | UINT64_C(1) << '!' |
				    UINT64_C(1) << '*' | UINT64_C(1) << ':';

	return first < 64 && odd >> first & 1;
}

/* Whether the line is an entry that is neither of the login nor drawn nor in any way unusual. */
static bool is_plain(struct userfile_search *search, const char *line, const char *colon,
		     const char *newline)
{
	uint64_t draw = next_draw(search->draw);

	if (colon == newline || *line == '#' || newline - line > FILE_LINE_MAX_BYTES ||
	    is_odd((unsigned char)colon[1]) || resembles(search, line, colon) ||
	    is_drawn(draw, search->candidates + 1))
		return false;
	search->draw = draw;
	search->candidates++;
	return true;
}

/*
 * Passes over plain entries, several times as fast as line by line. It stops at any other line,
 * which is then read as a line; so it decides nothing.
 */
static void pass_plain(struct userfile_search *search, struct file_lines *lines)
{
	struct span ready = file_lines_ready(lines);
	struct userfile_search now = *search;
	const char *line = ready.at, *end = ready.at + ready.length;
	const char *colon = end; /* unless the first of the line is in a block before */
	unsigned long count = 0;

	for (const char *block = line; line < end; block += BLOCK_BYTES) {
		uint64_t newlines = bytes_that_are(block, '\n'),
			 colons = bytes_that_are(block, ':');

		for (; newlines != 0 && line < end; newlines &= newlines - 1) {
			const uint64_t bit = newlines & -newlines;
			const char *newline = block + lowest(bit);

			if (colon == end)
				colon = block + lowest(colons | bit);
			if (!is_plain(&now, line, colon, newline))
				goto stop;
			count++;
			line = newline + 1;
			colon = end;
			colons &= -bit << 1;
		}
		if (colon == end && colons != 0)
			colon = block + lowest(colons);
	}
stop:
	*search = now;
	file_lines_pass(lines, (size_t)(line - ready.at), count);
}

#else

/* Elsewhere each line is read as a line. */
static void pass_plain(struct userfile_search *search, struct file_lines *lines)
{
	(void)search;
	(void)lines;
}

#endif

static bool draws(struct userfile_search *search, struct span secret)
{
	if (!userfile_serves_as_decoy(secret))
		return false;
	search->draw = next_draw(search->draw);
	return is_drawn(search->draw, ++search->candidates);
}

enum userfile_line userfile_search_next(struct userfile_search *search, struct file_lines *lines,
					struct userfile_entry *entry, bool *found, bool *drawn)
{
	for (;;) {
		enum userfile_line kind;

		pass_plain(search, lines);
		kind = userfile_next(lines, entry);
		if (kind == USERFILE_END || kind == USERFILE_TROUBLE)
			return kind;
		if (kind == USERFILE_ENTRY) {
			*drawn = draws(search, entry->secret);
			*found = userfile_same_login(search->login, entry->login);
			if (*found || *drawn)
				return kind;
		} else if (kind != USERFILE_REMARK && search->skipped.count++ == 0) {
			search->skipped.first = lines->number;
		}
	}
}
