/* What a removal promises about callbacks that run on other threads. */
#include "client.h"

/* How long a call is given to return too early. What it saw when it returned is checked as well. */
#define A_WHILE_MS 30

static struct call disconnect_of(struct client *client)
{
    struct call call = { .function = ws_disconnect_resource, .runtime = client->runtime, .number = client->cookie };
    return call;
}

static void removing_waits_for_a_running_callback(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    client.when_told = stay;
    add(runtime, &client);
    struct call teller = disconnect_of(&client);
    struct call remover = { .function = ws_remove_resource, .runtime = runtime, .number = client.cookie };
    remover.watch_left = &client.left;
    remover.watch_released = &client.released;
    call_begin(&teller);
    sem_wait(&client.entered);
    call_begin(&remover);
    wait_for_state(runtime, client.cookie, WS_STATE_LEAVING);
    sleep_ms(A_WHILE_MS);
    CHECK_EQ(0, remover.returned);
    /* A second remover is told that there is nothing to remove, which proves nothing about the callback. */
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(runtime, client.cookie));
    CHECK_EQ(0, client.released);
    sem_post(&client.leave);
    CHECK_HR(WSRT_S_OK, call_end(&remover));
    CHECK_EQ(1, remover.left);
    CHECK_EQ(1, remover.released);
    CHECK_HR(WSRT_S_OK, call_end(&teller));
    CHECK_EQ(0, list(runtime).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, client.released);
}

static void removing_inside_a_callback_never_waits(void)
{
    ws_runtime *runtime = create();
    struct client busy = client_of("w", "n"), remover = client_of("v", "n");
    busy.when_told = stay;
    remover.when_told = remove_other;
    remover.other = &busy;
    add(runtime, &busy);
    add(runtime, &remover);
    struct call teller = disconnect_of(&busy);
    call_begin(&teller);
    sem_wait(&busy.entered);
    /* Its own callback runs on another thread; this one is inside the callback of another client. */
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, remover.cookie));
    CHECK_HR(WSRT_S_DEFERRED, remover.seen);
    CHECK_EQ(0, busy.released);
    CHECK_EQ(WS_STATE_LEAVING, state_of(runtime, busy.cookie));
    sem_post(&busy.leave);
    CHECK_HR(WSRT_S_OK, call_end(&teller));
    CHECK_EQ(1, busy.released);
    CHECK_EQ(0, state_of(runtime, busy.cookie));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static pthread_barrier_t both_inside;

static void remove_other_together(struct client *client)
{
    pthread_barrier_wait(&both_inside);
    remove_other(client);
    /* Neither leaves before both have removed. */
    pthread_barrier_wait(&both_inside);
}

static void two_callbacks_may_remove_each_other(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("v", "n");
    CHECK_EQ(0, pthread_barrier_init(&both_inside, NULL, 2));
    one.when_told = two.when_told = remove_other_together;
    one.other = &two;
    two.other = &one;
    add(runtime, &one);
    add(runtime, &two);
    struct call first = disconnect_of(&one), second = disconnect_of(&two);
    call_begin(&first);
    call_begin(&second);
    CHECK_HR(WSRT_S_OK, call_end(&first));
    CHECK_HR(WSRT_S_OK, call_end(&second));
    CHECK_HR(WSRT_S_DEFERRED, one.seen);
    CHECK_HR(WSRT_S_DEFERRED, two.seen);
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, two.released);
    CHECK_EQ(0, list(runtime).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    pthread_barrier_destroy(&both_inside);
}

static void waiting_ends_with_the_drain_timeout(void)
{
    ws_runtime_options options = WS_RUNTIME_OPTIONS_INIT;
    options.drain_timeout_ms = 50;
    ws_runtime *runtime = create_with(options);
    struct client one = client_of("w", "n"), two = client_of("v", "n"), idle = client_of("u", "n");
    one.when_told = two.when_told = stay;
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &idle);
    struct call first = disconnect_of(&one), second = disconnect_of(&two);
    call_begin(&first);
    call_begin(&second);
    sem_wait(&one.entered);
    sem_wait(&two.entered);

    uint64_t begin = now_ms();
    CHECK_HR(WSRT_S_DEFERRED, ws_remove_resource(runtime, one.cookie));
    CHECK(now_ms() - begin >= 50);
    CHECK_EQ(0, one.released);

    begin = now_ms();
    CHECK_HR(WSRT_S_DEFERRED, ws_runtime_destroy(runtime));
    CHECK(now_ms() - begin >= 50);
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
    CHECK_EQ(1, idle.released);
    CHECK_EQ(0, two.released);

    sem_post(&one.leave);
    sem_post(&two.leave);
    CHECK_HR(WSRT_E_ABORT, call_end(&first));
    CHECK_HR(WSRT_E_ABORT, call_end(&second));
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, two.released);
}

static void destroying_waits_for_every_callback(void)
{
    ws_runtime *runtime = create();
    struct client busy = client_of("w", "n"), idle = client_of("w", "n");
    busy.when_told = stay;
    add(runtime, &busy);
    add(runtime, &idle);
    struct call teller = { .function = disconnect_all, .runtime = runtime };
    struct call destroyer = { .function = destroy, .runtime = runtime };
    destroyer.watch_left = &busy.left;
    destroyer.watch_released = &busy.released;
    call_begin(&teller);
    sem_wait(&busy.entered);
    call_begin(&destroyer);
    /* The handle is dead at once; the call that ends it goes on. */
    while (ws_disconnect_workspace(runtime, "nobody") != WSRT_E_HANDLE) {
        sleep_ms(1);
    }
    sleep_ms(A_WHILE_MS);
    CHECK_EQ(0, destroyer.returned);
    CHECK_HR(WSRT_E_HANDLE, ws_remove_resource(runtime, busy.cookie));
    CHECK_EQ(0, busy.released);
    sem_post(&busy.leave);
    CHECK_HR(WSRT_S_OK, call_end(&destroyer));
    CHECK_EQ(1, destroyer.left);
    CHECK_EQ(1, destroyer.released);
    CHECK_HR(WSRT_E_ABORT, call_end(&teller));
    CHECK_EQ(1, idle.released);
    CHECK_EQ(0, idle.told);
}

static void a_runtime_may_be_destroyed_in_its_own_fan_out(void)
{
    ws_runtime *runtime = create();
    struct client first = client_of("w", "n"), breaker = client_of("w", "n"), last = client_of("w", "n");
    breaker.when_told = destroy_runtime;
    add(runtime, &first);
    add(runtime, &breaker);
    add(runtime, &last);
    CHECK_HR(WSRT_E_ABORT, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_DEFERRED, breaker.seen);
    CHECK_EQ(1, first.told);
    CHECK_EQ(0, last.told);
    CHECK_EQ(1, first.released);
    CHECK_EQ(1, breaker.released);
    CHECK_EQ(1, last.released);
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
}

static wsrt_hresult destroy_when_asked(void *user_data, wsrt_text *id)
{
    struct client *client = user_data;
    client->seen = ws_runtime_destroy(client->runtime);
    return wsrt_text_set(id, "w", SIZE_MAX);
}

static void a_runtime_may_be_destroyed_during_an_add(void)
{
    ws_runtime *runtime = create();
    struct client there = client_of("w", "n"), client = client_of("w", "n");
    add(runtime, &there);
    ws_client table = table_of(&client);
    table.get_resource_id = destroy_when_asked;
    client.runtime = runtime;
    client.cookie = 99;
    CHECK_HR(WSRT_E_HANDLE, ws_add_resource(runtime, &table, &client.cookie));
    CHECK_HR(WSRT_S_DEFERRED, client.seen);
    CHECK_EQ(0, client.cookie);
    CHECK_EQ(0, client.released);
    CHECK_EQ(1, there.released);
}

static ws_runtime *runtime_of_release;

static void destroy_when_released(void *user_data)
{
    struct client *client = user_data;
    client->seen = ws_runtime_destroy(runtime_of_release);
    client_release(client);
}

static void a_runtime_may_be_destroyed_inside_a_release(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n"), other = client_of("w", "n");
    ws_client table = table_of(&client);
    table.release = destroy_when_released;
    runtime_of_release = runtime;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &client.cookie));
    add(runtime, &other);
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, client.cookie));
    CHECK_HR(WSRT_S_DEFERRED, client.seen);
    CHECK_EQ(1, client.released);
    CHECK_EQ(1, other.released);
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
}

static void the_nowait_forms_never_wait(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("v", "n"), idle = client_of("u", "n");
    one.when_told = two.when_told = stay;
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &idle);
    CHECK_HR(WSRT_S_OK, ws_remove_resource_nowait(runtime, idle.cookie));
    CHECK_EQ(1, idle.released);
    struct call first = disconnect_of(&one), second = disconnect_of(&two);
    call_begin(&first);
    call_begin(&second);
    sem_wait(&one.entered);
    sem_wait(&two.entered);
    CHECK_HR(WSRT_S_DEFERRED, ws_remove_resource_nowait(runtime, one.cookie));
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(runtime, one.cookie));
    CHECK_HR(WSRT_S_DEFERRED, ws_runtime_destroy_nowait(runtime));
    CHECK_EQ(0, one.released);
    CHECK_EQ(0, two.released);
    sem_post(&one.leave);
    sem_post(&two.leave);
    CHECK_HR(WSRT_E_ABORT, call_end(&first));
    CHECK_HR(WSRT_E_ABORT, call_end(&second));
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, two.released);
    ws_runtime *other = create();
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy_nowait(other));
}

#define WORKERS 3
#define ROUNDS 100

static ws_runtime *crowded;

static void *come_and_go(void *unused)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct client client = client_of(round % 2 ? "odd" : "even", "n");
        ws_client table = table_of(&client);
        CHECK_HR(WSRT_S_OK, ws_add_resource(crowded, &table, &client.cookie));
        if (round % 3 == 0) {
            ws_disconnect_workspace(crowded, client.workspace);
        }
        CHECK_HR(WSRT_S_OK, ws_remove_resource(crowded, client.cookie));
        /* Its memory is this thread's again: whatever came later would be seen as a use after its end. */
        CHECK_EQ(1, client.released);
        CHECK_EQ(client.told, client.left);
        memset(&client, 0xEE, sizeof client);
    }
    return unused;
}

static void a_crowd_comes_and_goes(void)
{
    pthread_t threads[WORKERS];
    crowded = create();
    for (int at = 0; at < WORKERS; at++) {
        CHECK_EQ(0, pthread_create(&threads[at], NULL, come_and_go, NULL));
    }
    for (int at = 0; at < WORKERS; at++) {
        CHECK_EQ(0, pthread_join(threads[at], NULL));
    }
    CHECK_EQ(0, list(crowded).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(crowded));
}

int main(void)
{
    RUN(removing_waits_for_a_running_callback);
    RUN(removing_inside_a_callback_never_waits);
    RUN(two_callbacks_may_remove_each_other);
    RUN(waiting_ends_with_the_drain_timeout);
    RUN(destroying_waits_for_every_callback);
    RUN(a_runtime_may_be_destroyed_in_its_own_fan_out);
    RUN(a_runtime_may_be_destroyed_during_an_add);
    RUN(a_runtime_may_be_destroyed_inside_a_release);
    RUN(the_nowait_forms_never_wait);
    RUN(a_crowd_comes_and_goes);
    return 0;
}
