/*
 * The durable memory of a transaction coordinator: which transactions were decided to be committed and are not known to
 * be finished. All others were not.
 */
#ifndef DECISIONS_H
#define DECISIONS_H

#include <stdbool.h>
#include <stdint.h>

struct decisions;

/* Opens or makes the log. NULL: stderr says why. */
struct decisions *decisions_open(const char *path);
void decisions_close(struct decisions *decisions);

/* Names the log, and with it the transactions that are its own. */
uint64_t decisions_owner(const struct decisions *decisions);

/* True: the decision outlives a crash. False: nobody knows, and the log takes no more. */
bool decisions_commit(struct decisions *decisions, uint64_t transaction);

/* Every database has been told. May be lost in a crash, which does no harm. */
void decisions_finish(struct decisions *decisions, uint64_t transaction);

/* Whether the log can be believed: a write that has failed may be there, wholly or in part, or not. */
bool decisions_sound(struct decisions *decisions);

/* Whether it was decided to be committed, and has not been finished. */
bool decisions_has(struct decisions *decisions, uint64_t transaction);

/* No database has anything prepared any more: the log begins anew. */
bool decisions_forget(struct decisions *decisions);

bool decisions_random(uint64_t *number);

#endif
