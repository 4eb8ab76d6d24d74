/* checkpw-mysql - checks users who live in a MySQL or MariaDB database. See checkpw-mysql(8). */
#include "driver.h"
#include "mysql_store.h"

int main(int argc, char **argv)
{
	return driver_run(&mysql_store, argc, argv);
}
