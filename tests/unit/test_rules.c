/* Whether an account may log in. */
#include "rules.h"

#include "unit.h"

#define TODAY 20000

static const struct account_rules usual = { .today = TODAY, .min_uid = 1 };

/* An account that nothing is held against. */
#define FINE                                                                                       \
	.uid = 1000, .last_change = TODAY - 100, .maximum_age = 99999, .expires = -1,              \
	.is_allowed = true

struct row {
	const char *name;
	enum reason expected;
	struct account_state state;
	struct account_rules rules; /* `usual` where today is 0 */
};

#define RULES(...)                                                                                 \
	{                                                                                          \
		.today = TODAY, .min_uid = 1, __VA_ARGS__                                          \
	}

/* A later member overrides that of FINE, on purpose. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Winitializer-overrides"
static struct row rows[] = {
	{ "a usual account", REASON_OK, { FINE }, { 0 } },
	{ "an account without a shadow entry",
	  REASON_OK,
	  { FINE, .last_change = -1, .maximum_age = -1 },
	  { 0 } },

	{ "uid 0, min-uid 1", REASON_MIN_UID, { FINE, .uid = 0 }, { 0 } },
	{ "uid 0, min-uid 0", REASON_OK, { FINE, .uid = 0 }, RULES(.min_uid = 0) },
	{ "uid 1, min-uid 1", REASON_OK, { FINE, .uid = 1 }, { 0 } },
	{ "uid 999, min-uid 1000", REASON_MIN_UID, { FINE, .uid = 999 }, RULES(.min_uid = 1000) },
	{ "uid 1000, min-uid 1000", REASON_OK, { FINE }, RULES(.min_uid = 1000) },
	{ "uid 1001, min-uid 1000", REASON_OK, { FINE, .uid = 1001 }, RULES(.min_uid = 1000) },
	{ "uid 4294967294", REASON_OK, { FINE, .uid = 4294967294 }, RULES(.min_uid = 2147483647) },
	{ "gid 0, min-uid 1", REASON_MIN_UID, { FINE, .has_group_zero = true }, { 0 } },
	{ "gid 0, min-uid 1000",
	  REASON_MIN_UID,
	  { FINE, .has_group_zero = true },
	  RULES(.min_uid = 1000) },
	{ "gid 0, min-uid 0", REASON_OK, { FINE, .has_group_zero = true }, RULES(.min_uid = 0) },

	{ "denied", REASON_NOT_ALLOWED, { FINE, .is_denied = true }, { 0 } },
	{ "not allowed", REASON_NOT_ALLOWED, { FINE, .is_allowed = false }, { 0 } },
	{ "denied and not allowed",
	  REASON_NOT_ALLOWED,
	  { FINE, .is_denied = true, .is_allowed = false },
	  { 0 } },

	{ "expires on day -1: never", REASON_OK, { FINE, .expires = -1 }, { 0 } },
	{ "expires on day 0", REASON_ACCOUNT_EXPIRED, { FINE, .expires = 0 }, { 0 } },
	{ "expired on day 1", REASON_ACCOUNT_EXPIRED, { FINE, .expires = 1 }, { 0 } },
	{ "expired yesterday", REASON_ACCOUNT_EXPIRED, { FINE, .expires = TODAY - 1 }, { 0 } },
	{ "expires today", REASON_ACCOUNT_EXPIRED, { FINE, .expires = TODAY }, { 0 } },
	{ "expires tomorrow", REASON_OK, { FINE, .expires = TODAY + 1 }, { 0 } },
	{ "a clock before 1970", REASON_OK, { FINE, .expires = 0 }, { .today = -1, .min_uid = 1 } },

	{ "changed on day 0: must be changed",
	  REASON_CHANGE_DUE,
	  { FINE, .last_change = 0 },
	  { 0 } },
	{ "must be changed, no maximum",
	  REASON_CHANGE_DUE,
	  { FINE, .last_change = 0, .maximum_age = -1 },
	  { 0 } },
	{ "changed on day -1: no ageing",
	  REASON_OK,
	  { FINE, .last_change = -1, .maximum_age = 0 },
	  { 0 } },
	{ "changed on day 1, too old",
	  REASON_PASSWORD_EXPIRED,
	  { FINE, .last_change = 1, .maximum_age = TODAY - 2 },
	  { 0 } },
	{ "changed on day 1, old enough",
	  REASON_OK,
	  { FINE, .last_change = 1, .maximum_age = TODAY - 1 },
	  { 0 } },

	{ "the day before the last one",
	  REASON_OK,
	  { FINE, .last_change = TODAY - 9, .maximum_age = 10 },
	  { 0 } },
	{ "the last day of the password",
	  REASON_OK,
	  { FINE, .last_change = TODAY - 10, .maximum_age = 10 },
	  { 0 } },
	{ "the day after the last one",
	  REASON_PASSWORD_EXPIRED,
	  { FINE, .last_change = TODAY - 11, .maximum_age = 10 },
	  { 0 } },
	{ "maximum age -1: none", REASON_OK, { FINE, .last_change = 1, .maximum_age = -1 }, { 0 } },
	{ "maximum age 0, changed today",
	  REASON_OK,
	  { FINE, .last_change = TODAY, .maximum_age = 0 },
	  { 0 } },
	{ "maximum age 0, changed yesterday",
	  REASON_PASSWORD_EXPIRED,
	  { FINE, .last_change = TODAY - 1, .maximum_age = 0 },
	  { 0 } },
	{ "changed tomorrow",
	  REASON_OK,
	  { FINE, .last_change = TODAY + 1, .maximum_age = 0 },
	  { 0 } },

	{ "shell not listed, not asked for", REASON_OK, { FINE }, { 0 } },
	{ "shell not listed", REASON_SHELL, { FINE }, RULES(.valid_shell = true) },
	{ "shell listed",
	  REASON_OK,
	  { FINE, .shell_is_listed = true },
	  RULES(.valid_shell = true) },

	{ "nologin, not asked for", REASON_OK, { FINE, .nologin_exists = true }, { 0 } },
	{ "nologin", REASON_NOLOGIN, { FINE, .nologin_exists = true }, RULES(.nologin = true) },
	{ "no nologin", REASON_OK, { FINE }, RULES(.nologin = true) },
	{ "nologin, root",
	  REASON_OK,
	  { FINE, .uid = 0, .nologin_exists = true },
	  RULES(.min_uid = 0, .nologin = true) },
};
#pragma GCC diagnostic pop

static void applies(void **state)
{
	const struct row *row = *state;
	const struct account_rules *rules = row->rules.today != 0 ? &row->rules : &usual;

	assert_string_equal(reason_word(account_rules_apply(rules, &row->state)),
			    reason_word(row->expected));
}

/* All objections at once; they are then met one after the other, the first of them gone. */
static void keeps_the_order(void **unused)
{
	const struct account_rules rules = {
		.today = TODAY, .min_uid = 1000, .valid_shell = true, .nologin = true
	};
	struct account_state state = {
		.uid = 999,
		.has_group_zero = true,
		.last_change = 0,
		.maximum_age = 10,
		.expires = TODAY,
		.is_allowed = false,
		.is_denied = true,
		.nologin_exists = true,
	};

	(void)unused;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_MIN_UID);
	state.uid = 1000;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_MIN_UID);
	state.has_group_zero = false;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_NOT_ALLOWED);
	state.is_denied = false;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_NOT_ALLOWED);
	state.is_allowed = true;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_ACCOUNT_EXPIRED);
	state.expires = -1;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_CHANGE_DUE);
	state.last_change = TODAY - 11;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_PASSWORD_EXPIRED);
	state.maximum_age = 11;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_SHELL);
	state.shell_is_listed = true;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_NOLOGIN);
	state.nologin_exists = false;
	assert_int_equal(account_rules_apply(&rules, &state), REASON_OK);
}

/* What a forgotten assignment leaves must not log in. */
static void refuses_zeros(void **unused)
{
	const struct account_state state = { 0 };

	(void)unused;
	assert_int_not_equal(account_rules_apply(&usual, &state), REASON_OK);
}

int main(void)
{
	UNIT_ROWS(rows, applies);
	UNIT_TEST(keeps_the_order);
	UNIT_TEST(refuses_zeros);
	return unit_run();
}
