/* checkpw-vpasswd - checks the users of vpopmail. See checkpw-vpasswd(8). */
#include "driver.h"
#include "vpopmail.h"

int main(int argc, char **argv)
{
	return driver_run(&vpopmail_store, argc, argv);
}
