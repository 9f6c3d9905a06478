/* What a child of fork() may do with its parent's objects: forget them. */
#include "client.h"

#include <sys/wait.h>

static unsigned log_released;
static unsigned log_written;

static void count_message(void *user_data, uint32_t level, const char *target, const char *message)
{
    (void)user_data;
    (void)level;
    (void)target;
    (void)message;
    log_written++;
}

static void count_release(void *user_data)
{
    *(unsigned *)user_data += 1;
}

static void count_change(void *user_data, uint32_t change, const ws_resource_info *info)
{
    (void)change;
    (void)info;
    *(unsigned *)user_data += 1;
}

static void wait_for_success(pid_t child)
{
    int status = 0;
    CHECK_EQ(child, waitpid(child, &status, 0));
    CHECK(WIFEXITED(status));
    CHECK_EQ(0, WEXITSTATUS(status));
}

/* Every function says so of an inherited handle. */
static void check_forked(ws_runtime *inherited, ws_cookie cookie, uint32_t subscription)
{
    const wsrt_guid guid = { 0, 0, 0, { 0 } };
    struct client client = client_of("w", "n");
    ws_client table = table_of(&client);
    ws_observer observer = WS_OBSERVER_INIT;
    ws_disconnect all = WS_DISCONNECT_INIT;
    uint32_t number = 99;
    observer.changed = count_change;
    all.flags = WS_DISCONNECT_ALL;

    CHECK_HR(WSRT_E_FORKED, ws_add_resource(inherited, &table, &number));
    CHECK_EQ(0, number);
    number = 99;
    CHECK_HR(WSRT_E_FORKED, ws_add_resource_ex(inherited, &table, NULL, &guid, &number));
    CHECK_EQ(0, number);
    number = 99;
    CHECK_HR(WSRT_E_FORKED, ws_subscribe(inherited, &observer, &number));
    CHECK_EQ(0, number);
    CHECK_HR(WSRT_E_FORKED, ws_remove_resource(inherited, cookie));
    CHECK_HR(WSRT_E_FORKED, ws_remove_resource_nowait(inherited, cookie));
    CHECK_HR(WSRT_E_FORKED, ws_remove_resource_ex(inherited, cookie, &guid));
    CHECK_HR(WSRT_E_FORKED, ws_disconnect_resource(inherited, cookie));
    CHECK_HR(WSRT_E_FORKED, ws_disconnect_workspace(inherited, "w"));
    CHECK_HR(WSRT_E_FORKED, ws_disconnect_workspace_by_friendly_name(inherited, "n"));
    CHECK_HR(WSRT_E_FORKED, ws_disconnect_ex(inherited, &all, NULL, NULL));
    CHECK_HR(WSRT_E_FORKED, ws_enum_resources(inherited, list_one, NULL));
    CHECK_HR(WSRT_E_FORKED, ws_unsubscribe(inherited, subscription));
    CHECK_HR(WSRT_E_FORKED, ws_unsubscribe_nowait(inherited, subscription));
    CHECK_EQ(0, client.asked);
    CHECK_EQ(0, client.released);
}

static void use_a_runtime_of_its_own(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("w", "n");
    add(runtime, &one);
    add(runtime, &two);
    one.when_told = remove_itself;
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_DEFERRED, one.seen);
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, list(runtime).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, two.released);
}

static void a_child_only_forgets(void)
{
    ws_runtime *runtime = create(), *second = create();
    struct client client = client_of("w", "n");
    unsigned changes = 0, observer_released = 0;
    uint32_t subscription = 0, other = 0;
    ws_observer observer = WS_OBSERVER_INIT;
    wsrt_log log = WSRT_LOG_INIT;
    log.max_level = WSRT_LOG_TRACE;
    log.user_data = &log_released;
    log.write = count_message;
    log.release = count_release;
    observer.changed = count_change;
    observer.user_data = &changes;
    CHECK_HR(WSRT_S_OK, ws_subscribe(runtime, &observer, &subscription));
    observer.user_data = &observer_released;
    observer.release = count_release;
    CHECK_HR(WSRT_S_OK, ws_subscribe(second, &observer, &other));
    add(runtime, &client);
    CHECK_EQ(1, changes);
    CHECK_HR(WSRT_S_OK, wsrt_set_log(&log));

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        check_forked(runtime, client.cookie, subscription);
        log_written = 0;
        use_a_runtime_of_its_own();
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
        CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy_nowait(second));
        CHECK_HR(WSRT_E_HANDLE, ws_remove_resource(runtime, client.cookie));
        use_a_runtime_of_its_own();
        /* It begins without a log, and may have one. */
        CHECK_EQ(0, log_written);
        CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
        CHECK_EQ(0, log_released);
        CHECK_HR(WSRT_S_OK, wsrt_set_log(&log));
        use_a_runtime_of_its_own();
        CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
        CHECK_EQ(1, log_released);
        CHECK_EQ(0, client.told);
        CHECK_EQ(0, client.released);
        CHECK_EQ(1, changes);
        CHECK_EQ(0, observer_released);

        /* And the child of the child. */
        ws_runtime *own = create();
        struct client next = client_of("w", "n");
        add(own, &next);
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(60);
            check_forked(own, next.cookie, 1);
            CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
            CHECK_HR(WSRT_S_OK, ws_runtime_destroy(own));
            use_a_runtime_of_its_own();
            CHECK_EQ(0, next.released);
            _exit(0);
        }
        wait_for_success(child);
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy(own));
        CHECK_EQ(1, next.released);
        _exit(0);
    }
    wait_for_success(child);
    /* The parent has noticed nothing. */
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, client.cookie));
    CHECK_EQ(1, client.told);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(second));
    CHECK_EQ(1, client.released);
    CHECK_EQ(1, observer_released);
    CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
    CHECK_EQ(1, log_released);
}

static void a_child_of_a_busy_process_waits_for_nobody(void)
{
    ws_runtime *runtime = create();
    struct client busy = client_of("w", "n");
    busy.when_told = stay;
    add(runtime, &busy);
    struct call teller = { .function = disconnect_all, .runtime = runtime };
    call_begin(&teller);
    sem_wait(&busy.entered);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* The thread inside the callback does not exist here. */
        alarm(60);
        check_forked(runtime, busy.cookie, 1);
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
        use_a_runtime_of_its_own();
        CHECK_EQ(0, busy.released);
        _exit(0);
    }
    wait_for_success(child);
    sem_post(&busy.leave);
    CHECK_HR(WSRT_S_OK, call_end(&teller));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, busy.released);
}

static pid_t forked_inside;

static void fork_inside(struct client *client)
{
    forked_inside = fork();
    CHECK(forked_inside >= 0);
    if (forked_inside == 0) {
        alarm(60);
        client->seen = ws_remove_resource(client->runtime, client->cookie);
    }
}

static void a_child_made_inside_a_callback_comes_back_from_it(void)
{
    ws_runtime *runtime = create();
    struct client forker = client_of("w", "n"), next = client_of("w", "n");
    forker.when_told = fork_inside;
    add(runtime, &forker);
    add(runtime, &next);
    wsrt_hresult hr = ws_disconnect_workspace(runtime, "w");
    if (forked_inside == 0) {
        /* The rest of the fan-out is the parent's. */
        CHECK_HR(WSRT_E_FORKED, hr);
        CHECK_HR(WSRT_E_FORKED, forker.seen);
        CHECK_EQ(0, next.told);
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
        use_a_runtime_of_its_own();
        CHECK_EQ(0, forker.released);
        CHECK_EQ(0, next.released);
        _exit(0);
    }
    CHECK_HR(WSRT_S_OK, hr);
    wait_for_success(forked_inside);
    CHECK_EQ(1, next.told);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, forker.released);
    CHECK_EQ(1, next.released);
}

int main(void)
{
    RUN(a_child_only_forgets);
    RUN(a_child_of_a_busy_process_waits_for_nobody);
    RUN(a_child_made_inside_a_callback_comes_back_from_it);
    return 0;
}
