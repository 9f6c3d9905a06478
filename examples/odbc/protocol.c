#include "protocol.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reached(const char *point, size_t number)
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

void write_mark(const struct coordinator *coordinator, char mark[GID])
{
    snprintf(mark, GID, "wsrt_%016" PRIx64 "_", decisions_owner(coordinator->decisions));
}

void write_lock(const struct coordinator *coordinator, const char *how, char sql[STATEMENT])
{
    snprintf(sql, STATEMENT, "SELECT pg_advisory_lock%s(%" PRId64 ")", how,
             (int64_t)decisions_owner(coordinator->decisions));
}

bool tell(struct connection *connection, const char *verb, const char *gid)
{
    char sql[STATEMENT];
    snprintf(sql, sizeof sql, "%s PREPARED '%s'", verb, gid);
    return connection_run(connection, sql) || connection_failed_with(connection, "42704");
}

void step_outside(void)
{
    dispenser_instid instid = 0;
    dispenser_transid transid = 0;
    dispenser_get_context(&instid, &transid);
    dispenser_set_context(instid, 0);
}
