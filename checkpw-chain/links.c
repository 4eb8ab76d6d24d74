#include "links.h"

#include "layout.h"

struct links_command links_split(char **arguments)
{
	struct links_command command = { .checkers = arguments, .subprogram = arguments };
	int i = 0;

	while (arguments[i] != NULL && strcmp(arguments[i], "--") != 0)
		i++;
	if (arguments[i] != NULL) {
		command.checker_count = i;
		command.subprogram = arguments + i + 1;
	}
	return command;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The words of one link: one array, for one link is tried at a time. */
static LAYOUT_LARGE char *words[LINKS_WORDS_MAX + 1];
static size_t count;

static bool add(char *word)
{
	if (count == LINKS_WORDS_MAX)
		return false;
	words[count++] = word;
	words[count] = NULL;
	return true;
}

static bool add_all(char *const *list)
{
	for (; *list != NULL; list++) {
		if (!add(*list))
			return false;
	}
	return true;
}

static bool add_words_of(char *checker)
{
	for (char *at = checker; *at != '\0';) {
		if (is_blank(*at)) {
			*at++ = '\0';
			continue;
		}
		if (!add(at))
			return false;
		while (*at != '\0' && !is_blank(*at))
			at++;
	}
	return true;
}

bool links_compose(struct link *link, char *checker, char *const *gate, char *const *subprogram,
		   struct text *why)
{
	const char *slash;

	count = 0;
	*link = (struct link){ .name = "", .words = words };
	if (!add_words_of(checker)) {
		text_join(why, "too many words");
		return false;
	}
	if (count == 0) {
		text_join(why, "a checker without a name");
		return false;
	}
	slash = strrchr(words[0], '/');
	link->name = slash != NULL ? slash + 1 : words[0];
	if (!add_all(gate) || !add_all(subprogram)) {
		text_join(why, "too many words");
		return false;
	}
	return true;
}
