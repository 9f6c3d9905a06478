#include "connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char PROBE[] = "SELECT 1";

/* psqlODBC 13 calls setlocale() when it connects, and reads what such a call on another thread has just freed. */
static pthread_mutex_t connecting = PTHREAD_MUTEX_INITIALIZER;

static void diagnose(SQLSMALLINT kind, SQLHANDLE handle, char *sqlstate, char *message, size_t size)
{
    SQLCHAR state[SQL_SQLSTATE_SIZE + 1] = "HY000";
    SQLCHAR text[512] = "no diagnosis";
    SQLGetDiagRec(kind, handle, 1, state, NULL, text, sizeof text, NULL);
    memcpy(sqlstate, state, sizeof state);
    text[strcspn((char *)text, "\n")] = '\0';
    snprintf(message, size, "%.200s", (char *)text);
}

static bool fail(struct connection *connection, SQLSMALLINT kind, SQLHANDLE handle)
{
    diagnose(kind, handle, connection->sqlstate, connection->message, sizeof connection->message);
    /* 08: no connection; 57P: ended by whoever runs the server. */
    connection->dead |= strncmp(connection->sqlstate, "08", 2) == 0 || strncmp(connection->sqlstate, "57P", 3) == 0;
    return false;
}

bool connection_failed_with(const struct connection *connection, const char *sqlstate)
{
    return strcmp(connection->sqlstate, sqlstate) == 0;
}

static bool fetch_first(struct connection *connection, SQLHSTMT statement, char *answer, size_t size)
{
    SQLLEN length = 0;
    *answer = '\0';
    SQLRETURN result = SQLFetch(statement);
    if (result == SQL_NO_DATA) {
        return true;
    }
    if (SQL_SUCCEEDED(result)) {
        result = SQLGetData(statement, 1, SQL_C_CHAR, answer, (SQLLEN)size, &length);
    }
    if (!SQL_SUCCEEDED(result)) {
        return fail(connection, SQL_HANDLE_STMT, statement);
    }
    return length == SQL_NULL_DATA || (length >= 0 && (size_t)length < size);
}

bool connection_ask(struct connection *connection, const char *sql, char *answer, size_t size)
{
    SQLHSTMT statement;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection->dbc, &statement))) {
        return fail(connection, SQL_HANDLE_DBC, connection->dbc);
    }
    SQLRETURN result = SQLExecDirect(statement, (SQLCHAR *)sql, SQL_NTS);
    /* SQL_NO_DATA: an update that has changed nothing. */
    bool good = SQL_SUCCEEDED(result) || result == SQL_NO_DATA;
    if (!good) {
        fail(connection, SQL_HANDLE_STMT, statement);
    } else if (answer != NULL) {
        good = fetch_first(connection, statement, answer, size);
    }
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    return good;
}

bool connection_run(struct connection *connection, const char *sql)
{
    return connection_ask(connection, sql, NULL, 0);
}

static bool set_autocommit(struct connection *connection, SQLULEN on)
{
    SQLRETURN result = SQLSetConnectAttr(connection->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)on, SQL_IS_UINTEGER);
    return SQL_SUCCEEDED(result) || fail(connection, SQL_HANDLE_DBC, connection->dbc);
}

bool connection_begin(struct connection *connection, const char *sql)
{
    /* The driver sends BEGIN in front of the first statement, so there has to be one. */
    return set_autocommit(connection, SQL_AUTOCOMMIT_OFF) && connection_run(connection, sql);
}

bool connection_leave(struct connection *connection)
{
    /* In this order: to turn autocommit on commits what is open. */
    bool rolled_back = SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, connection->dbc, SQL_ROLLBACK)) ||
                       fail(connection, SQL_HANDLE_DBC, connection->dbc);
    return rolled_back && set_autocommit(connection, SQL_AUTOCOMMIT_ON);
}

/* Several statements in one go. */
static bool run_all(struct connection *connection, const char *first, const char *second, const char *third)
{
    size_t size = strlen(first) + strlen(second) + strlen(third) + 1;
    char *all = malloc(size);
    if (all == NULL) {
        return false;
    }
    snprintf(all, size, "%s%s%s", first, second, third);
    bool good = *all == '\0' || connection_run(connection, all);
    free(all);
    return good;
}

bool connection_dress(struct connection *connection, const struct type *type)
{
    bool same = type == connection->type || strcmp(type->settings, connection->type->settings) == 0;
    if (!same && !run_all(connection, "RESET ALL;", connection->driver_settings, type->settings)) {
        return false;
    }
    connection->type = type;
    return true;
}

bool connection_clean(struct connection *connection)
{
    if (!connection_leave(connection)) {
        return false;
    }
    if (!connection->is_postgresql) {
        return connection_run(connection, PROBE);
    }
    /* Refused inside a transaction, which statements that go together are: so it goes alone. It takes away the
       settings, the driver's own too. */
    return connection_run(connection, "DISCARD ALL") &&
           run_all(connection, "", connection->driver_settings, connection->type->settings);
}

bool connection_alive(struct connection *connection)
{
    /* in_failed_sql_transaction: the server says that it takes nothing but the end, so it is there. */
    return connection_run(connection, PROBE) || connection_failed_with(connection, "25P02");
}

/* Learns what it is connected to, and makes the settings of the type. */
static bool settle_in(struct connection *connection)
{
    char name[64] = "";
    char settings[1024];
    if (!SQL_SUCCEEDED(SQLGetInfo(connection->dbc, SQL_DBMS_NAME, name, sizeof name, NULL))) {
        return fail(connection, SQL_HANDLE_DBC, connection->dbc);
    }
    connection->is_postgresql = strcasecmp(name, "PostgreSQL") == 0;
    if (!connection->is_postgresql) {
        return *connection->type->settings == '\0';
    }
    bool known = connection_ask(connection,
                                "SELECT string_agg(format('SET %s = %L;', name, setting), '') FROM pg_settings"
                                " WHERE source = 'session'",
                                settings, sizeof settings);
    connection->driver_settings = known ? strdup(settings) : NULL;
    return connection->driver_settings != NULL && run_all(connection, "", "", connection->type->settings);
}

struct connection *connection_open(SQLHENV env, const struct type *type, char *message, size_t size)
{
    char sqlstate[SQL_SQLSTATE_SIZE + 1];
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &connection->dbc))) {
        diagnose(SQL_HANDLE_ENV, env, sqlstate, message, size);
        free(connection);
        return NULL;
    }
    connection->type = type;
    pthread_mutex_lock(&connecting);
    SQLRETURN result = SQLDriverConnect(connection->dbc, NULL, (SQLCHAR *)type->plain->text, SQL_NTS, NULL, 0, NULL,
                                        SQL_DRIVER_NOPROMPT);
    pthread_mutex_unlock(&connecting);
    if (!SQL_SUCCEEDED(result)) {
        diagnose(SQL_HANDLE_DBC, connection->dbc, sqlstate, message, size);
        SQLFreeHandle(SQL_HANDLE_DBC, connection->dbc);
        free(connection);
        return NULL;
    }
    if (!settle_in(connection)) {
        snprintf(message, size, "the session cannot be set up: %s", connection->message);
        connection_close(connection);
        return NULL;
    }
    return connection;
}

bool connection_close(struct connection *connection)
{
    /* With work open the disconnection would be refused. If this fails, because the session is dead, that does not. */
    connection_leave(connection);
    if (!SQL_SUCCEEDED(SQLDisconnect(connection->dbc))) {
        return fail(connection, SQL_HANDLE_DBC, connection->dbc);
    }
    SQLFreeHandle(SQL_HANDLE_DBC, connection->dbc);
    free(connection->driver_settings);
    free(connection);
    return true;
}
