/*
 * A record of a log: a line with a checksum of its rest, a word and a number.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

/* With the end of the line. */
enum { RECORD_LONGEST = sizeof "12345678 commit 0123456789abcdef\n" - 1 };

/* At the end of the file, by one write: no part of a later record can be there without it. */
bool record_write(int fd, const char *word, uint64_t number);

/* False: it is not what record_write() has written. */
bool record_parse(const char *line, char word[16], uint64_t *number);

#endif
