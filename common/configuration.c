#include "configuration.h"

#include "file.h"
#include "log.h"
#include "privilege.h"
#include "scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_MAX 64

static char penalty_file[CONFIGURATION_TEXT_BYTES], allow_nets[CONFIGURATION_TEXT_BYTES];

static struct configuration common = {
	.log_success = true,
	.challenges = true,
	.challenge_window = 1200,
	.deadline = CONFIGURATION_DEADLINE_SECONDS,
	.min_uid = 1,
	.penalty_file = penalty_file,
	.allow_nets = allow_nets,
};

/* Of all programs. */
static const struct configuration_key general_keys[] = {
	{ "log", CONFIGURATION_WORD, &common.log, 0, 0, log_target_words },
	{ "log-success", CONFIGURATION_FLAG, &common.log_success, 0, 0, NULL },
	{ "deadline", CONFIGURATION_NUMBER, &common.deadline, 1, 3600, NULL },
	{ "service", CONFIGURATION_WORD, &common.service, 0, 0, service_words },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

/* Of all checkers. */
static const struct configuration_key common_keys[] = {
	{ "log-unknown-login", CONFIGURATION_FLAG, &common.log_unknown_login, 0, 0, NULL },
	{ "challenges", CONFIGURATION_FLAG, &common.challenges, 0, 0, NULL },
	{ "challenge-window", CONFIGURATION_NUMBER, &common.challenge_window, 0, 86400, NULL },
	{ "apop", CONFIGURATION_FLAG, &common.apop, 0, 0, NULL },
	{ "indimail", CONFIGURATION_FLAG, &common.indimail, 0, 0, NULL },
	{ "dovecot", CONFIGURATION_FLAG, &common.dovecot, 0, 0, NULL },
	{ "dovecot-credentials", CONFIGURATION_FLAG, &common.dovecot_credentials, 0, 0, NULL },
	{ "min-uid", CONFIGURATION_NUMBER, &common.min_uid, 0, INT_MAX, NULL },
	{ "decoy", CONFIGURATION_TEXT, common.decoy, 0, 0, NULL },
	{ "penalty", CONFIGURATION_FLAG, &common.penalty, 0, 0, NULL },
	{ "penalty-file", CONFIGURATION_PATH, penalty_file, 0, 0, NULL },
	{ "allow-nets", CONFIGURATION_TEXT, allow_nets, 0, 0, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

static bool set_flag(bool *flag, struct span value, struct text *why)
{
	*flag = span_is(value, "yes");
	if (!*flag && !span_is(value, "no")) {
		text_join(why, "must be yes or no");
		return false;
	}
	return true;
}

static bool set_number(const struct configuration_key *key, struct span value, struct text *why)
{
	uint64_t number;

	if (scan_number(&value, (uint64_t)key->maximum, &number) && value.length == 0 &&
	    (long)number >= key->minimum) {
		*(long *)key->value = (long)number;
		return true;
	}
	text_join(why, "must be a number from ");
	text_add_number(why, key->minimum);
	text_add(why, " to ");
	text_add_number(why, key->maximum);
	return false;
}

static bool set_word(const struct configuration_key *key, struct span value, struct text *why)
{
	text_join(why, "must be one of");
	for (int i = 0; key->words[i] != NULL; i++) {
		if (span_is(value, key->words[i])) {
			*(int *)key->value = i;
			return true;
		}
		text_add(why, " ");
		text_add(why, key->words[i]);
	}
	return false;
}

static bool set_text(char *text, struct span value, struct text *why)
{
	if (value.length == 0 || value.length >= CONFIGURATION_TEXT_BYTES) {
		text_join(why, "must have 1 to ");
		text_add_number(why, CONFIGURATION_TEXT_BYTES - 1);
		text_add(why, " bytes");
		return false;
	}
	memcpy(text, value.at, value.length);
	text[value.length] = '\0';
	return true;
}

static bool set_path(char *path, struct span value, struct text *why)
{
	if (!span_begins(value, "/")) {
		text_join(why, "must be an absolute path");
		return false;
	}
	return set_text(path, value, why);
}

/* The NUL of the last line is in the bytes beyond the length, which are zero. */
static bool add_line(struct configuration_list *list, struct span value, struct text *why)
{
	if (value.length == 0 || value.length + 1 > sizeof(list->bytes) - list->length) {
		text_join(why, "must have 1 byte or more, and all its lines together less than ");
		text_add_number(why, sizeof(list->bytes));
		return false;
	}
	memcpy(list->bytes + list->length, value.at, value.length);
	list->length += value.length;
	list->bytes[list->length++] = '\0';
	return true;
}

bool configuration_set(const struct configuration_key *key, struct span value, struct text *why)
{
	switch (key->type) {
	case CONFIGURATION_FLAG:
		return set_flag(key->value, value, why);
	case CONFIGURATION_NUMBER:
		return set_number(key, value, why);
	case CONFIGURATION_WORD:
		return set_word(key, value, why);
	case CONFIGURATION_TEXT:
		return set_text(key->value, value, why);
	case CONFIGURATION_PATH:
		return set_path(key->value, value, why);
	case CONFIGURATION_LIST:
		return add_line(key->value, value, why);
	}
	return false;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct span trim(struct span text)
{
	while (text.length != 0 && is_blank(text.at[0]))
		text = span_from(text, 1);
	while (text.length != 0 && is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

#define TABLES 3

/* The general keys, the common ones and the program's own as one table. */
struct key_tables {
	const struct configuration_key *table[TABLES];
	bool seen[TABLES][KEYS_MAX];
};

static const struct configuration_key *find_key(struct key_tables *tables, struct span name,
						bool **seen)
{
	for (size_t t = 0; t < TABLES; t++) {
		const struct configuration_key *table = tables->table[t];

		for (size_t k = 0; table != NULL && table[k].name != NULL && k < KEYS_MAX; k++) {
			if (span_is(name, table[k].name)) {
				*seen = &tables->seen[t][k];
				return &table[k];
			}
		}
	}
	return NULL;
}

static bool take_line(struct key_tables *tables, struct span line, struct text *why)
{
	const struct configuration_key *key;
	const char *equals;
	struct span name;
	bool *seen = NULL;

	line = trim(line);
	if (line.length == 0 || line.at[0] == '#')
		return true;
	equals = memchr(line.at, '=', line.length);
	if (equals == NULL) {
		text_join(why, "not a line of the form key = value");
		return false;
	}
	name = trim((struct span){ line.at, (size_t)(equals - line.at) });
	key = find_key(tables, name, &seen);
	if (key == NULL) {
		/* The text itself is not shown: a line in the wrong file may hold a secret. */
		text_join(why, "unknown key");
		return false;
	}
	if (*seen && key->type != CONFIGURATION_LIST) {
		text_join(why, key->name, " is set twice");
		return false;
	}
	*seen = true;
	if (!configuration_set(key, trim(span_from(line, (size_t)(equals - line.at) + 1)), why)) {
		struct text requirement = *why;

		text_join(why, key->name, " ", requirement.bytes);
		return false;
	}
	if (key->value == &common.log)
		log_direct((enum log_target)common.log);
	return true;
}

static bool take_lines(struct key_tables *tables, int descriptor, const char *path,
		       struct text *why)
{
	struct file_lines lines;
	struct span line;
	struct text problem;

	file_lines_begin(&lines, descriptor);
	for (;;) {
		switch (file_lines_next(&lines, &line)) {
		case FILE_LINE_END:
			return true;
		case FILE_LINE:
			if (take_line(tables, line, &problem))
				continue;
			break;
		case FILE_LINE_OVERLONG:
			text_join(&problem, "the line is too long");
			break;
		case FILE_LINE_NUL:
			text_join(&problem, "the line holds a NUL byte");
			break;
		case FILE_LINE_TROUBLE:
			text_join(why, path, ": ", text_of_errno(errno));
			return false;
		}
		text_join(why, path, ": line ");
		text_add_number(why, (long long)lines.number);
		text_add(why, ": ");
		text_add(why, problem.bytes);
		return false;
	}
}

static bool read_file(struct key_tables *tables, const char *program, const char *named,
		      bool is_secret, struct text *why)
{
	struct text path;
	int descriptor;
	bool good;

	text_join(&path, CONFIGURATION_DIRECTORY "/", program, ".conf");
	descriptor = file_open(named != NULL ? named : path.bytes,
			       is_secret ? FILE_TRUST_SECRET : FILE_TRUST_OWN, NULL, why);
	if (descriptor == -1) {
		good = named == NULL && errno == ENOENT && !is_secret;
		if (good)
			text_clear(why);
		return good;
	}
	good = take_lines(tables, descriptor, named != NULL ? named : path.bytes, why);
	close(descriptor);
	return good;
}

bool configuration_read(const char *program, const struct configuration_key *own, bool is_secret,
			struct configuration *configuration, struct text *why)
{
	struct key_tables tables = { .table = { general_keys, common_keys, own } };
	const char *named = privilege_is_set_id() ? NULL : getenv("CHECKPW_CONF");
	bool good = read_file(&tables, program, named, is_secret, why);

	*configuration = common;
	return good;
}

bool configuration_read_general(const char *program, const char *named,
				const struct configuration_key *own,
				struct configuration *configuration, struct text *why)
{
	struct key_tables tables = { .table = { general_keys, own } };
	bool good = read_file(&tables, program, named, false, why);

	*configuration = common;
	return good;
}

bool configuration_lets_become(const struct configuration *configuration,
			       const struct caller *caller)
{
	enum service service = caller->service;

	if (configuration->dovecot)
		return false;
	if (privilege_is_set_id()) {
		service = (enum service)configuration->service;
		if (service == SERVICE_UNKNOWN)
			return false;
	}
	return service != SERVICE_SMTP;
}
