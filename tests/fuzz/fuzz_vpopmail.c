/*
 * What vpopmail and qmail keep. The first byte chooses: 0 and 1 a users/cdb and an assign, 2 and 3
 * a vpasswd.cdb and a vpasswd, each behind a line with the name asked for; 4 an entry of a domain,
 * 5 a record of a user, 6 a line of a limits file, 7 a login.
 */
#include "fuzz.h"

#include "login.h"
#include "vflags.h"

/* The readers are asked without the files that stand in for each other; their names meet here. */
#define parse domain_entry
#define find_in_cdb domain_in_cdb
#define find_in_text domain_in_text
#include "../../checkpw-vpasswd/domain.c"
#undef parse
#undef find_in_cdb
#undef find_in_text
#define parse user_record
#define find_in_cdb user_in_cdb
#define find_in_text user_in_text
#include "../../checkpw-vpasswd/user.c"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

static void check_domain(const struct domain *domain)
{
	struct text slashed;

	assert(domain_path_is_sound(span_of(domain->directory), sizeof(domain->directory)));
	text_join(&slashed, domain->directory, "/");
	assert(slashed.bytes[0] == '/');
	assert(strstr(slashed.bytes, "/../") == NULL && strstr(slashed.bytes, "/./") == NULL);
	assert(domain->uid != (uid_t)-1 && domain->gid != (gid_t)-1);
}

static void check_part(struct span part, const struct user *user, size_t length)
{
	assert(part.at >= user->bytes && part.at + part.length <= user->bytes + length);
}

static void check_user(const struct user *user, size_t length)
{
	check_part(user->hash, user, length);
	check_part(user->directory, user, length);
	assert(memchr(user->hash.at, ':', user->hash.length) == NULL);
	assert(memchr(user->directory.at, ':', user->directory.length) == NULL);
	assert(user->hash.at + user->hash.length < user->directory.at);
	assert(user->flags <= INT32_MAX);
	if (user->clear.at == NULL)
		return;
	check_part(user->clear, user, length);
	assert(user->clear.length != 0);
	assert(user->directory.at + user->directory.length < user->clear.at);
}

/* A lookup says why where it fails, and names the file. */
static void check_lookup(enum store_lookup lookup, const struct text *why)
{
	assert(lookup == STORE_TROUBLE || lookup == STORE_ABSENT || lookup == STORE_FOUND);
	assert(lookup != STORE_TROUBLE || strncmp(why->bytes, "file: ", 6) == 0);
}

static void look_domain_up(int descriptor, const char *name, bool is_cdb)
{
	static struct domain domain;
	struct text why;
	enum store_lookup lookup;

	memset(&domain, 0xff, sizeof(domain));
	lookup = (is_cdb ? domain_in_cdb : domain_in_text)(descriptor, "file", name, &domain, &why);
	check_lookup(lookup, &why);
	if (lookup == STORE_FOUND)
		check_domain(&domain);
}

static void look_user_up(int descriptor, const char *name, bool is_cdb)
{
	static struct user user, other;
	struct user_notes notes = { 0 };
	struct text why;
	enum store_lookup lookup;

	if (is_cdb)
		lookup = user_in_cdb(descriptor, "file", name, &user, &other, &why);
	else
		lookup = user_in_text(descriptor, "file", name, &user, &other, &notes, &why);
	check_lookup(lookup, &why);
	if (lookup == STORE_FOUND)
		check_user(&user, USER_MAX_BYTES);
	if (other.bytes[0] != '\0')
		check_user(&other, USER_MAX_BYTES);
}

/* The name, as login_parse would leave it, and the file behind its line. */
static void look_up(unsigned kind, struct span input)
{
	struct span name_line;
	struct login login;
	int descriptor;

	if (!scan_until(&input, '\n', &name_line) || !login_parse(name_line, &login))
		return;
	descriptor = open(fuzz_file((const uint8_t *)input.at, input.length), O_RDONLY | O_CLOEXEC);
	assert(descriptor != -1);
	if (kind < 2)
		look_domain_up(descriptor, login.user, kind == 0);
	else
		look_user_up(descriptor, login.user, kind == 2);
	close(descriptor);
}

static void parse_entry(struct span input)
{
	struct domain domain;

	if (domain_parse(input, &domain))
		check_domain(&domain);
}

static void parse_record(struct span input)
{
	static struct user user;

	if (input.length > USER_MAX_BYTES)
		return;
	memset(user.bytes, ':', sizeof(user.bytes));
	memcpy(user.bytes, input.at, input.length);
	if (user_parse(&user, input.length))
		check_user(&user, input.length);
	assert(user.bytes[input.length] == '\0');
}

static void parse_limit(struct span input)
{
	unsigned flag = vflags_of_limit(input);

	assert((flag & (flag - 1)) == 0 && flag != VFLAG_OVERRIDE);
}

static void check_login_part(const char *part, const char *more)
{
	assert(strlen(part) < LOGIN_MAX_BYTES);
	for (; *part != '\0'; part++)
		assert((*part >= 'a' && *part <= 'z') || (*part >= '0' && *part <= '9') ||
		       strchr(more, *part) != NULL);
}

static void parse_login(struct span input)
{
	struct login login;

	memset(&login, 0xff, sizeof(login));
	if (!login_parse(input, &login))
		return;
	assert(login.user[0] != '\0');
	check_login_part(login.user, "!#$&'*+-./=?^_`{|}~");
	check_login_part(login.domain, ".-");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { (const char *)data + 1, size - 1 };

	if (size < 2)
		return 0;
	switch (data[0] & 7) {
	case 4:
		parse_entry(input);
		break;
	case 5:
		parse_record(input);
		break;
	case 6:
		parse_limit(input);
		break;
	case 7:
		parse_login(input);
		break;
	default:
		look_up(data[0] & 7, input);
	}
	return 0;
}
