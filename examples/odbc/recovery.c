/*
 * What earlier processes have left prepared is brought to an end.
 */
#include "protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
