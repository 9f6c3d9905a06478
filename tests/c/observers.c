/* Observers: what they are told, in which order, and when they are told no more. */
#include "client.h"

struct observer {
    ws_runtime *runtime;
    uint32_t subscription;
    unsigned count;
    uint32_t changes[MOST];
    ws_cookie cookies[MOST];
    uint32_t states[MOST];
    void (*when_told)(struct observer *observer);
    wsrt_hresult seen; /* what a call inside the callback returned */
    struct client *other;
    atomic_int inside;
    atomic_uint left;
    atomic_uint released;
    sem_t entered;
    sem_t leave;
};

static void changed(void *user_data, uint32_t change, const ws_resource_info *info)
{
    struct observer *observer = user_data;
    CHECK_EQ(0, atomic_fetch_add(&observer->inside, 1));
    CHECK_EQ(0, atomic_load(&observer->released));
    CHECK(observer->count < MOST);
    CHECK(observer->subscription != 0);
    CHECK_EQ(sizeof *info, info->cb_size);
    CHECK_STR("w", info->workspace_id);
    CHECK_STR("n", info->display_name);
    observer->changes[observer->count] = change;
    observer->cookies[observer->count] = info->cookie;
    observer->states[observer->count] = info->state;
    observer->count += 1;
    if (observer->when_told) {
        observer->when_told(observer);
    }
    CHECK_EQ(0, atomic_load(&observer->released));
    atomic_fetch_sub(&observer->inside, 1);
    atomic_fetch_add(&observer->left, 1);
}

static void released(void *user_data)
{
    struct observer *observer = user_data;
    CHECK_EQ(0, atomic_load(&observer->inside));
    CHECK_EQ(0, atomic_fetch_add(&observer->released, 1));
}

static ws_observer table_for(struct observer *observer)
{
    ws_observer table = WS_OBSERVER_INIT;
    table.user_data = observer;
    table.changed = changed;
    table.release = released;
    return table;
}

static void subscribe(ws_runtime *runtime, struct observer *observer)
{
    ws_observer table = table_for(observer);
    observer->runtime = runtime;
    sem_init(&observer->entered, 0, 0);
    sem_init(&observer->leave, 0, 0);
    CHECK_HR(WSRT_S_OK, ws_subscribe(runtime, &table, &observer->subscription));
    CHECK(observer->subscription != 0);
}

static void check_change(const struct observer *observer, unsigned at, uint32_t change, const struct client *client)
{
    CHECK(at < observer->count);
    CHECK_EQ(change, observer->changes[at]);
    CHECK_EQ(client->cookie, observer->cookies[at]);
}

static void an_observer_sees_what_is_there_and_what_happens(void)
{
    ws_runtime *runtime = create();
    struct client old = client_of("w", "n"), self = client_of("w", "n"), dead = client_of("w", "n");
    struct observer observer = { 0 };
    self.when_told = remove_itself;
    dead.answer = WSRT_RPC_E_DISCONNECTED;
    add(runtime, &old);
    subscribe(runtime, &observer);
    CHECK_EQ(1, observer.count);
    add(runtime, &self);
    add(runtime, &dead);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, old.cookie));

    CHECK_EQ(9, observer.count);
    check_change(&observer, 0, WS_CHANGE_ADDED, &old);
    check_change(&observer, 1, WS_CHANGE_ADDED, &self);
    check_change(&observer, 2, WS_CHANGE_ADDED, &dead);
    check_change(&observer, 3, WS_CHANGE_DISCONNECTING, &old);
    check_change(&observer, 4, WS_CHANGE_DISCONNECTING, &self);
    check_change(&observer, 5, WS_CHANGE_REMOVED, &self);
    check_change(&observer, 6, WS_CHANGE_DISCONNECTING, &dead);
    check_change(&observer, 7, WS_CHANGE_LOST, &dead);
    check_change(&observer, 8, WS_CHANGE_REMOVED, &old);
    CHECK_EQ(WS_STATE_CONNECTED, observer.states[0]);
    CHECK_EQ(WS_STATE_DISCONNECTING, observer.states[3]);

    CHECK_HR(WSRT_S_OK, ws_unsubscribe(runtime, observer.subscription));
    CHECK_EQ(1, observer.released);
    CHECK_HR(WSRT_E_INVALIDARG, ws_unsubscribe(runtime, observer.subscription));
    CHECK_HR(WSRT_E_INVALIDARG, ws_unsubscribe_nowait(runtime, observer.subscription));
    add(runtime, &old);
    CHECK_EQ(9, observer.count);
    old.released = 0;
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void a_failed_subscribe_leaves_user_data_with_the_caller(void)
{
    ws_runtime *runtime = create();
    struct observer observer = { 0 };
    ws_observer table = table_for(&observer);
    observer.subscription = 99;
    CHECK_HR(WSRT_E_POINTER, ws_subscribe(runtime, NULL, &observer.subscription));
    CHECK_EQ(0, observer.subscription);
    CHECK_HR(WSRT_E_POINTER, ws_subscribe(runtime, &table, NULL));
    table.changed = NULL;
    CHECK_HR(WSRT_E_INVALIDARG, ws_subscribe(runtime, &table, &observer.subscription));
    table = table_for(&observer);
    CHECK_HR(WSRT_E_HANDLE, ws_subscribe(NULL, &table, &observer.subscription));
    CHECK_HR(WSRT_E_INVALIDARG, ws_unsubscribe(runtime, 0));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_HR(WSRT_E_HANDLE, ws_subscribe(runtime, &table, &observer.subscription));
    CHECK_EQ(0, observer.released);
}

static void unsubscribe_itself(struct observer *observer)
{
    observer->seen = ws_unsubscribe(observer->runtime, observer->subscription);
}

static void an_observer_may_unsubscribe_itself(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("w", "n");
    struct observer observer = { .when_told = unsubscribe_itself };
    add(runtime, &one);
    add(runtime, &two);
    /* In its first callback, with a second one due. */
    subscribe(runtime, &observer);
    CHECK_EQ(1, observer.count);
    CHECK_HR(WSRT_S_DEFERRED, observer.seen);
    CHECK_EQ(1, observer.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, observer.released);
}

static void stay_inside(struct observer *observer)
{
    sem_post(&observer->entered);
    sem_wait(&observer->leave);
}

static void unsubscribing_waits_and_nowait_does_not(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("w", "n");
    struct observer first = { 0 }, second = { 0 };
    add(runtime, &one);
    add(runtime, &two);
    subscribe(runtime, &first);
    first.when_told = stay_inside;
    struct call remover = { .function = ws_remove_resource, .runtime = runtime, .number = one.cookie };
    call_begin(&remover);
    sem_wait(&first.entered);
    struct call leaver = { .function = ws_unsubscribe, .runtime = runtime, .number = first.subscription };
    leaver.watch_left = &first.left;
    leaver.watch_released = &first.released;
    call_begin(&leaver);
    /* Time to return too early. */
    sleep_ms(30);
    CHECK_EQ(0, leaver.returned);
    CHECK_EQ(0, first.released);
    sem_post(&first.leave);
    CHECK_HR(WSRT_S_OK, call_end(&leaver));
    CHECK_EQ(3, leaver.left);
    CHECK_EQ(1, leaver.released);
    CHECK_HR(WSRT_S_OK, call_end(&remover));

    subscribe(runtime, &second);
    second.when_told = stay_inside;
    remover.number = two.cookie;
    call_begin(&remover);
    sem_wait(&second.entered);
    CHECK_HR(WSRT_S_DEFERRED, ws_unsubscribe_nowait(runtime, second.subscription));
    CHECK_EQ(0, second.released);
    sem_post(&second.leave);
    CHECK_HR(WSRT_S_OK, call_end(&remover));
    CHECK_EQ(1, second.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void change_more(struct observer *observer)
{
    if (observer->count == 1) {
        add(observer->runtime, observer->other);
        CHECK_HR(WSRT_S_OK, ws_disconnect_resource(observer->runtime, observer->other->cookie));
        CHECK_HR(WSRT_S_OK, ws_remove_resource(observer->runtime, observer->other->cookie));
    }
}

static void an_observer_may_change_what_it_observes(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "n"), two = client_of("w", "n");
    struct observer observer = { .when_told = change_more, .other = &two };
    subscribe(runtime, &observer);
    add(runtime, &one);
    CHECK_EQ(4, observer.count);
    check_change(&observer, 0, WS_CHANGE_ADDED, &one);
    check_change(&observer, 1, WS_CHANGE_ADDED, &two);
    check_change(&observer, 2, WS_CHANGE_DISCONNECTING, &two);
    check_change(&observer, 3, WS_CHANGE_REMOVED, &two);
    CHECK_EQ(1, two.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(4, observer.count);
    CHECK_EQ(1, observer.released);
}

static void destroy_inside(struct observer *observer)
{
    observer->seen = ws_runtime_destroy(observer->runtime);
}

static void an_observer_may_destroy_the_runtime(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    struct observer observer = { .when_told = destroy_inside };
    subscribe(runtime, &observer);
    ws_client table = table_of(&client);
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &client.cookie));
    CHECK_HR(WSRT_S_DEFERRED, observer.seen);
    CHECK_EQ(1, client.released);
    CHECK_EQ(1, observer.released);
    CHECK_HR(WSRT_E_HANDLE, ws_remove_resource(runtime, client.cookie));
}

int main(void)
{
    RUN(an_observer_sees_what_is_there_and_what_happens);
    RUN(a_failed_subscribe_leaves_user_data_with_the_caller);
    RUN(an_observer_may_unsubscribe_itself);
    RUN(unsubscribing_waits_and_nowait_does_not);
    RUN(an_observer_may_change_what_it_observes);
    RUN(an_observer_may_destroy_the_runtime);
    return 0;
}
