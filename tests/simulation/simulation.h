/* What the simulation and the checker's clock agree on. */
#ifndef TESTS_SIMULATION_H
#define TESTS_SIMULATION_H

#include <stdint.h>

#define SIMULATION_CLOCK 9 /* the descriptor of a SOCK_SEQPACKET socket */

/* The question for the time; any other is the seconds to wait. Each is answered by a uint32_t. */
#define SIMULATION_NOW UINT32_MAX

#endif
