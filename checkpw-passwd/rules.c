#include "rules.h"

/*
 * The period in which login(1) lets an aged password in to have it changed does not count: no
 * mail client can change it.
 */
static bool password_is_too_old(const struct account_rules *rules,
				const struct account_state *state)
{
	return state->last_change > 0 && state->maximum_age >= 0 &&
	       rules->today - state->last_change > state->maximum_age;
}

enum reason account_rules_apply(const struct account_rules *rules,
				const struct account_state *state)
{
	const struct {
		bool applies;
		enum reason reason;
	} table[] = {
		{ state->uid < rules->min_uid, REASON_MIN_UID },
		{ state->has_group_zero && rules->min_uid > 0, REASON_MIN_UID },
		{ state->is_denied || !state->is_allowed, REASON_NOT_ALLOWED },
		{ state->expires >= 0 && rules->today >= state->expires, REASON_ACCOUNT_EXPIRED },
		{ state->last_change == 0, REASON_CHANGE_DUE },
		{ password_is_too_old(rules, state), REASON_PASSWORD_EXPIRED },
		{ rules->valid_shell && !state->shell_is_listed, REASON_SHELL },
		{ rules->nologin && state->nologin_exists && state->uid != 0, REASON_NOLOGIN },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].applies)
			return table[i].reason;
	}
	return REASON_OK;
}
