/*
 * story TRANSFER LOG: pooled ODBC connections, told in a few lines. TRANSFER is the program of transfer.c, LOG its log.
 * Everything that is printed has been checked before; what does not hold ends the story with exit code 1.
 */
#include "check.h"
#include "coordinator.h"

#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

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

static long back_end(struct connection *connection)
{
    return ask(connection, "SELECT pg_backend_pid()");
}

static dispenser_stats stats_of(struct pool *pool)
{
    dispenser_stats stats = DISPENSER_STATS_INIT;
    CHECK(dispenser_get_stats(pool_dispenser(pool), &stats) == WSRT_S_OK, "no figures");
    return stats;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

enum { BATCHES = 4, CONNECTED = 10, POOLED = 50 };

/* What a use takes that connects, in ms: that of the fastest batch, which nothing else on the machine has held up. */
static double connect_each_time(const char *database)
{
    char message[256] = "";
    double best = 1e9;
    SQLHENV env;
    struct type_table types;
    type_table_init(&types);
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    for (int batch = 0; batch < BATCHES; batch++) {
        double start = milliseconds();
        for (int i = 0; i < CONNECTED; i++) {
            const struct type *type = type_intern(&types, database);
            struct connection *connection = connection_open(env, type, message, sizeof message);
            CHECK(connection != NULL, "%s", message);
            CHECK(ask(connection, "SELECT 42") == 42, "another answer");
            CHECK(connection_close(connection), "not closed");
        }
        double took = (milliseconds() - start) / CONNECTED;
        best = took < best ? took : best;
    }
    SQLFreeHandle(SQL_HANDLE_ENV, env);
    type_table_end(&types);
    return best;
}

static double take_each_time(struct pool *pool, const char *database)
{
    double best = 1e9;
    for (int batch = 0; batch < BATCHES; batch++) {
        double start = milliseconds();
        for (int i = 0; i < POOLED; i++) {
            CHECK(ask_database(pool, database, "SELECT 42") == 42, "another answer");
        }
        double took = (milliseconds() - start) / POOLED;
        best = took < best ? took : best;
    }
    return best;
}

static void tell_of_pooling(const char *what, const char *database)
{
    double connected = connect_each_time(database);
    struct pool *pool = pool_open(what);
    CHECK(pool != NULL, "no pool");
    double pooled = take_each_time(pool, database);
    dispenser_stats stats = stats_of(pool);
    CHECK(stats.creates == 1 && stats.allocs == BATCHES * POOLED, "%d created", (int)stats.creates);
    CHECK(pooled * 1.5 < connected, "%.3f ms pooled, %.3f ms connected", pooled, connected);
    pool_close(pool);
    printf("%-11s %6.2f ms to connect for a query, %6.3f ms from the pool, reset included: %.0f times as fast;"
           " %d uses of 1 connection\n", what, connected, pooled, connected / pooled, BATCHES * POOLED);
}

static void tell_of_cleanness(struct pool *pool, const char *stock)
{
    struct connection *connection = take(pool, stock);
    long first = back_end(connection);
    CHECK(connection_run(connection, "CREATE TEMPORARY TABLE secret AS SELECT 1"), "%s", connection->message);
    CHECK(connection_run(connection, "SET work_mem = '1234kB'"), "%s", connection->message);
    give_back(pool, connection);
    connection = take(pool, stock);
    CHECK(back_end(connection) == first, "another session");
    CHECK(ask(connection, "SELECT count(*) FROM pg_tables WHERE tablename = 'secret'") == 0, "a table is left");
    CHECK(ask(connection, "SELECT count(*) FROM pg_settings WHERE name = 'work_mem' AND setting = '1234'") == 0, "set");
    give_back(pool, connection);
    printf("reset       back end %ld, used again, has neither the table nor the setting of its last user\n", first);
}

static void tell_of_affinity(struct pool *pool, struct coordinator *coordinator, const char *stock)
{
    struct transaction *transaction = transaction_begin(coordinator);
    CHECK(transaction != NULL && transaction_enter(transaction), "no transaction");
    struct connection *connection = take(pool, stock);
    long first = back_end(connection);
    CHECK(connection_run(connection, "UPDATE stored SET pieces = pieces - 1"), "%s", connection->message);
    give_back(pool, connection);
    connection = take(pool, stock);
    long second = back_end(connection);
    CHECK(second == first, "%ld, then %ld", first, second);
    CHECK(ask(connection, "SELECT pieces FROM stored") == 999, "the work of the transaction is gone");
    give_back(pool, connection);

    CHECK(transaction_enter(NULL), "not left");
    connection = take(pool, stock);
    long outside = back_end(connection);
    CHECK(outside != first, "a session of a transaction was given away");
    CHECK(ask(connection, "SELECT pieces FROM stored") == 1000, "not yet committed, and seen");
    give_back(pool, connection);

    CHECK(transaction_enter(transaction), "no transaction");
    transaction_roll_back(transaction);
    CHECK(ask_database(pool, stock, "SELECT pieces FROM stored") == 1000, "not rolled back");
    printf("affinity    in a transaction the second request gets back end %ld as the first did; outside it is %ld\n",
           second, outside);
}

static void tell_of_a_killed_back_end(struct pool *pool, const char *orders, const char *stock)
{
    char sql[128];
    struct connection *connection = take(pool, stock);
    long killed = back_end(connection);
    give_back(pool, connection);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%ld, 5000)::int", killed);
    CHECK(ask_database(pool, orders, sql) == 1, "not killed");

    connection = take(pool, stock);
    CHECK(!connection_run(connection, "SELECT 1"), "it lives");
    snprintf(sql, sizeof sql, "%s", connection->sqlstate);
    CHECK(pool_give_back(pool, connection) == WSRT_S_FALSE, "not found dead");
    connection = take(pool, stock);
    long other = back_end(connection);
    CHECK(other != killed, "handed out again");
    give_back(pool, connection);
    printf("killed      back end %ld fails its user with %s, is not handed out again, and %ld takes its place\n",
           killed, sql, other);
}

static void tell_of_two_databases(struct pool *pool, struct coordinator *coordinator, const char *orders,
                                  const char *stock)
{
    /* The second time there is not enough in stock; who does not look at that error must not get half of it. */
    for (int round = 0; round < 2; round++) {
        struct transaction *transaction = transaction_begin(coordinator);
        CHECK(transaction != NULL && transaction_enter(transaction), "no transaction");
        struct connection *to = take(pool, orders);
        struct connection *from = take(pool, stock);
        CHECK(connection_run(to, "UPDATE ordered SET pieces = pieces + 600"), "%s", to->message);
        bool enough = connection_run(from, "UPDATE stored SET pieces = pieces - 600");
        CHECK(enough == (round == 0), "%s", from->message);
        give_back(pool, to);
        give_back(pool, from);
        enum outcome outcome = transaction_commit(transaction);
        CHECK(outcome == (round == 0 ? COMMITTED : ROLLED_BACK), "outcome %d", (int)outcome);
        CHECK(ask_database(pool, orders, "SELECT pieces FROM ordered") == 600, "not as many");
        CHECK(ask_database(pool, stock, "SELECT pieces FROM stored") == 400, "not as many");
    }
    printf("two phases  600 of 1000 pieces ordered in two databases at once; another 600 in neither\n");
}

static void run(char **arguments, const char *killed_at)
{
    pid_t child;
    int status;
    if (killed_at != NULL) {
        setenv("WSRT_ODBC_KILL", killed_at, 1);
    }
    fflush(stdout);
    int failed = posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ);
    unsetenv("WSRT_ODBC_KILL");
    CHECK(failed == 0, "%s: %s", arguments[0], strerror(failed));
    CHECK(waitpid(child, &status, 0) == child, "no child");
    if (killed_at != NULL) {
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
    } else {
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    }
}

static void tell_of_a_killed_coordinator(struct pool *pool, char *transfer, char *log, const char *orders,
                                         const char *stock)
{
    static const char *const points[] = { "prepared-2", "decided" };
    for (int decided = 0; decided < 2; decided++) {
        run((char *[]){ transfer, log, "100", NULL }, points[decided]);
        long left = ask_database(pool, stock, "SELECT count(*) FROM pg_prepared_xacts");
        CHECK(left == 2, "%ld prepared", left);
        printf("killed %s its decision, a coordinator leaves %ld databases prepared; at its next start\n            ",
               decided ? "after" : "before", left);
        run((char *[]){ transfer, log, NULL }, NULL);
        CHECK(ask_database(pool, stock, "SELECT count(*) FROM pg_prepared_xacts") == 0, "left");
        CHECK(ask_database(pool, orders, "SELECT pieces FROM ordered") == 600 + 100 * decided, "not as many");
        CHECK(ask_database(pool, stock, "SELECT pieces FROM stored") == 400 - 100 * decided, "not as many");
    }
}

int main(int count, char **arguments)
{
    const char *orders = database("ORDERS");
    const char *stock = database("STOCK");
    CHECK(count == 3, "usage: story TRANSFER LOG");
    setvbuf(stdout, NULL, _IOLBF, 0);

    tell_of_pooling("PostgreSQL", stock);
    tell_of_pooling("SQLite", database("NOTES"));
    struct pool *pool = pool_open("story");
    CHECK(pool != NULL, "no pool");
    tell_of_cleanness(pool, stock);
    struct coordinator *coordinator = coordinator_open(pool, arguments[2]);
    CHECK(coordinator != NULL, "no coordinator");
    tell_of_affinity(pool, coordinator, stock);
    tell_of_a_killed_back_end(pool, orders, stock);
    tell_of_two_databases(pool, coordinator, orders, stock);
    coordinator_close(coordinator);
    tell_of_a_killed_coordinator(pool, arguments[1], arguments[2], orders, stock);

    dispenser_stats stats = stats_of(pool);
    CHECK(stats.creates - stats.destroys == stats.free_unenlisted && stats.destroys == 1, "another count");
    printf("in all      %d uses, %d connections made, %d destroyed, %d in stock\n", (int)stats.allocs,
           (int)stats.creates, (int)stats.destroys, (int)stats.free_unenlisted);
    pool_close(pool);
    return 0;
}
