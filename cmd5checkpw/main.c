/* cmd5checkpw - checks the users of /etc/poppasswd. See cmd5checkpw(8). */
#include "driver.h"
#include "poppasswd.h"

int main(int argc, char **argv)
{
	return driver_run(&poppasswd_store, argc, argv);
}
