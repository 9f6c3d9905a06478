#include "pool.h"

#include "coordinator.h"

#include <stdlib.h>

/* How long an unused connection is kept. */
static const int32_t idle_seconds = 60;

struct pool {
    SQLHENV env;
    struct type_table types;
    dispenser *dispenser;
};

static _Thread_local char complaint[256];

const char *pool_complaint(void)
{
    return complaint;
}

static struct connection *connection_of(dispenser_resid resid)
{
    return (struct connection *)resid;
}

static const struct type *type_of(dispenser_restypid restypid)
{
    return (const struct type *)restypid;
}

/* ---- The driver: what the dispenser calls. It calls one of these at a time for one connection. ---- */

static wsrt_hresult create_resource(void *user_data, dispenser_restypid restypid, dispenser_resid *resid,
                                    int32_t *secs_free_before_destroy)
{
    struct pool *pool = user_data;
    struct connection *connection = connection_open(pool->env, type_of(restypid), complaint, sizeof complaint);
    if (connection == NULL) {
        /* Unlike E_FAIL this cannot come from an enlistment. */
        return WSRT_CO_E_OBJNOTCONNECTED;
    }
    *resid = (dispenser_resid)connection;
    *secs_free_before_destroy = idle_seconds;
    return WSRT_S_OK;
}

static wsrt_hresult rate_resource(void *user_data, dispenser_restypid restypid, dispenser_resid resid,
                                  int32_t requires_enlistment, uint32_t *rating)
{
    (void)user_data;
    const struct connection *connection = connection_of(resid);
    bool in_transaction = connection->transaction != NULL;
    /* Where nothing can be enlisted, it costs nothing to try. */
    bool costs = requires_enlistment && connection->is_postgresql;
    /* Whether the server is there still cannot be known here: SQL_ATTR_CONNECTION_DEAD says so only after a statement
       has failed. Who is given a dead one finds out, and reset_resource sees to it that nobody does a second time. */
    *rating = type_rating(connection->type, type_of(restypid), in_transaction, costs);
    return WSRT_S_OK;
}

static wsrt_hresult enlist_resource(void *user_data, dispenser_resid resid, dispenser_transid transid)
{
    (void)user_data;
    struct connection *connection = connection_of(resid);
    if (transid == 0) {
        /* The probe, too: what comes back from here into stock must be alive. */
        return connection_clean(connection) ? WSRT_S_OK : WSRT_E_FAIL;
    }
    if (!connection->is_postgresql) {
        /* SQLite knows no PREPARE TRANSACTION. */
        return WSRT_S_FALSE;
    }
    return transaction_join((struct transaction *)transid, connection) ? WSRT_S_OK : WSRT_E_FAIL;
}

static wsrt_hresult reset_resource(void *user_data, dispenser_resid resid)
{
    (void)user_data;
    struct connection *connection = connection_of(resid);
    bool good = connection->transaction != NULL ? connection_alive(connection) : connection_clean(connection);
    return good ? WSRT_S_OK : WSRT_E_FAIL;
}

static wsrt_hresult destroy_resource(void *user_data, dispenser_resid resid)
{
    (void)user_data;
    struct connection *connection = connection_of(resid);
    if (connection->transaction != NULL) {
        /* Only when the pool is closed in the middle of a transaction. */
        transaction_lose(connection->transaction, connection);
    }
    return connection_close(connection) ? WSRT_S_OK : WSRT_E_FAIL;
}

static void release(void *user_data)
{
    struct pool *pool = user_data;
    SQLFreeHandle(SQL_HANDLE_ENV, pool->env);
    type_table_end(&pool->types);
    free(pool);
}

/* ---- What a program calls. ---- */

struct pool *pool_open(const char *name)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    type_table_init(&pool->types);
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &pool->env))) {
        pool->env = SQL_NULL_HENV;
    } else if (SQL_SUCCEEDED(SQLSetEnvAttr(pool->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0))) {
        dispenser_driver driver = DISPENSER_DRIVER_INIT;
        driver.user_data = pool;
        driver.create_resource = create_resource;
        driver.rate_resource = rate_resource;
        driver.enlist_resource = enlist_resource;
        driver.reset_resource = reset_resource;
        driver.destroy_resource = destroy_resource;
        driver.release = release;
        if (dispenser_create(&driver, name, NULL, &pool->dispenser) == WSRT_S_OK) {
            return pool;
        }
    }
    release(pool);
    return NULL;
}

void pool_close(struct pool *pool)
{
    dispenser_destroy(pool->dispenser);
}

dispenser *pool_dispenser(struct pool *pool)
{
    return pool->dispenser;
}

wsrt_hresult pool_take(struct pool *pool, const char *connection_string, struct connection **connection)
{
    *connection = NULL;
    complaint[0] = '\0';
    const struct type *type = type_intern(&pool->types, connection_string);
    if (type == NULL) {
        return WSRT_E_INVALIDARG;
    }
    for (;;) {
        dispenser_resid resid;
        dispenser_stats before = DISPENSER_STATS_INIT;
        dispenser_stats after = DISPENSER_STATS_INIT;
        dispenser_get_stats(pool->dispenser, &before);
        wsrt_hresult hr = dispenser_alloc_resource(pool->dispenser, (dispenser_restypid)type, &resid);
        if (hr == WSRT_S_OK) {
            struct connection *taken = connection_of(resid);
            if (connection_dress(taken, type)) {
                *connection = taken;
                return WSRT_S_OK;
            }
            /* A transaction that has failed takes no settings, and no new ones of this type. */
            if (pool_give_back(pool, taken) == WSRT_S_OK) {
                return WSRT_E_FAIL;
            }
            continue;
        }
        dispenser_get_stats(pool->dispenser, &after);
        /* One from stock was dead, as its enlistment has shown, and is gone. The next may do; a new one will. */
        if (hr != WSRT_E_FAIL || after.destroys == before.destroys) {
            return hr;
        }
    }
}

wsrt_hresult pool_give_back(struct pool *pool, struct connection *connection)
{
    wsrt_hresult hr = dispenser_free_resource(pool->dispenser, (dispenser_resid)connection);
    if (hr != WSRT_E_FAIL) {
        return hr;
    }
    /* The reset has failed, so the connection is ours still, and nobody else is to have it. */
    hr = dispenser_destroy_resource(pool->dispenser, (dispenser_resid)connection);
    return hr == WSRT_S_OK ? WSRT_S_FALSE : hr;
}
