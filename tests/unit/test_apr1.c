/* Apache's MD5 crypt against what `openssl passwd -apr1` writes; more are among the vectors. */
#include "apr1.h"

#include "unit.h"

static struct {
	const char *name;
	struct span stored;
	const char *password;
	enum match want;
} rows[] = {
	{ "right", { BYTES("$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0") }, "secret", MATCH_YES },
	{ "wrong", { BYTES("$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0") }, "Secret", MATCH_NO },
	{ "empty", { BYTES("$apr1$saltsalt$a8ml/vK5HEjiZ5oypDWA7/") }, "", MATCH_YES },
	{ "16 bytes",
	  { BYTES("$apr1$saltsalt$noZiBycUL1t9WTQEO7/nr1") },
	  "0123456789abcdef",
	  MATCH_YES },
	{ "17 bytes",
	  { BYTES("$apr1$saltsalt$zEghXWGhM0psocYwTG.hX1") },
	  "0123456789abcdefg",
	  MATCH_YES },
	{ "a short salt", { BYTES("$apr1$s$UoSp2veMyXxx3bp9uljYO/") }, "secret", MATCH_YES },
	{ "the hash as the password",
	  { BYTES("$apr1$s$UoSp2veMyXxx3bp9uljYO/") },
	  "$apr1$s$UoSp2veMyXxx3bp9uljYO/",
	  MATCH_NO },
	{ "another salt", { BYTES("$apr1$t$UoSp2veMyXxx3bp9uljYO/") }, "secret", MATCH_NO },
	{ "the last byte", { BYTES("$apr1$s$UoSp2veMyXxx3bp9uljYO.") }, "secret", MATCH_NO },
	{ "a salt of 9 bytes",
	  { BYTES("$apr1$saltsalts$LrttParrLPdxvgutaSXWJ0") },
	  "secret",
	  MATCH_DAMAGED },
	{ "cut", { BYTES("$apr1$s$UoSp2veMyXxx3bp9uljYO") }, "secret", MATCH_DAMAGED },
	{ "longer", { BYTES("$apr1$s$UoSp2veMyXxx3bp9uljYO//") }, "secret", MATCH_DAMAGED },
	{ "no hash", { BYTES("$apr1$salt$") }, "secret", MATCH_DAMAGED },
	{ "no second $", { BYTES("$apr1$salt") }, "secret", MATCH_DAMAGED },
	{ "the prefix alone", { BYTES("$apr1$") }, "secret", MATCH_DAMAGED },
	{ "not the prefix", { BYTES("$1$s$UoSp2veMyXxx3bp9uljYO/") }, "secret", MATCH_DAMAGED },
	{ "half the prefix", { BYTES("$apr") }, "secret", MATCH_DAMAGED },
	{ "nothing", { BYTES("") }, "", MATCH_DAMAGED },
};

static void answers(void **state)
{
	__typeof__(rows[0]) *row = *state;

	assert_int_equal(apr1_verify(row->stored, span_of(row->password)), row->want);
}

int main(void)
{
	UNIT_ROWS(rows, answers);
	return unit_run();
}
