/*
 * Transactions and their two phases.
 */
#include "protocol.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPTS = 20, PAUSE_US = 20000 };

struct participant {
    struct connection *connection; /* NULL: lost */
    const char *database;          /* its connection string, without settings */
    bool asked;                    /* to prepare: it may have done so, whatever it has answered */
};

struct transaction {
    struct coordinator *coordinator;
    uint64_t id;
    pthread_mutex_t lock;
    bool ending;
    struct participant *participants;
    size_t count;
};

/* Each database has a name of its own. */
static void write_gid(const struct transaction *transaction, size_t number, char gid[GID])
{
    char mark[GID];
    write_mark(transaction->coordinator, mark);
    snprintf(gid, GID, "%.40s%016" PRIx64 "_%zu", mark, transaction->id, number);
}

struct transaction *transaction_begin(struct coordinator *coordinator)
{
    struct transaction *transaction = calloc(1, sizeof *transaction);
    if (transaction == NULL || !decisions_random(&transaction->id)) {
        free(transaction);
        return NULL;
    }
    transaction->coordinator = coordinator;
    pthread_mutex_init(&transaction->lock, NULL);
    return transaction;
}

bool transaction_enter(struct transaction *transaction)
{
    dispenser_instid instid = 0;
    dispenser_transid transid = 0;
    dispenser_get_context(&instid, &transid);
    return dispenser_set_context(instid, (dispenser_transid)transaction) == WSRT_S_OK;
}

static bool add_participant(struct transaction *transaction, struct connection *connection)
{
    pthread_mutex_lock(&transaction->lock);
    struct participant *grown = NULL;
    if (!transaction->ending) {
        grown = realloc(transaction->participants, (transaction->count + 1) * sizeof *grown);
    }
    if (grown != NULL) {
        transaction->participants = grown;
        grown[transaction->count++] = (struct participant){ connection, connection->type->plain->text, false };
        connection->transaction = transaction;
    }
    pthread_mutex_unlock(&transaction->lock);
    return grown != NULL;
}

bool transaction_join(struct transaction *transaction, struct connection *connection)
{
    char sql[STATEMENT];
    write_lock(transaction->coordinator, "_shared", sql);
    return connection_begin(connection, sql) && add_participant(transaction, connection);
}

void transaction_lose(struct transaction *transaction, struct connection *connection)
{
    pthread_mutex_lock(&transaction->lock);
    for (size_t i = 0; i < transaction->count; i++) {
        if (transaction->participants[i].connection == connection) {
            transaction->participants[i].connection = NULL;
        }
    }
    pthread_mutex_unlock(&transaction->lock);
}

/* Nothing joins from here on, and nothing is allocated in it. */
static void begin_to_end(struct transaction *transaction)
{
    dispenser_transaction_aborting((dispenser_transid)transaction);
    pthread_mutex_lock(&transaction->lock);
    transaction->ending = true;
    pthread_mutex_unlock(&transaction->lock);
    step_outside();
}

static bool prepare(struct transaction *transaction, size_t number)
{
    struct participant *participant = &transaction->participants[number - 1];
    struct connection *connection = participant->connection;
    char gid[GID];
    char sql[STATEMENT];
    char found[8];
    if (connection == NULL) {
        return false;
    }
    write_gid(transaction, number, gid);
    participant->asked = true;
    snprintf(sql, sizeof sql, "PREPARE TRANSACTION '%s'", gid);
    if (!connection_run(connection, sql) || !connection_leave(connection)) {
        return false;
    }
    /* A transaction of which a statement has failed is rolled back by that, and no error is reported. */
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database() AND gid = '%s'", gid);
    return connection_ask(connection, sql, found, sizeof found) && strcmp(found, "1") == 0;
}

/* Second phase for one database: by the session that has prepared, or if that is dead by any other. */
static bool settle(struct transaction *transaction, size_t number, const char *verb)
{
    const struct participant *participant = &transaction->participants[number - 1];
    struct pool *pool = transaction->coordinator->pool;
    char gid[GID];
    write_gid(transaction, number, gid);
    if (participant->connection != NULL && connection_leave(participant->connection) &&
        tell(participant->connection, verb, gid)) {
        return true;
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct connection *other;
        if (pool_take(pool, participant->database, &other) == WSRT_S_OK) {
            bool told = tell(other, verb, gid);
            pool_give_back(pool, other);
            if (told) {
                return true;
            }
        }
        /* It may have been dead as well, or the session that has died is not done with it yet. */
        usleep(PAUSE_US);
    }
    return false;
}

static bool settle_all(struct transaction *transaction, const char *verb)
{
    bool all = true;
    for (size_t number = 1; number <= transaction->count; number++) {
        if (transaction->participants[number - 1].asked) {
            all &= settle(transaction, number, verb);
            reached("told", number);
        }
    }
    return all;
}

/* The session is as new before the pool may give it to others. One that cannot be is destroyed, unless it is in use:
   then its user finds out, and gives it up by pool_give_back(). */
static void clean(struct transaction *transaction, struct connection *connection)
{
    dispenser *dispenser = pool_dispenser(transaction->coordinator->pool);
    dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
    connection->transaction = NULL;
    if (!connection_clean(connection) &&
        dispenser_get_resource_info(dispenser, (dispenser_resid)connection, &info) == WSRT_S_OK &&
        info.state == DISPENSER_RESOURCE_FREE_ENLISTED) {
        dispenser_destroy_resource(dispenser, (dispenser_resid)connection);
    }
}

static void end(struct transaction *transaction, bool committed)
{
    for (size_t i = 0; i < transaction->count; i++) {
        if (transaction->participants[i].connection != NULL) {
            clean(transaction, transaction->participants[i].connection);
        }
    }
    reached("cleaned", 0);
    dispenser_transaction_ended((dispenser_transid)transaction, committed);
    pthread_mutex_destroy(&transaction->lock);
    free(transaction->participants);
    free(transaction);
}

static enum outcome decide(struct transaction *transaction)
{
    struct decisions *decisions = transaction->coordinator->decisions;
    for (size_t number = 1; number <= transaction->count; number++) {
        if (!prepare(transaction, number)) {
            /* Who cannot be told now is told by coordinator_recover(). */
            settle_all(transaction, "ROLLBACK");
            return ROLLED_BACK;
        }
        reached("prepared", number);
    }
    if (!decisions_commit(decisions, transaction->id)) {
        return IN_DOUBT;
    }
    reached("decided", 0);
    if (!settle_all(transaction, "COMMIT")) {
        return COMMITTED_LATER;
    }
    decisions_finish(decisions, transaction->id);
    reached("finished", 0);
    return COMMITTED;
}

enum outcome transaction_commit(struct transaction *transaction)
{
    begin_to_end(transaction);
    reached("worked", 0);
    enum outcome outcome = decide(transaction);
    end(transaction, outcome != ROLLED_BACK);
    return outcome;
}

void transaction_roll_back(struct transaction *transaction)
{
    begin_to_end(transaction);
    end(transaction, false);
}
