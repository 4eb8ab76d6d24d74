/* checkpw-passwd - checks system accounts. See checkpw-passwd(8). */
#include "driver.h"
#include "system.h"

int main(int argc, char **argv)
{
	return driver_run(&system_store, argc, argv);
}
