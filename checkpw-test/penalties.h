/*
 * penalties - what the file of penalties holds, for a person; and taking a name out of it.
 */
#ifndef CHECKPW_TEST_PENALTIES_H
#define CHECKPW_TEST_PENALTIES_H

/*
 * `[-f FILE]` lists, `[-f FILE] clear NAME ...` clears addresses and logins. argv[0] is what error
 * messages begin with. Returns the exit code: 0; 1 if a name to clear is not held; 2 if misused;
 * 111 if the file cannot be used.
 */
int penalties_command(int argc, char **argv);

#endif
