/*
 * The story of five connections in two workspaces, and of a pool of sessions, in C99.
 *
 * Five clients register their connections. One is disconnected alone, then a whole workspace: there one client removes
 * itself, one refuses, one turns out to be dead. Then a cookie and a handle are used that name nothing any more.
 *
 * A resource dispenser keeps sessions of two types. They are created when none will do, rated, reset on their way back,
 * kept apart while they are enlisted in a transaction, and destroyed when it is closed.
 *
 * Build and run it with `make demo-quick`, or by hand, after `make library`:
 *
 *     cc -std=c99 -Iinclude examples/c/story.c -Ltarget/release -lwsrt -Wl,-rpath,target/release -o story
 *
 * Every line is printed by what the library did: by a callback that it made, or from what it returned.
 */
#include "wsrt.h"

#include <stdio.h>

/* What this program knows of one of its connections. The library hands it back as user_data. */
struct client {
    const char *workspace;
    const char *name;
    wsrt_hresult answer;    /* to the order to disconnect */
    int removes_itself;     /* while it carries out that order */
    ws_runtime *runtime;
    ws_cookie cookie;
};

static void print_result(const char *what, const char *whom, wsrt_hresult hr)
{
    printf("%s%s: %s 0x%08X\n", what, whom, wsrt_hresult_name(hr), (unsigned)hr);
}

/* The text of the last error, for people. Texts that name a cookie differ from run to run: this story has no use for
   those. */
static void print_reason(void)
{
    char reason[256] = "";
    wsrt_last_error(NULL, reason, sizeof reason, NULL);
    printf("    reason: %s\n", reason);
}

/* ---- What a client answers to. No lock of the library is held here: every function may be called. ---- */

static wsrt_hresult get_resource_id(void *user_data, wsrt_text *id)
{
    const struct client *client = user_data;
    printf("    %s is asked for its workspace: %s\n", client->name, client->workspace);
    return wsrt_text_set(id, client->workspace, SIZE_MAX);
}

static wsrt_hresult get_resource_display_name(void *user_data, wsrt_text *name)
{
    const struct client *client = user_data;
    printf("    %s is asked for its display name\n", client->name);
    return wsrt_text_set(name, client->name, SIZE_MAX);
}

static wsrt_hresult issue_disconnect(void *user_data, ws_cookie cookie)
{
    const struct client *client = user_data;
    const char *known = cookie == client->cookie ? "its own cookie" : "a cookie that it does not know";
    printf("    %s is told to disconnect, by %s\n", client->name, known);
    if (client->removes_itself) {
        /* Inside a callback nothing waits: the release comes when this callback has returned. */
        print_result("    remove ", client->name, ws_remove_resource(client->runtime, cookie));
    }
    print_result("    answer of ", client->name, client->answer);
    return client->answer;
}

static void release(void *user_data)
{
    /* The last that is heard of a registration. A client on the heap would be freed here. */
    const struct client *client = user_data;
    printf("    %s is released\n", client->name);
}

/* ---- What the program does with its clients. ---- */

static void add(ws_runtime *runtime, struct client *client)
{
    ws_client table = WS_CLIENT_INIT;
    table.user_data = client;
    table.get_resource_id = get_resource_id;
    table.get_resource_display_name = get_resource_display_name;
    table.issue_disconnect = issue_disconnect;
    table.release = release;

    client->runtime = runtime;
    /* The table is copied: only user_data has to outlive the call. */
    print_result("add ", client->name, ws_add_resource(runtime, &table, &client->cookie));
}

static const char *state_name(uint32_t state)
{
    switch (state) {
    case WS_STATE_CONNECTED: return "connected";
    case WS_STATE_DISCONNECTING: return "disconnecting";
    case WS_STATE_LEAVING: return "leaving";
    default: return "in a state of a later version";
    }
}

static wsrt_hresult show(void *user_data, const ws_resource_info *info)
{
    int *count = user_data;
    *count += 1;
    printf("    %s in %s is %s, last result %s\n", info->display_name, info->workspace_id, state_name(info->state),
           wsrt_hresult_name(info->last_result));
    return WSRT_S_OK;
}

static void list(ws_runtime *runtime)
{
    int count = 0;
    wsrt_hresult hr = ws_enum_resources(runtime, show, &count);
    print_result("list", "", hr);
    printf("registered: %d\n", count);
}

static int tell_of_connections(void)
{
    struct client terminal = { "lab", "Terminal", WSRT_S_OK, 0, NULL, 0 };
    struct client plotter = { "lab", "Plotter", WSRT_S_OK, 0, NULL, 0 };
    struct client mail = { "office", "Mail", WSRT_S_OK, 1, NULL, 0 };
    struct client sheets = { "office", "Sheets", WSRT_E_ACCESSDENIED, 0, NULL, 0 };
    struct client viewer = { "office", "Viewer", WSRT_RPC_E_DISCONNECTED, 0, NULL, 0 };
    ws_runtime *runtime = NULL;
    wsrt_hresult hr;

    hr = ws_runtime_create(NULL, &runtime);
    print_result("create the runtime", "", hr);
    if (hr < 0) {
        return 1;
    }

    /* Five connections open. */
    add(runtime, &terminal);
    add(runtime, &mail);
    add(runtime, &sheets);
    add(runtime, &viewer);
    add(runtime, &plotter);
    list(runtime);

    /* One is disconnected alone. It stays registered until its connection is closed and it says so. */
    print_result("disconnect ", terminal.name, ws_disconnect_resource(runtime, terminal.cookie));
    list(runtime);
    print_result("remove ", terminal.name, ws_remove_resource(runtime, terminal.cookie));

    /* A workspace is disconnected. Each is told, whatever the others answer: Mail removes itself, Sheets refuses, and
       Viewer, which is dead, is dropped. The refusal is the result. */
    print_result("disconnect workspace ", "office", ws_disconnect_workspace(runtime, "office"));
    list(runtime);

    /* Who has not gone is told again. */
    sheets.answer = WSRT_S_OK;
    sheets.removes_itself = 1;
    print_result("disconnect workspace ", "office", ws_disconnect_workspace(runtime, "office"));

    /* Nobody is left in that workspace, which is what was asked. But no name at all is no question. */
    print_result("disconnect workspace ", "office", ws_disconnect_workspace(runtime, "office"));
    print_result("disconnect workspace ", "\"\"", ws_disconnect_workspace(runtime, ""));
    print_reason();

    /* Cookies of those who are gone name nothing, and never come to name somebody else. */
    print_result("remove again ", mail.name, ws_remove_resource(runtime, mail.cookie));
    print_result("disconnect again ", viewer.name, ws_disconnect_resource(runtime, viewer.cookie));
    list(runtime);

    /* The end of the runtime releases who is left, without disconnecting. */
    print_result("destroy the runtime", "", ws_runtime_destroy(runtime));

    /* A handle is a name: after its end it is known to be stale, in every function. */
    print_result("disconnect workspace ", plotter.workspace, ws_disconnect_workspace(runtime, plotter.workspace));
    print_reason();
    list(runtime);
    print_result("destroy the runtime", "", ws_runtime_destroy(runtime));
    return 0;
}

/* ---- What the driver of the sessions answers to. A session's id is its number; its type is what it is good for. ---- */

enum { REPORTS = 1, ORDERS = 2, MOST_SESSIONS = 8 };

struct sessions {
    unsigned made;
    dispenser_restypid type[MOST_SESSIONS + 1];
};

static const char *type_name(dispenser_restypid type)
{
    return type == REPORTS ? "reports" : "orders";
}

static wsrt_hresult create_session(void *user_data, dispenser_restypid type, dispenser_resid *session, int32_t *secs)
{
    struct sessions *sessions = user_data;
    if (sessions->made == MOST_SESSIONS) {
        return WSRT_E_OUTOFMEMORY;
    }
    sessions->made += 1;
    sessions->type[sessions->made] = type;
    *session = sessions->made;
    *secs = 60; /* it may be idle for so long */
    printf("    session %u is created for %s\n", sessions->made, type_name(type));
    return WSRT_S_OK;
}

static wsrt_hresult rate_session(void *user_data, dispenser_restypid type, dispenser_resid session,
                                 int32_t requires_enlistment, uint32_t *rating)
{
    const struct sessions *sessions = user_data;
    *rating = sessions->type[session] == type ? DISPENSER_RATING_PERFECT : DISPENSER_RATING_UNUSABLE;
    printf("    session %u is rated for %s%s: %u\n", (unsigned)session, type_name(type),
           requires_enlistment ? ", to be enlisted" : "", (unsigned)*rating);
    return WSRT_S_OK;
}

static wsrt_hresult enlist_session(void *user_data, dispenser_resid session, dispenser_transid transaction)
{
    (void)user_data;
    printf("    session %u is enlisted in transaction %u\n", (unsigned)session, (unsigned)transaction);
    return WSRT_S_OK;
}

static wsrt_hresult reset_session(void *user_data, dispenser_resid session)
{
    (void)user_data;
    printf("    session %u is reset\n", (unsigned)session);
    return WSRT_S_OK;
}

static wsrt_hresult destroy_session(void *user_data, dispenser_resid session)
{
    (void)user_data;
    printf("    session %u is destroyed\n", (unsigned)session);
    return WSRT_S_OK;
}

static void release_sessions(void *user_data)
{
    (void)user_data;
    printf("    the driver is released\n");
}

/* ---- What the program does with its pool. ---- */

static dispenser_resid alloc(dispenser *pool, dispenser_restypid type)
{
    dispenser_resid session = 0;
    wsrt_hresult hr = dispenser_alloc_resource(pool, type, &session);
    print_result("alloc for ", type_name(type), hr);
    if (hr >= 0) {
        printf("    it is session %u\n", (unsigned)session);
    }
    return session;
}

static void give_back(dispenser *pool, dispenser_resid session)
{
    print_result("free", "", dispenser_free_resource(pool, session));
}

static wsrt_hresult show_session(void *user_data, const dispenser_resource_info *info)
{
    const char *state = info->state == DISPENSER_RESOURCE_FREE_UNENLISTED ? "free"
                      : info->state == DISPENSER_RESOURCE_FREE_ENLISTED   ? "free, but enlisted"
                                                                          : "in use";
    (void)user_data;
    printf("    session %u for %s is %s, uses %u\n", (unsigned)info->resid, type_name(info->restypid), state,
           (unsigned)info->uses);
    return WSRT_S_OK;
}

static int tell_of_sessions(void)
{
    struct sessions sessions = { 0 };
    dispenser_driver driver = DISPENSER_DRIVER_INIT;
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    dispenser_stats stats = DISPENSER_STATS_INIT;
    dispenser *pool = NULL;
    dispenser_resid first, second;
    wsrt_hresult hr;

    driver.user_data = &sessions;
    driver.create_resource = create_session;
    driver.rate_resource = rate_session;
    driver.enlist_resource = enlist_session;
    driver.reset_resource = reset_session;
    driver.destroy_resource = destroy_session;
    driver.release = release_sessions;
    options.flags = DISPENSER_MANUAL_SWEEP; /* time passes only when this program says so */
    hr = dispenser_create(&driver, "sessions", &options, &pool);
    print_result("create the dispenser", "", hr);
    if (hr < 0) {
        return 1;
    }

    /* The first is created, and kept when it comes back. The next that wants one of its type gets it. */
    first = alloc(pool, REPORTS);
    give_back(pool, first);
    first = alloc(pool, REPORTS);

    /* What is in use is offered to nobody; what does not fit is rated 0. */
    second = alloc(pool, ORDERS);
    give_back(pool, first);
    give_back(pool, second);
    first = alloc(pool, REPORTS);
    give_back(pool, first);

    /* In a transaction a session is enlisted once, and then is for that transaction alone. */
    print_result("enter transaction 7", "", dispenser_set_context(0, 7));
    first = alloc(pool, REPORTS);
    give_back(pool, first);
    first = alloc(pool, REPORTS);
    give_back(pool, first);
    print_result("leave transaction 7", "", dispenser_set_context(0, 0));
    second = alloc(pool, REPORTS);
    print_result("list", "", dispenser_enum_resources(pool, show_session, NULL));
    print_result("end transaction 7", "", dispenser_transaction_ended(7, 1));
    give_back(pool, second);
    print_result("list", "", dispenser_enum_resources(pool, show_session, NULL));

    /* Nothing is given back twice, and no type is 0. */
    give_back(pool, second);
    alloc(pool, 0);
    print_reason();

    /* A broken one is taken out; what is idle for too long goes by itself. */
    print_result("destroy the session", "", dispenser_destroy_resource(pool, second));
    print_result("sweep", "", dispenser_sweep(pool, 1000));
    print_result("sweep, 60 s later", "", dispenser_sweep(pool, 61000));
    first = alloc(pool, ORDERS);
    give_back(pool, first);
    print_result("count", "", dispenser_get_stats(pool, &stats));
    printf("    allocs %u, frees %u, created %u, destroyed %u\n", (unsigned)stats.allocs, (unsigned)stats.frees,
           (unsigned)stats.creates, (unsigned)stats.destroys);

    /* The close destroys what is in stock and gives the driver back. */
    print_result("close the dispenser", "", dispenser_close(pool));
    alloc(pool, REPORTS);
    print_reason();
    print_result("destroy the dispenser", "", dispenser_destroy(pool));
    alloc(pool, REPORTS);
    print_reason();
    return 0;
}

int main(void)
{
    int status = tell_of_connections();
    return status != 0 ? status : tell_of_sessions();
}
