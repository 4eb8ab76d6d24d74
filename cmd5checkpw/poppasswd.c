#include "poppasswd.h"

#include "file.h"
#include "secret.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

static char path[CONFIGURATION_TEXT_BYTES] = SYSCONFDIR "/poppasswd";

static const struct configuration_key keys[] = {
	{ "file", CONFIGURATION_PATH, path, 0, 0, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static struct file_lines lines;
static bool readable_by_all;

/*
 * What was found, kept apart from the buffer of lines, which is used on: the decoy, and behind it
 * the secret, which a later decoy may overwrite, for by then it was tried. So few pages are used.
 */
static char kept[2 * FILE_LINE_MAX_BYTES];
static struct secret_region region = { .base = kept, .size = sizeof(kept) };

static size_t decoy_length;
static uint64_t decoy_choice, candidates;

/* The login asked for; it belongs to the caller of find. */
static struct span wanted;

static struct {
	unsigned long count, first;
} skipped;

/* One line of the file. `login.at` is NULL where there is no entry. */
struct entry {
	struct span login, secret;
};

static bool open_store(struct text *why)
{
	unsigned mode;
	int descriptor = file_open(path, FILE_TRUST_STORE, &mode, why);

	if (descriptor == -1)
		return false;
	readable_by_all = (mode & S_IROTH) != 0;
	file_lines_begin(&lines, descriptor);
	secret_register(&region);
	return true;
}

static struct span until_colon(struct span text)
{
	const char *colon = memchr(text.at, ':', text.length);

	if (colon != NULL)
		text.length = (size_t)(colon - text.at);
	return text;
}

static void skip(void)
{
	if (skipped.count++ == 0)
		skipped.first = lines.number;
}

static void take_entry(struct span line, struct entry *entry)
{
	struct span login = until_colon(line);

	entry->login.at = NULL;
	if (line.length == 0 || line.at[0] == '#')
		return;
	if (login.length == line.length) {
		skip();
		return;
	}
	entry->login = login;
	entry->secret = until_colon(span_from(line, login.length + 1));
}

/* The next line that is an entry. STORE_FOUND, STORE_ABSENT at the end, or STORE_TROUBLE. */
static enum store_lookup next_entry(struct entry *entry)
{
	struct span line;

	for (;;) {
		switch (file_lines_next(&lines, &line)) {
		case FILE_LINE_TROUBLE:
			return STORE_TROUBLE;
		case FILE_LINE_END:
			return STORE_ABSENT;
		case FILE_LINE_OVERLONG:
		case FILE_LINE_NUL:
			skip();
			break;
		case FILE_LINE:
			take_entry(line, entry);
			if (entry->login.at != NULL)
				return STORE_FOUND;
			break;
		}
	}
}

static struct span keep(size_t at, struct span secret)
{
	memcpy(kept + at, secret.at, secret.length);
	if (region.dirty < at + secret.length)
		region.dirty = at + secret.length;
	return (struct span){ kept + at, secret.length };
}

/* FNV-1a. The same login always meets the same decoy: asking again shows no difference. */
static uint64_t hash(struct span text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash;
}

/*
 * Of n candidates each is the decoy with the same probability: the n-th takes the place with
 * 1/n. So the decoys' schemes and costs are spread as those of the store.
 */
static void consider_as_decoy(struct span secret)
{
	if (secret.length == 0 || secret.at[0] == '!' || secret.at[0] == '*')
		return;
	candidates++;
	decoy_choice = decoy_choice * 6364136223846793005 + 1442695040888963407;
	if ((decoy_choice >> 33) % candidates != 0)
		return;
	(void)keep(0, secret);
	decoy_length = secret.length;
}

/*
 * What is done with each entry, before the wanted login is found and after it: where it stands
 * must not show in the time that a refusal takes. Returns whether it is the wanted one.
 */
static bool examine(const struct entry *entry)
{
	consider_as_decoy(entry->secret);
	/* A colon in the login asked for cannot match: none is in the file's. */
	return entry->login.length == wanted.length && secret_equal(wanted, entry->login);
}

static enum store_lookup find(struct span login, struct span *secret, struct text *why)
{
	struct entry entry;
	enum store_lookup lookup;

	wanted = login;
	decoy_choice = hash(login);
	while ((lookup = next_entry(&entry)) == STORE_FOUND) {
		if (!examine(&entry))
			continue;
		*secret = keep(decoy_length, entry.secret);
		return STORE_FOUND;
	}
	if (lookup == STORE_TROUBLE)
		text_join(why, path, ": ", text_of_errno(errno));
	return lookup;
}

static struct span find_decoy(void)
{
	struct entry entry;

	while (next_entry(&entry) == STORE_FOUND)
		(void)examine(&entry);
	return (struct span){ kept, decoy_length };
}

static const char *complaint(void)
{
	static struct text text;

	text_clear(&text);
	if (readable_by_all)
		text_join(&text, path, ": everybody can read it: chmod 400");
	if (skipped.count == 0)
		return text.bytes;
	if (text.length != 0)
		text_add(&text, "; ");
	text_add(&text, path);
	text_add(&text, ": lines skipped (too long, a NUL byte or no colon): ");
	text_add_number(&text, (long long)skipped.count);
	text_add(&text, ", the first is line ");
	text_add_number(&text, (long long)skipped.first);
	return text.bytes;
}

const struct store poppasswd_store = {
	.program = "cmd5checkpw",
	.keys = keys,
	.open = open_store,
	.find = find,
	.find_decoy = find_decoy,
	.complaint = complaint,
};
