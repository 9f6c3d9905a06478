/* client PORT: the demo. Opens five RDP connections to 127.0.0.1:PORT in two workspaces, disconnects one workspace and
   verifies, by the kernel's list of sockets, that its connections are gone and that the other's are the very same. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "last_error.h"
#include "sockets.h"

#define TOLD "contoso" /* the workspace to disconnect */
#define KEPT "fabrikam"

static struct connection connections[] = {
    {.workspace = TOLD, .name = "Mail"},  {.workspace = KEPT, .name = "Drawings"},
    {.workspace = TOLD, .name = "Notes"}, {.workspace = KEPT, .name = "Orders"},
    {.workspace = TOLD, .name = "Ledger"},
};

enum {
    COUNT = sizeof connections / sizeof connections[0],
    CONNECT_SECONDS = 30,
    END_SECONDS = 10,
    SETTLE_MS = 250, /* far more than a connection that was told by mistake needs to go */
};

/* The inode of the server's socket of each connection, 0 if it has none, and how many the server has in all. */
struct snapshot {
    unsigned long inode[COUNT];
    int total;
};

/* Leaves without waiting for the threads: nothing interrupts one in freerdp_connect() whose server is silent. */
static _Noreturn void give_up(void)
{
    fflush(stdout);
    _exit(EXIT_FAILURE);
}

static void require(const char *call, wsrt_hresult hr)
{
    if (hr == WSRT_S_OK)
        return;
    print_last_error(call, hr);
    give_up();
}

static bool in(const struct connection *connection, const char *workspace)
{
    return strcmp(connection->workspace, workspace) == 0;
}

static int count_in(const char *workspace, enum connection_state state)
{
    int count = 0;

    for (int i = 0; i < COUNT; i++)
        count += in(&connections[i], workspace) && atomic_load(&connections[i].state) == state;
    return count;
}

static double ms_between(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

static struct timespec now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Waits until every connection of the workspace has that state. */
static void await(const char *workspace, enum connection_state state, int seconds)
{
    struct timespec start = now();
    int count = 0;

    for (int i = 0; i < COUNT; i++)
        count += in(&connections[i], workspace);
    while (count_in(workspace, state) < count) {
        if (count_in(workspace, CONNECTION_FAILED) > 0)
            give_up();
        if (state == CONNECTION_REGISTERED && count_in(workspace, CONNECTION_ENDED) > 0) {
            fprintf(stderr, "error: %s: the server ended a connection\n", workspace);
            give_up();
        }
        if (ms_between(start, now()) > seconds * 1e3) {
            fprintf(stderr, "error: %s: only %d of %d connections %s after %d s\n", workspace,
                    count_in(workspace, state), count, state == CONNECTION_ENDED ? "ended" : "up", seconds);
            give_up();
        }
        sleep_ms(1);
    }
}

static struct snapshot look(uint16_t port)
{
    struct server_socket found[4 * COUNT];
    struct snapshot seen = {.total = server_sockets(port, found, 4 * COUNT)};

    if (seen.total < 0) {
        perror("error: /proc/net/tcp");
        give_up();
    }
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < seen.total; k++)
            if (found[k].client_port == connections[i].local_port)
                seen.inode[i] = found[k].inode;
    return seen;
}

struct registrations {
    const char *workspace;
    int count;
};

static wsrt_hresult count_registration(void *user_data, const ws_resource_info *info)
{
    struct registrations *registrations = user_data;

    registrations->count += strcmp(info->workspace_id, registrations->workspace) == 0;
    return WSRT_S_OK;
}

static int registered_in(ws_runtime *runtime, const char *workspace)
{
    struct registrations registrations = {workspace, 0};

    require("ws_enum_resources", ws_enum_resources(runtime, count_registration, &registrations));
    return registrations.count;
}

static int standing_in(const char *workspace, const struct snapshot *seen)
{
    int count = 0;

    for (int i = 0; i < COUNT; i++)
        count += in(&connections[i], workspace) && seen->inode[i] != 0;
    return count;
}

static void print_inodes(const char *workspace, const struct snapshot *seen)
{
    for (int i = 0; i < COUNT; i++)
        if (in(&connections[i], workspace) && seen->inode[i] != 0)
            printf(" %lu", seen->inode[i]);
    if (standing_in(workspace, seen) == 0)
        printf(" -");
}

static void print_row(ws_runtime *runtime, const char *workspace, const struct snapshot *before,
                      const struct snapshot *after, const char *ms)
{
    printf("%-10s %9d %7d %7s %10d %8d  ", workspace, standing_in(workspace, before),
           count_in(workspace, CONNECTION_ENDED), ms, registered_in(runtime, workspace),
           standing_in(workspace, after));
    print_inodes(workspace, before);
    printf(" ->");
    print_inodes(workspace, after);
    printf("\n");
}

/* From the order to disconnect until the last connection was closed, removed and freed. */
static double ms_to_end(const char *workspace, struct timespec start)
{
    double longest = 0;

    for (int i = 0; i < COUNT; i++)
        if (in(&connections[i], workspace) && ms_between(start, connections[i].ended_at) > longest)
            longest = ms_between(start, connections[i].ended_at);
    return longest;
}

/* Whether exactly the connections of TOLD are gone: for the clients, for the runtime and for the kernel. */
static bool verify(ws_runtime *runtime, const struct snapshot *before, const struct snapshot *after)
{
    bool right = registered_in(runtime, TOLD) == 0;
    int kept = 0;

    for (int i = 0; i < COUNT; i++) {
        if (in(&connections[i], TOLD)) {
            right = right && after->inode[i] == 0;
        } else {
            right = right && after->inode[i] == before->inode[i] && connections[i].state == CONNECTION_REGISTERED;
            kept++;
        }
    }
    return right && after->total == kept && registered_in(runtime, KEPT) == kept;
}

static void open_all(ws_runtime *runtime, uint16_t port)
{
    for (int i = 0; i < COUNT; i++) {
        connections[i].runtime = runtime;
        connections[i].host = "127.0.0.1";
        connections[i].port = port;
        if (!connection_start(&connections[i]))
            give_up();
    }
    await(TOLD, CONNECTION_REGISTERED, CONNECT_SECONDS);
    await(KEPT, CONNECTION_REGISTERED, CONNECT_SECONDS);
}

static void disconnect(ws_runtime *runtime, const char *workspace)
{
    require("ws_disconnect_workspace", ws_disconnect_workspace(runtime, workspace));
    await(workspace, CONNECTION_ENDED, END_SECONDS);
}

int main(int argc, char **argv)
{
    ws_runtime *runtime;
    struct snapshot before, after;
    struct timespec start;
    char ms[32];
    int port = argc == 2 ? atoi(argv[1]) : 0;

    if (port < 1 || port > UINT16_MAX) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    /* A server that goes away must be an error in libfreerdp, not the end of the program. */
    signal(SIGPIPE, SIG_IGN);

    require("ws_runtime_create", ws_runtime_create(NULL, &runtime));
    open_all(runtime, (uint16_t)port);
    before = look((uint16_t)port);
    if (before.total != COUNT || standing_in(TOLD, &before) + standing_in(KEPT, &before) != COUNT) {
        fprintf(stderr, "error: %d connections, but the server has %d sockets\n", COUNT, before.total);
        give_up();
    }

    start = now();
    disconnect(runtime, TOLD);
    snprintf(ms, sizeof ms, "%.1f", ms_to_end(TOLD, start));
    sleep_ms(SETTLE_MS);
    after = look((uint16_t)port);

    printf("%-10s %9s %7s %7s %10s %8s   %s\n", "workspace", "connected", "dropped", "ms", "registered", "standing",
           "server's sockets by inode");
    print_row(runtime, TOLD, &before, &after, ms);
    print_row(runtime, KEPT, &before, &after, "-");
    if (!verify(runtime, &before, &after)) {
        fprintf(stderr, "error: not exactly the connections of %s were dropped\n", TOLD);
        give_up();
    }
    printf("%s was disconnected; the connections of %s are the very same as before\n", TOLD, KEPT);

    disconnect(runtime, KEPT);
    for (int i = 0; i < COUNT; i++)
        connection_join(&connections[i]);
    require("ws_runtime_destroy", ws_runtime_destroy(runtime));
    return EXIT_SUCCESS;
}
