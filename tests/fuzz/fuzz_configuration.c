/* A configuration file, read as it is from a file. */
#include "fuzz.h"

#include "configuration.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char file[CONFIGURATION_TEXT_BYTES] = "/etc/poppasswd";
	static const struct configuration_key own[] = {
		{ "file", CONFIGURATION_PATH, file, 0, 0, NULL },
		{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
	};
	struct configuration configuration;
	struct text why;

	setenv("CHECKPW_CONF", fuzz_file(data, size), 1);
	if (!configuration_read("fuzz", own, false, &configuration, &why))
		return 0;
	assert(file[0] == '/');
	assert(configuration.deadline >= 1 && configuration.deadline <= 3600);
	assert(configuration.challenge_window >= 0 && configuration.challenge_window <= 86400);
	return 0;
}
