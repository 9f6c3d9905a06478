/*
 * What a coordinator's transactions and its recovery have in common: how they speak to the servers.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "coordinator.h"
#include "decisions.h"

enum { STATEMENT = 512, GID = 80 };

struct coordinator {
    struct pool *pool;
    struct decisions *decisions;
};

/* For tests: the process dies at the point that WSRT_ODBC_KILL names. */
void reached(const char *point, size_t number);

/* How the names of this coordinator's prepared transactions begin. They are the whole server's. */
void write_mark(const struct coordinator *coordinator, char mark[GID]);

/* A lock that every session in a transaction shares until it is clean or dead: whoever gets it alone knows that nobody
   of before is about to prepare anything any more. */
void write_lock(const struct coordinator *coordinator, const char *how, char sql[STATEMENT]);

/* Tells a database the outcome. No such transaction: it knows already, or has never prepared. */
bool tell(struct connection *connection, const char *verb, const char *gid);

/* Out of the thread's transaction, still for the same object. */
void step_outside(void);

#endif
