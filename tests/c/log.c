/* The log: which messages it gets, and when it is over. */
#include "client.h"

struct sink {
    unsigned count;
    uint32_t level; /* of the last message */
    atomic_uint left;
    atomic_uint released;
    int replaces;
    wsrt_hresult seen;
    int stays;
    sem_t entered;
    sem_t leave;
};

static void take(void *user_data, uint32_t level, const char *target, const char *message)
{
    struct sink *sink = user_data;
    CHECK_EQ(0, atomic_load(&sink->released));
    CHECK_STR("wsrt", target);
    CHECK(message != NULL && message[0] != 0);
    sink->count += 1;
    sink->level = level;
    if (sink->replaces) {
        sink->seen = wsrt_set_log(NULL);
        CHECK_EQ(0, atomic_load(&sink->released));
    }
    if (sink->stays) {
        sem_post(&sink->entered);
        sem_wait(&sink->leave);
    }
    atomic_fetch_add(&sink->left, 1);
}

static void end(void *user_data)
{
    struct sink *sink = user_data;
    CHECK_EQ(0, atomic_fetch_add(&sink->released, 1));
}

static wsrt_hresult set(struct sink *sink, uint32_t max_level)
{
    wsrt_log log = WSRT_LOG_INIT;
    log.max_level = max_level;
    log.user_data = sink;
    log.write = take;
    log.release = end;
    return wsrt_set_log(&log);
}

static void misbehave(ws_runtime *runtime)
{
    struct client bad = client_of("w", "n");
    bad.answer = WSRT_E_FAIL;
    add(runtime, &bad);
    CHECK_HR(WSRT_E_FAIL, ws_disconnect_resource(runtime, bad.cookie));
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, bad.cookie));
}

static void a_log_gets_what_it_wants_until_it_is_replaced(void)
{
    ws_runtime *runtime = create();
    struct sink errors = { 0 }, all = { 0 }, refused = { 0 };
    CHECK_HR(WSRT_S_OK, set(&errors, WSRT_LOG_ERROR));
    misbehave(runtime);
    CHECK_EQ(0, errors.count);
    CHECK_HR(WSRT_S_OK, set(&all, 0));
    CHECK_EQ(1, errors.released);
    misbehave(runtime);
    CHECK_EQ(1, all.count);
    CHECK_EQ(WSRT_LOG_WARN, all.level);
    CHECK_HR(WSRT_E_INVALIDARG, set(&refused, WSRT_LOG_TRACE + 1));
    CHECK_EQ(0, refused.released);
    misbehave(runtime);
    CHECK_EQ(2, all.count);
    CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
    CHECK_EQ(1, all.released);
    misbehave(runtime);
    CHECK_EQ(2, all.count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void a_log_may_end_itself(void)
{
    ws_runtime *runtime = create();
    struct sink sink = { .replaces = 1 };
    CHECK_HR(WSRT_S_OK, set(&sink, WSRT_LOG_TRACE));
    misbehave(runtime);
    CHECK_EQ(1, sink.count);
    CHECK_HR(WSRT_S_DEFERRED, sink.seen);
    CHECK_EQ(1, sink.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static wsrt_hresult misbehave_there(ws_runtime *runtime, uint32_t unused)
{
    (void)unused;
    misbehave(runtime);
    return WSRT_S_OK;
}

static wsrt_hresult end_log(ws_runtime *runtime, uint32_t unused)
{
    (void)runtime;
    (void)unused;
    return wsrt_set_log(NULL);
}

static void ending_a_log_waits_for_its_writer(void)
{
    ws_runtime *runtime = create();
    struct sink sink = { .stays = 1 };
    sem_init(&sink.entered, 0, 0);
    sem_init(&sink.leave, 0, 0);
    CHECK_HR(WSRT_S_OK, set(&sink, WSRT_LOG_WARN));
    struct call writer = { .function = misbehave_there, .runtime = runtime };
    struct call ender = { .function = end_log };
    ender.watch_left = &sink.left;
    ender.watch_released = &sink.released;
    call_begin(&writer);
    sem_wait(&sink.entered);
    call_begin(&ender);
    /* Time to return too early. */
    sleep_ms(30);
    CHECK_EQ(0, ender.returned);
    sem_post(&sink.leave);
    CHECK_HR(WSRT_S_OK, call_end(&ender));
    CHECK_EQ(1, ender.left);
    CHECK_EQ(1, ender.released);
    CHECK_HR(WSRT_S_OK, call_end(&writer));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

int main(void)
{
    RUN(a_log_gets_what_it_wants_until_it_is_replaced);
    RUN(a_log_may_end_itself);
    RUN(ending_a_log_waits_for_its_writer);
    return 0;
}
