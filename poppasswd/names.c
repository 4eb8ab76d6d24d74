#include "names.h"

#include <stdlib.h>
#include <sys/random.h>

#define FIRST_ROOM 64

/* FNV-1a, from a start that who makes up logins does not know: he could put all into one bucket. */
static uint64_t hash_of(struct span text)
{
	static uint64_t start;
	uint64_t hash;

	if (start == 0 && getrandom(&start, sizeof(start), 0) != sizeof(start))
		start = 0xcbf29ce484222325;
	hash = start;
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash;
}

static struct name **bucket_of(const struct names *names, uint64_t hash)
{
	return &names->buckets[hash % names->room];
}

static struct name *find(const struct names *names, struct span login, uint64_t hash)
{
	struct name *name = names->room != 0 ? *bucket_of(names, hash) : NULL;

	while (name != NULL && (name->hash != hash || name->length != login.length ||
				memcmp(name->login, login.at, login.length) != 0))
		name = name->next;
	return name;
}

static void insert(struct names *names, struct name *name)
{
	struct name **bucket = bucket_of(names, name->hash);

	name->next = *bucket;
	*bucket = name;
	names->count++;
}

/* Twice the buckets, or the first ones. */
static bool grow(struct names *names)
{
	struct names grown = { .room = names->room != 0 ? 2 * names->room : FIRST_ROOM };

	grown.buckets = calloc(grown.room, sizeof(struct name *));
	if (grown.buckets == NULL)
		return false;
	for (size_t i = 0; i < names->room; i++) {
		struct name *name = names->buckets[i];

		while (name != NULL) {
			struct name *next = name->next;

			insert(&grown, name);
			name = next;
		}
	}
	free(names->buckets);
	*names = grown;
	return true;
}

struct name *names_add(struct names *names, struct span login, uint64_t line)
{
	uint64_t hash = hash_of(login);
	struct name *name = find(names, login, hash);

	if (name != NULL)
		return name;
	if (names->count == names->room && !grow(names))
		return NULL;
	name = malloc(sizeof(*name) + login.length);
	if (name == NULL)
		return NULL;
	*name = (struct name){ .line = line, .hash = hash, .length = login.length };
	memcpy(name->login, login.at, login.length);
	insert(names, name);
	return name;
}

struct name *names_find(const struct names *names, struct span login)
{
	return find(names, login, hash_of(login));
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->room; i++) {
		while (names->buckets[i] != NULL) {
			struct name *next = names->buckets[i]->next;

			free(names->buckets[i]);
			names->buckets[i] = next;
		}
	}
	free(names->buckets);
	*names = (struct names){ 0 };
}
