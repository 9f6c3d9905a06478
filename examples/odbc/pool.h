/*
 * Pooled ODBC connections: a driver of the resource dispenser, and the calls that a program makes instead of
 * SQLDriverConnect and SQLDisconnect. A resource is the address of a struct connection, its type that of a struct type.
 */
#ifndef POOL_H
#define POOL_H

#include "connection.h"

#include "wsrt.h"

struct pool;

struct pool *pool_open(const char *name);

/* Disconnects what is in stock. What is still in use is its user's, who ends it with connection_close() before this. */
void pool_close(struct pool *pool);

dispenser *pool_dispenser(struct pool *pool);

/* A connection for a connection string: one from stock whose session will do or can be made to, else a new one. In a
   transaction (transaction_enter()) it is that transaction's, and best the one that it has already. */
wsrt_hresult pool_take(struct pool *pool, const char *connection_string, struct connection **connection);

/* Gives it back. WSRT_S_FALSE: it was dead, and is destroyed (in a transaction, when that ends). */
wsrt_hresult pool_give_back(struct pool *pool, struct connection *connection);

/* Why this thread's last pool_take() could not connect. */
const char *pool_complaint(void);

#endif
