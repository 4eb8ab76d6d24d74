#include "domain.h"

#include "database.h"
#include "file.h"
#include "layout.h"
#include "scan.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

bool domain_path_is_sound(struct span path, size_t size)
{
	struct span rest = path, component;

	if (path.length == 0 || path.at[0] != '/' || path.length >= size ||
	    memchr(path.at, '\0', path.length) != NULL)
		return false;
	while (rest.length != 0) {
		if (!scan_until(&rest, '/', &component)) {
			component = rest;
			rest.length = 0;
		}
		if (span_is(component, ".") || span_is(component, ".."))
			return false;
	}
	return true;
}

static bool parse_id(struct span text, uint32_t *id)
{
	uint64_t number;

	/* The largest value is (uid_t)-1, which set*id take for "leave it". */
	if (!scan_number(&text, UINT32_MAX - 1, &number) || text.length != 0)
		return false;
	*id = (uint32_t)number;
	return true;
}

bool domain_parse(struct span data, struct domain *domain)
{
	struct span real, uid, gid, directory, dash;

	if (!scan_until(&data, '\0', &real) || !scan_until(&data, '\0', &uid) ||
	    !scan_until(&data, '\0', &gid) || !scan_until(&data, '\0', &directory) ||
	    !scan_until(&data, '\0', &dash) || !span_is(dash, "-"))
		return false;
	if (!parse_id(uid, &domain->uid) || !parse_id(gid, &domain->gid) ||
	    !domain_path_is_sound(directory, sizeof(domain->directory)))
		return false;
	memcpy(domain->directory, directory.at, directory.length);
	domain->directory[directory.length] = '\0';
	return true;
}

static enum store_lookup parse(const char *path, struct span data, struct domain *domain,
			       struct text *why)
{
	if (domain_parse(data, domain))
		return STORE_FOUND;
	text_join(why, path, ": the entry of the domain is damaged");
	return STORE_TROUBLE;
}

static enum store_lookup find_in_cdb(int descriptor, const char *path, const char *name,
				     struct domain *domain, struct text *why)
{
	static LAYOUT_LARGE char data[FILE_LINE_MAX_BYTES];
	struct text key;
	size_t length;

	text_join(&key, "!", name, "-");
	switch (database_find(descriptor, (struct span){ key.bytes, key.length }, data,
			      sizeof(data), &length)) {
	case DATABASE_TROUBLE:
		text_join(why, path, ": ", text_of_errno(errno));
		return STORE_TROUBLE;
	case DATABASE_ABSENT:
		return STORE_ABSENT;
	case DATABASE_FOUND:
		break;
	}
	return parse(path, (struct span){ data, length }, domain, why);
}

/* +DOMAIN-:REALDOMAIN:UID:GID:DIRECTORY:-:: */
static enum store_lookup find_in_text(int descriptor, const char *path, const char *name,
				      struct domain *domain, struct text *why)
{
	static LAYOUT_LARGE char data[FILE_LINE_MAX_BYTES];
	struct file_lines lines;
	struct span line;
	struct text key;
	enum file_line kind;

	text_join(&key, "+", name, "-:");
	file_lines_begin(&lines, descriptor);
	while ((kind = file_lines_next(&lines, &line)) != FILE_LINE_END) {
		if (kind == FILE_LINE_TROUBLE) {
			text_join(why, path, ": ", text_of_errno(errno));
			return STORE_TROUBLE;
		}
		if (kind == FILE_LINE && span_is(line, "."))
			break; /* qmail-newu reads no further */
		if (kind != FILE_LINE || !scan_literal(&line, key.bytes))
			continue;
		for (size_t i = 0; i < line.length; i++)
			data[i] = line.at[i];
		for (size_t i = 0; i < line.length; i++) {
			if (data[i] == ':')
				data[i] = '\0';
		}
		return parse(path, (struct span){ data, line.length }, domain, why);
	}
	return STORE_ABSENT;
}

/* The path of `name` in the directory of `users_cdb`. */
static void path_beside(const char *users_cdb, const char *name, struct text *path)
{
	text_join(path, users_cdb);
	path->length = (size_t)(strrchr(users_cdb, '/') + 1 - users_cdb);
	path->bytes[path->length] = '\0';
	text_add(path, name);
}

enum store_lookup domain_find(const char *users_cdb, const char *name, struct domain *domain,
			      struct text *why)
{
	enum store_lookup (*find)(int, const char *, const char *, struct domain *, struct text *) =
		find_in_cdb;
	enum store_lookup lookup;
	struct text path;
	int descriptor;

	text_join(&path, users_cdb);
	descriptor = file_open(path.bytes, FILE_TRUST_OWN, NULL, why);
	if (descriptor == -1 && errno == ENOENT) {
		path_beside(users_cdb, "assign.cdb", &path);
		descriptor = file_open(path.bytes, FILE_TRUST_OWN, NULL, why);
	}
	if (descriptor == -1 && errno == ENOENT) {
		find = find_in_text;
		path_beside(users_cdb, "assign", &path);
		descriptor = file_open(path.bytes, FILE_TRUST_OWN, NULL, why);
	}
	if (descriptor == -1)
		return STORE_TROUBLE;
	lookup = find(descriptor, path.bytes, name, domain, why);
	close(descriptor);
	if (lookup != STORE_TROUBLE)
		text_clear(why);
	return lookup;
}
