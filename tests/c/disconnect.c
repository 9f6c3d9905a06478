/* Telling clients to disconnect: order, answers, re-entrancy, reports; on the calling thread. */
#include "client.h"

static unsigned turn;

static void take_turn(struct client *client)
{
    client->seen = (wsrt_hresult)++turn;
}

static void a_workspace_is_told_oldest_first(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), other = client_of("v", "n"), two = client_of("w", "n");
    struct client three = client_of("W", "N"), four = client_of("w", "");
    struct client *all[] = { &one, &other, &two, &three, &four };
    turn = 0;
    for (int at = 0; at < 5; at++) {
        all[at]->when_told = take_turn;
        add(runtime, all[at]);
    }
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_EQ(1, one.seen);
    CHECK_EQ(2, two.seen);
    CHECK_EQ(3, four.seen);
    CHECK_EQ(0, other.told);
    CHECK_EQ(0, three.told);
    CHECK(pthread_equal(pthread_self(), one.thread));

    /* They stay until removed, and are told again by a later call. */
    CHECK_EQ(5, list(runtime).count);
    CHECK_EQ(WS_STATE_DISCONNECTING, state_of(runtime, one.cookie));
    CHECK_EQ(WS_STATE_CONNECTED, state_of(runtime, other.cookie));
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace_by_friendly_name(runtime, "n"));
    CHECK_EQ(2, one.told);
    CHECK_EQ(1, other.told);
    CHECK_EQ(2, two.told);
    CHECK_EQ(1, four.told);

    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "nobody"));
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace_by_friendly_name(runtime, "nobody"));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace(runtime, NULL));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace(runtime, ""));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace(runtime, "\xFF"));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace_by_friendly_name(runtime, NULL));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace_by_friendly_name(runtime, ""));
    CHECK_EQ(0, three.told);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void the_first_failure_is_the_result_and_the_dead_are_dropped(void)
{
    ws_runtime *runtime = create();
    struct client good = client_of("w", "n"), dead = client_of("w", "n"), bad = client_of("w", "n");
    struct client worse = client_of("w", "n"), gone = client_of("w", "n");
    dead.answer = WSRT_RPC_E_DISCONNECTED;
    bad.answer = WSRT_E_ACCESSDENIED;
    worse.answer = WSRT_E_FAIL;
    gone.answer = WSRT_CO_E_OBJNOTCONNECTED;
    good.answer = 7;
    add(runtime, &good);
    add(runtime, &dead);
    add(runtime, &bad);
    add(runtime, &worse);
    add(runtime, &gone);
    CHECK_HR(WSRT_E_ACCESSDENIED, ws_disconnect_workspace(runtime, "w"));
    CHECK_EQ(1, worse.told);
    CHECK_EQ(1, gone.told);
    CHECK_EQ(1, dead.released);
    CHECK_EQ(1, gone.released);
    struct listing listing = list(runtime);
    CHECK_EQ(3, listing.count);
    CHECK_HR(7, listing.results[0]);
    CHECK_HR(WSRT_E_ACCESSDENIED, listing.results[1]);
    CHECK_HR(WSRT_E_FAIL, listing.results[2]);
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(runtime, dead.cookie));
    CHECK_HR(WSRT_E_FAIL, ws_disconnect_resource(runtime, worse.cookie));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, bad.released);
    CHECK_EQ(1, dead.released);
}

static void add_other(struct client *client)
{
    if (client->other->cookie == 0) {
        add(client->runtime, client->other);
    }
}

static void a_callback_may_change_who_is_there(void)
{
    ws_runtime *runtime = create();
    struct client first = client_of("w", "n"), self = client_of("w", "n"), remover = client_of("w", "n");
    struct client victim = client_of("w", "n"), late = client_of("w", "n");
    first.when_told = add_other;
    first.other = &late;
    self.when_told = remove_itself;
    remover.when_told = remove_other;
    remover.other = &victim;
    add(runtime, &first);
    add(runtime, &self);
    add(runtime, &remover);
    add(runtime, &victim);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_DEFERRED, self.seen);
    CHECK_EQ(1, self.released);
    CHECK_HR(WSRT_S_OK, remover.seen);
    CHECK_EQ(1, victim.released);
    CHECK_EQ(0, victim.told);
    CHECK_EQ(0, late.told);
    CHECK_EQ(3, list(runtime).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, late.released);
}

static void disconnect_the_same(struct client *client)
{
    client->seen = ws_disconnect_workspace(client->runtime, client->workspace);
}

static void disconnect_the_other(struct client *client)
{
    client->seen = ws_disconnect_workspace(client->runtime, client->other->workspace);
}

static void disconnect_itself(struct client *client)
{
    client->seen = ws_disconnect_resource(client->runtime, client->cookie);
}

static void nested_calls_neither_wait_nor_multiply(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("w", "n"), three = client_of("v", "n");
    one.when_told = disconnect_the_same;
    two.when_told = disconnect_the_other;
    two.other = &three;
    three.when_told = disconnect_itself;
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &three);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_DEFERRED, one.seen);
    CHECK_EQ(1, one.told);
    CHECK_EQ(1, two.told);
    CHECK_HR(WSRT_S_OK, two.seen);
    CHECK_EQ(1, three.told);
    CHECK_HR(WSRT_S_FALSE, three.seen);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

struct reports {
    unsigned count;
    wsrt_hresult answer; /* of the visitor */
    ws_disconnect_report seen[MOST];
    struct client *clients[MOST];
};

static wsrt_hresult keep_report(void *user_data, const ws_disconnect_report *report)
{
    struct reports *reports = user_data;
    const struct client *client = reports->clients[reports->count];
    CHECK(reports->count < MOST && client != NULL);
    CHECK_EQ(sizeof *report, report->cb_size);
    CHECK_EQ(0, report->flags);
    CHECK_EQ(client->cookie, report->cookie);
    CHECK_EQ(getpid(), report->process_id);
    CHECK_STR(client->workspace, report->workspace_id);
    CHECK_STR(client->name, report->display_name);
    CHECK(report->elapsed_us < 60u * 1000 * 1000);
    reports->seen[reports->count] = *report;
    reports->count += 1;
    return reports->answer;
}

static void every_client_is_reported(void)
{
    ws_runtime *runtime = create();
    struct client good = client_of("w", "Good"), bad = client_of("v", "Bad"), dead = client_of("w", "");
    struct client self = client_of("w", "Self"), busy = client_of("w", "Busy");
    struct reports reports = { 0, WSRT_S_OK, { { 0 } }, { &good, &bad, &dead, &self, &busy } };
    struct call call = { .function = ws_disconnect_resource, .runtime = runtime };
    ws_disconnect all = WS_DISCONNECT_INIT;
    all.flags = WS_DISCONNECT_ALL;
    good.answer = 7;
    bad.answer = WSRT_E_ACCESSDENIED;
    dead.answer = WSRT_RPC_E_DISCONNECTED;
    self.when_told = remove_itself;
    busy.when_told = stay;
    for (int at = 0; at < 5; at++) {
        add(runtime, reports.clients[at]);
    }
    call.number = busy.cookie;
    call_begin(&call);
    sem_wait(&busy.entered);
    CHECK_HR(WSRT_S_FALSE, ws_disconnect_resource(runtime, busy.cookie));

    CHECK_HR(WSRT_E_ACCESSDENIED, ws_disconnect_ex(runtime, &all, keep_report, &reports));
    CHECK_EQ(5, reports.count);
    CHECK_EQ(WS_OUTCOME_OBEYED, reports.seen[0].outcome);
    CHECK_HR(7, reports.seen[0].result);
    CHECK_EQ(WS_OUTCOME_FAILED, reports.seen[1].outcome);
    CHECK_HR(WSRT_E_ACCESSDENIED, reports.seen[1].result);
    CHECK_EQ(WS_OUTCOME_DROPPED, reports.seen[2].outcome);
    CHECK_HR(WSRT_RPC_E_DISCONNECTED, reports.seen[2].result);
    CHECK_EQ(WS_OUTCOME_OBEYED, reports.seen[3].outcome);
    CHECK_EQ(WS_OUTCOME_SKIPPED, reports.seen[4].outcome);
    CHECK_HR(WSRT_S_OK, reports.seen[4].result);
    CHECK_EQ(1, self.released);
    CHECK_EQ(1, dead.released);
    CHECK_EQ(1, busy.told);

    /* Whoever is told already is the only one of its name: nothing to do. */
    CHECK_HR(WSRT_S_FALSE, ws_disconnect_workspace_by_friendly_name(runtime, "Busy"));
    sem_post(&busy.leave);
    CHECK_HR(WSRT_S_OK, call_end(&call));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void a_selection_selects_in_one_way(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "One"), two = client_of("v", "Two"), three = client_of("w", "Three");
    struct reports reports = { 0, WSRT_S_OK, { { 0 } }, { &one, &three } };
    const ws_disconnect none = WS_DISCONNECT_INIT;
    ws_disconnect selection = none;
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &three);

    CHECK_HR(WSRT_E_POINTER, ws_disconnect_ex(runtime, NULL, NULL, NULL));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    selection.workspace_id = "";
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    selection.workspace_id = "w";
    selection.friendly_name = "One";
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    selection.friendly_name = NULL;
    selection.flags = WS_DISCONNECT_ALL;
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    selection.flags = 0;
    selection.cookie = one.cookie;
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    CHECK_EQ(0, one.told + two.told + three.told);

    selection = none;
    selection.workspace_id = "w";
    CHECK_HR(WSRT_S_OK, ws_disconnect_ex(runtime, &selection, keep_report, &reports));
    CHECK_EQ(2, reports.count);
    selection = none;
    selection.friendly_name = "Two";
    CHECK_HR(WSRT_S_OK, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    CHECK_EQ(1, two.told);
    selection = none;
    selection.cookie = three.cookie;
    reports.count = 1;
    CHECK_HR(WSRT_S_OK, ws_disconnect_ex(runtime, &selection, keep_report, &reports));
    CHECK_EQ(2, reports.count);
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, three.cookie));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static wsrt_hresult destroy_in_report(void *user_data, const ws_disconnect_report *report)
{
    struct client *client = user_data;
    (void)report;
    client->seen += 1;
    CHECK_HR(WSRT_S_DEFERRED, ws_runtime_destroy(client->runtime));
    return WSRT_S_OK;
}

static void a_visitor_of_reports_may_stop_and_destroy(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "One"), two = client_of("w", "Two");
    struct reports reports = { 0, WSRT_S_FALSE, { { 0 } }, { &one, &two } };
    ws_disconnect all = WS_DISCONNECT_INIT;
    all.flags = WS_DISCONNECT_ALL;
    add(runtime, &one);
    add(runtime, &two);
    /* Reports come when all is over: stopping them stops no order. */
    one.answer = WSRT_E_FAIL;
    CHECK_HR(WSRT_S_FALSE, ws_disconnect_ex(runtime, &all, keep_report, &reports));
    CHECK_EQ(1, reports.count);
    CHECK_EQ(1, two.told);
    reports.count = 0;
    reports.answer = (wsrt_hresult)0x8004ABCD;
    CHECK_HR((wsrt_hresult)0x8004ABCD, ws_disconnect_ex(runtime, &all, keep_report, &reports));
    CHECK_EQ(1, reports.count);
    one.answer = WSRT_S_OK;
    one.seen = 0;
    CHECK_HR(WSRT_E_ABORT, ws_disconnect_ex(runtime, &all, destroy_in_report, &one));
    CHECK_EQ(1, one.seen);
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, two.released);
}

int main(void)
{
    RUN(a_workspace_is_told_oldest_first);
    RUN(the_first_failure_is_the_result_and_the_dead_are_dropped);
    RUN(a_callback_may_change_who_is_there);
    RUN(nested_calls_neither_wait_nor_multiply);
    RUN(every_client_is_reported);
    RUN(a_selection_selects_in_one_way);
    RUN(a_visitor_of_reports_may_stop_and_destroy);
    return 0;
}
