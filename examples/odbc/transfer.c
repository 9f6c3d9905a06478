/*
 * transfer LOG [PIECES]: a process that coordinates transactions over two databases. Brings to an end what was left by
 * the one before, then orders some pieces: as many as the database of orders gains, the database of stock loses.
 */
#include "check.h"
#include "coordinator.h"

#include <stdbool.h>

static void change(struct pool *pool, const char *database, const char *statement, int pieces)
{
    struct connection *connection;
    char sql[128];
    wsrt_hresult hr = pool_take(pool, database, &connection);
    CHECK(hr == WSRT_S_OK, "0x%08X %s", (unsigned)hr, pool_complaint());
    snprintf(sql, sizeof sql, statement, pieces);
    CHECK(connection_run(connection, sql), "%s", connection->message);
    CHECK(pool_give_back(pool, connection) == WSRT_S_OK, "%s", connection->message);
}

int main(int count, char **arguments)
{
    static const char *const outcomes[] = { "rolled back", "committed", "committed, not told everywhere", "in doubt" };
    const char *const databases[] = { database("ORDERS"), database("STOCK") };
    CHECK(count == 2 || count == 3, "usage: transfer LOG [PIECES]");

    struct pool *pool = pool_open("transfer");
    CHECK(pool != NULL, "no pool");
    struct coordinator *coordinator = coordinator_open(pool, arguments[1]);
    CHECK(coordinator != NULL, "no coordinator");
    struct recovery recovery;
    CHECK(coordinator_recover(coordinator, databases, 2, &recovery), "something is left prepared");
    printf("recovered: %u committed, %u rolled back\n", recovery.committed, recovery.rolled_back);

    enum outcome outcome = COMMITTED;
    if (count == 3) {
        int pieces = atoi(arguments[2]);
        struct transaction *transaction = transaction_begin(coordinator);
        CHECK(transaction != NULL && transaction_enter(transaction), "no transaction");
        change(pool, databases[0], "UPDATE ordered SET pieces = pieces + %d", pieces);
        change(pool, databases[1], "UPDATE stored SET pieces = pieces - %d", pieces);
        outcome = transaction_commit(transaction);
        printf("transfer: %s\n", outcomes[outcome]);
    }
    coordinator_close(coordinator);
    pool_close(pool);
    return outcome == COMMITTED ? 0 : 2;
}
