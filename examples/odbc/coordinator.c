#include "coordinator.h"

#include "decisions.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATEMENT = 512, GID = 80, ATTEMPTS = 20, PAUSE_US = 20000 };

struct coordinator {
    struct pool *pool;
    struct decisions *decisions;
};

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

/* For tests: the process dies at the point that WSRT_ODBC_KILL names. */
static void reached(const char *point, size_t number)
{
    char name[32];
    const char *wanted = getenv("WSRT_ODBC_KILL");
    snprintf(name, sizeof name, number > 0 ? "%s-%zu" : "%s", point, number);
    if (wanted != NULL && strcmp(wanted, name) == 0) {
        raise(SIGKILL);
    }
}

struct coordinator *coordinator_open(struct pool *pool, const char *log)
{
    struct coordinator *coordinator = calloc(1, sizeof *coordinator);
    if (coordinator == NULL) {
        return NULL;
    }
    coordinator->pool = pool;
    coordinator->decisions = decisions_open(log);
    if (coordinator->decisions == NULL) {
        free(coordinator);
        return NULL;
    }
    return coordinator;
}

void coordinator_close(struct coordinator *coordinator)
{
    decisions_close(coordinator->decisions);
    free(coordinator);
}

/* ---- Names on the server. They are the whole server's, so each database has a part of its own. ---- */

static void write_mark(const struct coordinator *coordinator, char mark[GID])
{
    snprintf(mark, GID, "wsrt_%016" PRIx64 "_", decisions_owner(coordinator->decisions));
}

static void write_gid(const struct transaction *transaction, size_t number, char gid[GID])
{
    char mark[GID];
    write_mark(transaction->coordinator, mark);
    snprintf(gid, GID, "%.40s%016" PRIx64 "_%zu", mark, transaction->id, number);
}

/* A lock that every session in a transaction shares until it is clean or dead: whoever gets it alone knows that nobody
   of before is about to prepare anything any more. */
static void write_lock(const struct coordinator *coordinator, const char *how, char sql[STATEMENT])
{
    snprintf(sql, STATEMENT, "SELECT pg_advisory_lock%s(%" PRId64 ")", how,
             (int64_t)decisions_owner(coordinator->decisions));
}

/* Tells a database the outcome. No such transaction: it knows already, or has never prepared. */
static bool tell(struct connection *connection, const char *verb, const char *gid)
{
    char sql[STATEMENT];
    snprintf(sql, sizeof sql, "%s PREPARED '%s'", verb, gid);
    return connection_run(connection, sql) || connection_failed_with(connection, "42704");
}

/* Out of the thread's transaction, still for the same object. */
static void step_outside(void)
{
    dispenser_instid instid = 0;
    dispenser_transid transid = 0;
    dispenser_get_context(&instid, &transid);
    dispenser_set_context(instid, 0);
}

/* ---- A transaction ---- */

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

/* ---- What was left ---- */

static bool resolve(struct coordinator *coordinator, struct connection *connection, const char *gid,
                    struct recovery *recovery)
{
    char mark[GID];
    uint64_t id;
    write_mark(coordinator, mark);
    if (sscanf(gid + strlen(mark), "%16" SCNx64, &id) != 1) {
        return false;
    }
    bool commit = decisions_has(coordinator->decisions, id);
    if (!tell(connection, commit ? "COMMIT" : "ROLLBACK", gid)) {
        return false;
    }
    *(commit ? &recovery->committed : &recovery->rolled_back) += 1;
    reached("resolved", recovery->committed + recovery->rolled_back);
    return true;
}

static bool resolve_all(struct coordinator *coordinator, struct connection *connection, struct recovery *recovery)
{
    char mark[GID];
    char sql[STATEMENT];
    char gid[GID];
    write_mark(coordinator, mark);
    write_lock(coordinator, "", sql);
    if (!connection_run(connection, "SET lock_timeout = '10s'") || !connection_run(connection, sql)) {
        return false;
    }
    snprintf(sql, sizeof sql,
             "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND starts_with(gid, '%s') LIMIT 1",
             mark);
    bool good;
    do {
        good = connection_ask(connection, sql, gid, sizeof gid);
    } while (good && *gid != '\0' && (good = resolve(coordinator, connection, gid, recovery)));
    return good;
}

/* In any database of that server. */
static bool nothing_is_left(const struct coordinator *coordinator, struct connection *connection)
{
    char mark[GID];
    char sql[STATEMENT];
    char left[24];
    write_mark(coordinator, mark);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_prepared_xacts WHERE starts_with(gid, '%s')", mark);
    return connection_ask(connection, sql, left, sizeof left) && strcmp(left, "0") == 0;
}

bool coordinator_recover(struct coordinator *coordinator, const char *const *databases, size_t count,
                         struct recovery *recovery)
{
    struct pool *pool = coordinator->pool;
    bool good = decisions_sound(coordinator->decisions);
    *recovery = (struct recovery){ 0, 0 };
    step_outside();
    for (size_t i = 0; i < 2 * count && good; i++) {
        struct connection *connection;
        if (pool_take(pool, databases[i % count], &connection) != WSRT_S_OK) {
            return false;
        }
        /* A second round: only when nothing is left anywhere may the decisions go. */
        good = i < count ? resolve_all(coordinator, connection, recovery) : nothing_is_left(coordinator, connection);
        pool_give_back(pool, connection);
    }
    return good && decisions_forget(coordinator->decisions);
}
