/* penalties - `checkpw-test --penalty` on its own, for the tests. */
#include "penalties.h"

int main(int argc, char **argv)
{
	return penalties_command(argc, argv);
}
