/* match - how a password compares with a stored value. Zero is "no". */
#ifndef COMMON_MATCH_H
#define COMMON_MATCH_H

enum match {
	MATCH_NO = 0,
	MATCH_YES,
	MATCH_DAMAGED,   /* the stored value is not what it claims to be */
	MATCH_NO_MEMORY, /* cannot be told now: the hash needs more memory than the limits allow */
};

#endif
