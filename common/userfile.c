#include "userfile.h"

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

enum userfile_line userfile_next_entry(struct file_lines *lines, struct userfile_entry *entry,
				       struct userfile_skipped *skipped)
{
	for (;;) {
		enum userfile_line kind = userfile_next(lines, entry);

		if (kind == USERFILE_ENTRY || kind == USERFILE_END || kind == USERFILE_TROUBLE)
			return kind;
		if (kind != USERFILE_REMARK && skipped->count++ == 0)
			skipped->first = lines->number;
	}
}

bool userfile_serves_as_decoy(struct span secret)
{
	return secret.length != 0 && secret.at[0] != '!' && secret.at[0] != '*';
}
