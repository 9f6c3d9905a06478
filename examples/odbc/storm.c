/*
 * storm LOG SECONDS: eight threads use one pool, alone and in transactions over two databases, while server processes
 * are killed at random. No connection that has shown itself dead may be handed out, no piece may get lost, and in the
 * end the pool and the server must agree on who is connected.
 */
#include "check.h"
#include "coordinator.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, KINDS = 4 };

static struct pool *pool;
static struct coordinator *coordinator;
static atomic_bool over;
static atomic_int uses, found_dead, not_connected, killed, committed, committed_later, rolled_back;

/* By database, then by settings: sessions that may take each other's place. */
static char strings[2][KINDS][512];

static struct connection *take(int which, unsigned kind)
{
    struct connection *connection;
    wsrt_hresult hr = pool_take(pool, strings[which][kind % KINDS], &connection);
    if (hr == WSRT_S_OK) {
        CHECK(!connection->dead, "a dead one was handed out again");
        uses++;
        return connection;
    }
    /* Killed before it was set up, or enlisted by a thread whose transaction has failed. */
    CHECK(hr == WSRT_CO_E_OBJNOTCONNECTED || hr == WSRT_E_FAIL, "0x%08X %s", (unsigned)hr, pool_complaint());
    not_connected++;
    return NULL;
}

static void give_back(struct connection *connection)
{
    bool dead = connection->dead;
    wsrt_hresult hr = pool_give_back(pool, connection);
    CHECK(hr == WSRT_S_FALSE || (hr == WSRT_S_OK && !dead), "0x%08X, dead %d", (unsigned)hr, dead);
    found_dead += hr == WSRT_S_FALSE;
}

static bool change(int which, unsigned kind, const char *statement)
{
    struct connection *connection = take(which, kind);
    if (connection == NULL) {
        return false;
    }
    bool good = connection_run(connection, statement);
    CHECK(good || connection->dead || connection_failed_with(connection, "25P02"), "%s", connection->message);
    give_back(connection);
    return good;
}

static void transfer(unsigned kind)
{
    struct transaction *transaction = transaction_begin(coordinator);
    CHECK(transaction != NULL && transaction_enter(transaction), "no transaction");
    bool good = change(0, kind, "UPDATE ordered SET pieces = pieces + 1") &&
                change(1, kind / KINDS, "UPDATE stored SET pieces = pieces - 1");
    if (!good) {
        transaction_roll_back(transaction);
        rolled_back++;
        return;
    }
    enum outcome outcome = transaction_commit(transaction);
    CHECK(outcome != IN_DOUBT, "the log has failed");
    ++*(outcome == COMMITTED ? &committed : outcome == ROLLED_BACK ? &rolled_back : &committed_later);
}

static void *work(void *seed)
{
    unsigned random = (unsigned)(size_t)seed;
    while (!over) {
        random = random * 1103515245 + 12345;
        unsigned drawn = random >> 16;
        if (drawn % 4 == 0) {
            transfer(drawn / 4);
        } else {
            change((int)(drawn / 4 % 2), drawn / 8, "SELECT pg_sleep(0.0005)");
        }
    }
    return NULL;
}

static long ask(struct connection *connection, const char *sql)
{
    char answer[32];
    CHECK(connection_ask(connection, sql, answer, sizeof answer), "%s: %s", sql, connection->message);
    return atol(answer);
}

static long connected(struct connection *witness)
{
    return ask(witness, "SELECT count(*) FROM pg_stat_activity WHERE datname IN ('orders', 'stock')"
                        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
}

/* A session that has been closed is gone a moment later. */
static void check_connected(struct connection *witness, uint32_t count)
{
    long found = -1;
    for (int tries = 0; tries < 500 && found != (long)count; tries++) {
        found = connected(witness);
        usleep(found != (long)count ? 10000 : 0);
    }
    CHECK(found == (long)count, "the server says %ld, the pool %u", found, count);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* For some time, and on a busy machine for as long as it takes until everything has happened. */
static void storm(struct connection *witness, double seconds)
{
    static const char kill_one[] = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
                                   " WHERE datname IN ('orders', 'stock') AND backend_type = 'client backend'"
                                   " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) AS one";
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0, "no thread");
    }
    double start = seconds_now();
    bool all = false;
    for (double now = start; now < start + seconds || (!all && now < start + 60); now = seconds_now()) {
        int used = uses;
        killed += (int)ask(witness, kill_one);
        for (int i = 0; i < 100 && uses < used + 2 * THREADS; i++) {
            usleep(1000);
        }
        all = committed > 0 && rolled_back > 0 && killed > 10 && found_dead > 10;
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(all, "too quiet: %d committed, %d rolled back, %d killed, %d found dead", committed, rolled_back, killed,
          found_dead);
}

/* Everything in stock is taken once, so that what is dead is found. */
static void shake_out(void)
{
    struct connection *held[2 * 64];
    size_t count = 0;
    dispenser_stats stats = DISPENSER_STATS_INIT;
    CHECK(dispenser_get_stats(pool_dispenser(pool), &stats) == WSRT_S_OK, "no figures");
    CHECK(stats.free_unenlisted <= 20, "%u in stock", stats.free_unenlisted);
    for (uint32_t i = 0; i < 2 * stats.free_unenlisted; i++) {
        held[count] = take((int)i % 2, 0);
        CHECK(held[count] != NULL, "%s", pool_complaint());
        count++;
    }
    while (count > 0) {
        give_back(held[--count]);
    }
}

int main(int count, char **arguments)
{
    const char *const databases[] = { database("ORDERS"), database("STOCK") };
    CHECK(count == 3, "usage: storm LOG SECONDS");
    for (int which = 0; which < 2; which++) {
        for (int kind = 0; kind < KINDS; kind++) {
            snprintf(strings[which][kind], sizeof strings[which][kind], "%.400s;Set.application_name=kind %d",
                     databases[which], kind);
        }
    }
    pool = pool_open("storm");
    struct pool *apart = pool_open("witness");
    CHECK(pool != NULL && apart != NULL, "no pool");
    coordinator = coordinator_open(pool, arguments[1]);
    CHECK(coordinator != NULL, "no coordinator");
    struct connection *witness;
    CHECK(pool_take(apart, databases[1], &witness) == WSRT_S_OK, "%s", pool_complaint());
    CHECK(ask(witness, "SELECT pieces FROM stored") == 1000, "not as it should be");
    CHECK(connection_run(witness, "UPDATE stored SET pieces = 1000000"), "%s", witness->message);

    storm(witness, atof(arguments[2]));
    shake_out();
    struct recovery recovery;
    CHECK(coordinator_recover(coordinator, databases, 2, &recovery), "something is left prepared");
    CHECK(recovery.committed <= 2 * (unsigned)committed_later, "%u committed", recovery.committed);

    long moved = committed + committed_later;
    struct connection *orders = take(0, 0);
    CHECK(orders != NULL, "%s", pool_complaint());
    CHECK(ask(orders, "SELECT pieces FROM ordered") == moved, "%ld pieces moved", moved);
    CHECK(ask(witness, "SELECT pieces FROM stored") == 1000000 - moved, "%ld pieces moved", moved);
    give_back(orders);

    dispenser_stats stats = DISPENSER_STATS_INIT;
    CHECK(dispenser_get_stats(pool_dispenser(pool), &stats) == WSRT_S_OK, "no figures");
    uint32_t enlisted = stats.used_enlisted + stats.free_enlisted + stats.awaiting_transaction;
    CHECK(stats.used_unenlisted == 0 && enlisted == 0, "%u in use, %u enlisted", stats.used_unenlisted, enlisted);
    CHECK(stats.creates - stats.destroys == stats.free_unenlisted, "%u in stock", stats.free_unenlisted);
    CHECK(stats.destroy_failures == 0, "not destroyed");
    check_connected(witness, stats.free_unenlisted);
    printf("%d uses, %d transactions committed, %d later, %d rolled back; %d killed, %d found dead, %d never connected;"
           " %d made, %d destroyed, %u in stock\n", uses, committed, committed_later, rolled_back, killed, found_dead,
           not_connected, (int)stats.creates, (int)stats.destroys, stats.free_unenlisted);

    coordinator_close(coordinator);
    pool_close(pool);
    check_connected(witness, 0);
    CHECK(pool_give_back(apart, witness) == WSRT_S_OK, "the witness is dead");
    pool_close(apart);
    return 0;
}
