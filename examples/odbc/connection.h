/*
 * One session of a database, through ODBC. Used by one thread at a time.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "type.h"

#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stddef.h>

struct transaction;

struct connection {
    SQLHDBC dbc;
    const struct type *type;         /* whose settings the session has */
    struct transaction *transaction; /* NULL: none */
    bool is_postgresql;
    bool dead;             /* a statement has shown that its server process is gone */
    char *driver_settings; /* statements that bring back what the ODBC driver set when it connected */
    char sqlstate[SQL_SQLSTATE_SIZE + 1]; /* of the last failure */
    char message[256];
};

/* NULL: why is in message. */
struct connection *connection_open(SQLHENV env, const struct type *type, char *message, size_t size);

/* False: nothing has changed, the connection is there still. */
bool connection_close(struct connection *connection);

/* Runs a statement and forgets its rows. */
bool connection_run(struct connection *connection, const char *sql);

/* Runs a query for the first column of its first row; "" if there is no row. False also if it does not fit. */
bool connection_ask(struct connection *connection, const char *sql, char *answer, size_t size);

/* Whether the last failure was this one. */
bool connection_failed_with(const struct connection *connection, const char *sqlstate);

/* From here on statements are a transaction's, the first one given. */
bool connection_begin(struct connection *connection, const char *sql);

/* Whatever is open is rolled back; from here on each statement is its own transaction. */
bool connection_leave(struct connection *connection);

/* Gives the session the settings of a type of the same server, user and database. */
bool connection_dress(struct connection *connection, const struct type *type);

/* As after connecting: no work, no temporary tables, no locks, the settings of its type. False: not so, or dead. */
bool connection_clean(struct connection *connection);

/* Whether the server still answers. Leaves an open transaction alone, a failed one too. */
bool connection_alive(struct connection *connection);

#endif
