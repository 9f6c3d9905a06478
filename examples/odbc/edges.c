/*
 * edges LOG: what the story does not come by. Connection strings of every shape, a session that died in stock, other
 * settings in a transaction, what is in use when its transaction ends, a pool that is closed in the middle of one, a
 * log that cannot be written to.
 */
#include "check.h"
#include "coordinator.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *orders, *stock, *notes;

static struct connection *take(struct pool *pool, const char *database)
{
    struct connection *connection;
    wsrt_hresult hr = pool_take(pool, database, &connection);
    CHECK(hr == WSRT_S_OK, "0x%08X %s", (unsigned)hr, pool_complaint());
    return connection;
}

static void give_back(struct pool *pool, struct connection *connection)
{
    CHECK(pool_give_back(pool, connection) == WSRT_S_OK, "%s", connection->message);
}

static long ask(struct connection *connection, const char *sql)
{
    char answer[32];
    CHECK(connection_ask(connection, sql, answer, sizeof answer), "%s: %s", sql, connection->message);
    return atol(answer);
}

static long ask_database(struct pool *pool, const char *database, const char *sql)
{
    struct connection *connection = take(pool, database);
    long answer = ask(connection, sql);
    give_back(pool, connection);
    return answer;
}

static struct transaction *enter(struct coordinator *coordinator)
{
    struct transaction *transaction = transaction_begin(coordinator);
    CHECK(transaction != NULL && transaction_enter(transaction), "no transaction");
    return transaction;
}

static void strings(void)
{
    static const char *const bad[] = { "", "Database", "=x", "Database=x;;", "Database={x", "Database={x}y",
                                       "Set.work_mem=1MB", "Database=x;Set.=1", "Database=x;Set.a b=1" };
    struct type_table table;
    type_table_init(&table);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(type_intern(&table, bad[i]) == NULL, "'%s' was taken", bad[i]);
    }
    const struct type *plain = type_intern(&table, "Driver=d;Database={a;b}}c};");
    const struct type *set = type_intern(&table, "Driver=d;Database={a;b}}c};Set.x={it's; }}\\};SET.y=1");
    CHECK(plain != NULL && set != NULL && set != plain && set->plain == plain && plain->plain == plain, "not one");
    CHECK(strcmp(set->settings, "SET x = 'it''s; }\\';SET y = '1';") == 0, "%s", set->settings);
    CHECK(type_intern(&table, "Driver=d;Database={a;b}}c};") == plain, "another address");
    const struct type *other = type_intern(&table, "Driver=d;Database=b;");
    CHECK(type_rating(plain, other, false, false) == DISPENSER_RATING_UNUSABLE, "another database");
    CHECK(type_rating(plain, plain, false, false) == DISPENSER_RATING_PERFECT, "the same");
    CHECK(type_rating(plain, plain, true, false) == DISPENSER_RATING_PERFECT, "the same");
    /* What is in the transaction goes before what is not, whatever its settings. */
    CHECK(type_rating(set, plain, true, false) > type_rating(plain, plain, false, true), "not preferred");
    CHECK(type_rating(plain, plain, false, true) > type_rating(set, plain, false, true), "not preferred");
    CHECK(type_rating(set, plain, false, true) > DISPENSER_RATING_UNUSABLE, "not usable");
    type_table_end(&table);
}

static void nobody_there(struct pool *pool)
{
    struct connection *connection;
    CHECK(pool_take(pool, "Driver=no such driver", &connection) == WSRT_CO_E_OBJNOTCONNECTED, "connected");
    CHECK(connection == NULL && *pool_complaint() != '\0', "no reason");
    CHECK(pool_take(pool, "nonsense", &connection) == WSRT_E_INVALIDARG && connection == NULL, "connected");
}

static void settings(struct pool *pool, struct coordinator *coordinator)
{
    static const char name[] = "SELECT count(*) FROM pg_settings WHERE name = 'application_name' AND setting = 'clerk'";
    char clerk[512];
    snprintf(clerk, sizeof clerk, "%.400s;Set.application_name=clerk", stock);
    struct connection *connection = take(pool, stock);
    long first = ask(connection, "SELECT pg_backend_pid()");
    CHECK(ask(connection, name) == 0, "set");
    give_back(pool, connection);
    connection = take(pool, clerk);
    CHECK(ask(connection, "SELECT pg_backend_pid()") == first && ask(connection, name) == 1, "not set");
    give_back(pool, connection);
    CHECK(ask_database(pool, clerk, name) == 1, "a reset has taken its settings away");
    /* The driver has its own, which a reset must not take away either. */
    CHECK(ask_database(pool, clerk, "SELECT count(*) FROM pg_settings WHERE source = 'session'") > 1, "taken away");

    struct transaction *transaction = enter(coordinator);
    first = ask_database(pool, stock, "SELECT pg_backend_pid()");
    connection = take(pool, clerk);
    CHECK(ask(connection, "SELECT pg_backend_pid()") == first && ask(connection, name) == 1, "not the transaction's");
    give_back(pool, connection);
    /* Its rollback undoes the setting; whoever comes next has it again. */
    transaction_roll_back(transaction);
    CHECK(ask_database(pool, clerk, name) == 1 && ask_database(pool, stock, name) == 0, "another's settings");
}

static void died_in_stock(struct pool *pool, struct coordinator *coordinator)
{
    char sql[128];
    long first = ask_database(pool, stock, "SELECT pg_backend_pid()");
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%ld, 5000)::int", first);
    CHECK(ask_database(pool, orders, sql) == 1, "not killed");
    struct transaction *transaction = enter(coordinator);
    CHECK(ask_database(pool, stock, "SELECT pg_backend_pid()") != first, "a dead one was enlisted");

    /* Now one that has work in the transaction. */
    struct connection *dead = take(pool, stock);
    first = ask(dead, "SELECT pg_backend_pid()");
    CHECK(transaction_enter(NULL), "not left");
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%ld, 5000)::int", first);
    CHECK(ask_database(pool, orders, sql) == 1, "not killed");
    CHECK(pool_give_back(pool, dead) == WSRT_S_FALSE, "it lives");
    CHECK(transaction_enter(transaction), "no transaction");
    CHECK(ask_database(pool, orders, "WITH work AS (UPDATE ordered SET pieces = pieces + 1 RETURNING 1)"
                                     " SELECT count(*) FROM work") == 1, "no work");
    CHECK(transaction_commit(transaction) == ROLLED_BACK, "committed without a part");
    CHECK(ask_database(pool, orders, "SELECT pieces FROM ordered") == 0, "half of it");
}

static void still_in_use(struct pool *pool, struct coordinator *coordinator)
{
    struct transaction *transaction = enter(coordinator);
    struct connection *connection = take(pool, stock);
    struct connection *note = take(pool, notes);
    CHECK(connection_run(note, "CREATE TABLE note (text)"), "%s", note->message);
    CHECK(connection_run(connection, "UPDATE stored SET pieces = 999"), "%s", connection->message);
    CHECK(transaction_commit(transaction) == COMMITTED, "not committed");
    CHECK(ask(connection, "SELECT pieces FROM stored") == 999, "not committed");
    CHECK(ask_database(pool, stock, "SELECT pieces FROM stored") == 999, "given to two");
    CHECK(connection_run(connection, "UPDATE stored SET pieces = 1000"), "%s", connection->message);
    give_back(pool, connection);
    give_back(pool, note);
    CHECK(ask_database(pool, stock, "SELECT pieces FROM stored") == 1000, "it was still in a transaction");
}

struct recovering {
    struct coordinator *coordinator;
    atomic_bool done;
    bool good;
};

static void *recover(void *argument)
{
    struct recovering *recovering = argument;
    struct recovery recovery;
    recovering->good = coordinator_recover(recovering->coordinator, &orders, 1, &recovery);
    recovering->done = true;
    return NULL;
}

/* A session of before may be about to prepare: nothing can be resolved until it is clean, or gone. */
static void still_at_work(struct pool *pool, struct coordinator *coordinator)
{
    pthread_t thread;
    struct recovering recovering = { .coordinator = coordinator };
    struct transaction *transaction = enter(coordinator);
    CHECK(ask_database(pool, orders, "SELECT 1") == 1, "no answer");
    CHECK(pthread_create(&thread, NULL, recover, &recovering) == 0, "no thread");
    usleep(300000);
    CHECK(!recovering.done, "it did not wait");
    transaction_roll_back(transaction);
    CHECK(pthread_join(thread, NULL) == 0 && recovering.good, "not recovered");
}

static void closed_meanwhile(const char *log)
{
    struct pool *pool = pool_open("closed");
    CHECK(pool != NULL, "no pool");
    struct coordinator *coordinator = coordinator_open(pool, log);
    CHECK(coordinator != NULL, "no coordinator");
    struct transaction *transaction = enter(coordinator);
    CHECK(ask_database(pool, stock, "SELECT 1") == 1, "no answer");
    pool_close(pool);
    /* Neither the pool nor the session is there any more. */
    transaction_roll_back(transaction);
    coordinator_close(coordinator);
}

static void full_disk(struct pool *pool, struct coordinator *coordinator, const char *log)
{
    static const char *const works[] = { "CREATE TABLE doubt_1 ()", "CREATE TABLE doubt_2 ()" };
    struct rlimit before, full;
    struct stat file;
    struct recovery recovery;
    CHECK(stat(log, &file) == 0 && getrlimit(RLIMIT_FSIZE, &before) == 0, "no log");
    full = before;
    full.rlim_cur = (rlim_t)file.st_size + 5;
    signal(SIGXFSZ, SIG_IGN);
    for (int round = 0; round < 2; round++) {
        struct transaction *transaction = enter(coordinator);
        struct connection *connection = take(pool, orders);
        CHECK(connection_run(connection, works[round]), "%s", connection->message);
        give_back(pool, connection);
        /* The second time there is room again, but the log has a hole. */
        CHECK(round > 0 || setrlimit(RLIMIT_FSIZE, &full) == 0, "no limit");
        CHECK(transaction_commit(transaction) == IN_DOUBT, "decided without a log");
        CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0, "no limit");
    }
    CHECK(!coordinator_recover(coordinator, &orders, 1, &recovery), "a log that has failed was believed");
    CHECK(ask_database(pool, orders, "SELECT count(*) FROM pg_prepared_xacts") == 2, "decided without a log");
}

int main(int count, char **arguments)
{
    orders = database("ORDERS");
    stock = database("STOCK");
    notes = database("NOTES");
    CHECK(count == 2, "usage: edges LOG");
    const char *log = arguments[1];
    const char *const databases[] = { orders, stock };
    struct recovery recovery;

    strings();
    struct pool *pool = pool_open("edges");
    CHECK(pool != NULL, "no pool");
    struct coordinator *coordinator = coordinator_open(pool, log);
    CHECK(coordinator != NULL, "no coordinator");
    CHECK(coordinator_open(pool, log) == NULL, "two have one log");
    nobody_there(pool);
    settings(pool, coordinator);
    died_in_stock(pool, coordinator);
    still_in_use(pool, coordinator);
    still_at_work(pool, coordinator);
    full_disk(pool, coordinator, log);
    coordinator_close(coordinator);

    coordinator = coordinator_open(pool, log);
    CHECK(coordinator != NULL, "no coordinator");
    CHECK(coordinator_recover(coordinator, databases, 2, &recovery), "something is left prepared");
    CHECK(recovery.committed == 0 && recovery.rolled_back == 2, "%u rolled back", recovery.rolled_back);
    CHECK(ask_database(pool, orders, "SELECT count(*) FROM pg_class WHERE relname LIKE 'doubt%'") == 0, "half of it");
    coordinator_close(coordinator);
    pool_close(pool);
    closed_meanwhile(log);
    puts("every edge holds");
    return 0;
}
