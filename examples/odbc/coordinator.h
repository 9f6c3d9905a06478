/*
 * A transaction coordinator for connections of a pool: what is done in one transaction over several databases happens
 * in all of them or in none, whenever this process or a server session dies.
 *
 * Two phases: each session prepares, the decision is made durable in a log, each database is told. A transaction
 * without a decision in the log has not happened. Whoever opens the log next brings to an end what was left (presumed
 * abort).
 */
#ifndef COORDINATOR_H
#define COORDINATOR_H

#include "pool.h"

struct coordinator;
struct transaction;

/* NULL: the log cannot be used, and stderr says why. One process at a time has it. */
struct coordinator *coordinator_open(struct pool *pool, const char *log);
void coordinator_close(struct coordinator *coordinator);

struct recovery {
    unsigned committed;
    unsigned rolled_back;
};

/* Brings to an end what was left prepared in these databases; to be called before the first transaction, or while there
   is none. False: something is left, which the next call may manage. */
bool coordinator_recover(struct coordinator *coordinator, const char *const *databases, size_t count,
                         struct recovery *recovery);

/* A transaction; its address is its number for the dispenser. NULL: no memory. */
struct transaction *transaction_begin(struct coordinator *coordinator);

/* From here on what this thread takes from the pool is enlisted in the transaction; NULL: in none. */
bool transaction_enter(struct transaction *transaction);

/* For the pool: a session joins. False: the session is dead, or the transaction takes no more. */
bool transaction_join(struct transaction *transaction, struct connection *connection);

/* For the pool: a session that has joined is about to be disconnected, and the transaction cannot be committed. */
void transaction_lose(struct transaction *transaction, struct connection *connection);

enum outcome {
    ROLLED_BACK,     /* nothing has happened */
    COMMITTED,       /* everywhere */
    COMMITTED_LATER, /* decided, but a database could not be told: coordinator_recover() does that */
    IN_DOUBT,        /* the log failed: the next process that opens it decides */
};

/* These end the transaction and the thread's stay in it. No other thread may be at work in it. What is still in use is
   not enlisted any more. */
enum outcome transaction_commit(struct transaction *transaction);
void transaction_roll_back(struct transaction *transaction);

#endif
