/* A client that counts what is done to it, and what it takes to have its callback run on another thread. */
#ifndef CLIENT_H
#define CLIENT_H

#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

struct client {
    const char *workspace;
    const char *name;
    wsrt_hresult answer;
    /* Runs inside issue_disconnect; may be NULL. */
    void (*when_told)(struct client *client);
    struct client *other;
    ws_runtime *runtime;
    ws_cookie cookie;
    wsrt_hresult seen; /* what a call inside the callback returned */
    pthread_t thread;  /* the one that ran issue_disconnect last */
    atomic_uint asked;
    atomic_uint told;
    atomic_uint left; /* issue_disconnect, complete */
    atomic_uint released;
    sem_t entered;
    sem_t leave;
};

static inline wsrt_hresult client_id(void *user_data, wsrt_text *id)
{
    struct client *client = user_data;
    atomic_fetch_add(&client->asked, 1);
    return wsrt_text_set(id, client->workspace, SIZE_MAX);
}

static inline wsrt_hresult client_name(void *user_data, wsrt_text *name)
{
    struct client *client = user_data;
    atomic_fetch_add(&client->asked, 1);
    return wsrt_text_set(name, client->name, SIZE_MAX);
}

static inline wsrt_hresult client_disconnect(void *user_data, ws_cookie cookie)
{
    struct client *client = user_data;
    CHECK_EQ(client->cookie, cookie);
    CHECK_EQ(0, atomic_load(&client->released));
    atomic_fetch_add(&client->told, 1);
    client->thread = pthread_self();
    if (client->when_told) {
        client->when_told(client);
    }
    CHECK_EQ(0, atomic_load(&client->released));
    atomic_fetch_add(&client->left, 1);
    return client->answer;
}

static inline void client_release(void *user_data)
{
    struct client *client = user_data;
    CHECK_EQ(0, atomic_fetch_add(&client->released, 1));
}

static inline struct client client_of(const char *workspace, const char *name)
{
    struct client client;
    memset(&client, 0, sizeof client);
    client.workspace = workspace;
    client.name = name;
    sem_init(&client.entered, 0, 0);
    sem_init(&client.leave, 0, 0);
    return client;
}

static inline ws_client table_of(struct client *client)
{
    ws_client table = WS_CLIENT_INIT;
    table.user_data = client;
    table.get_resource_id = client_id;
    table.get_resource_display_name = client_name;
    table.issue_disconnect = client_disconnect;
    table.release = client_release;
    return table;
}

static inline void add(ws_runtime *runtime, struct client *client)
{
    ws_client table = table_of(client);
    client->runtime = runtime;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &client->cookie));
    CHECK(client->cookie != 0);
}

static inline ws_runtime *create(void)
{
    ws_runtime *runtime = NULL;
    CHECK_HR(WSRT_S_OK, ws_runtime_create(NULL, &runtime));
    CHECK(runtime != NULL);
    return runtime;
}

static inline ws_runtime *create_with(ws_runtime_options options)
{
    ws_runtime *runtime = NULL;
    CHECK_HR(WSRT_S_OK, ws_runtime_create(&options, &runtime));
    return runtime;
}

/* ---- What clients do when told. ---- */

/* Stays inside until it is let go. */
static inline void stay(struct client *client)
{
    sem_post(&client->entered);
    sem_wait(&client->leave);
}

static inline void remove_itself(struct client *client)
{
    client->seen = ws_remove_resource(client->runtime, client->cookie);
    CHECK_EQ(0, atomic_load(&client->released));
}

static inline void remove_other(struct client *client)
{
    client->seen = ws_remove_resource(client->other->runtime, client->other->cookie);
}

static inline void destroy_runtime(struct client *client)
{
    client->seen = ws_runtime_destroy(client->runtime);
    CHECK_EQ(0, atomic_load(&client->released));
}

/* ---- A call on a thread of its own. ---- */

struct call {
    pthread_t thread;
    wsrt_hresult (*function)(ws_runtime *runtime, uint32_t number);
    ws_runtime *runtime;
    uint32_t number;
    wsrt_hresult result;
    /* Who is removed: had its callback left, and was it released, when the call returned? May be NULL. */
    const atomic_uint *watch_left;
    const atomic_uint *watch_released;
    unsigned left;
    unsigned released;
    atomic_int returned;
};

static inline void *call_run(void *argument)
{
    struct call *call = argument;
    call->result = call->function(call->runtime, call->number);
    if (call->watch_left) {
        call->left = atomic_load(call->watch_left);
        call->released = atomic_load(call->watch_released);
    }
    atomic_store(&call->returned, 1);
    return NULL;
}

static inline void call_begin(struct call *call)
{
    atomic_store(&call->returned, 0);
    CHECK_EQ(0, pthread_create(&call->thread, NULL, call_run, call));
}

static inline wsrt_hresult call_end(struct call *call)
{
    CHECK_EQ(0, pthread_join(call->thread, NULL));
    return call->result;
}

/* Two of the functions in the form that a call takes. */
static inline wsrt_hresult destroy(ws_runtime *runtime, uint32_t unused)
{
    (void)unused;
    return ws_runtime_destroy(runtime);
}

static inline wsrt_hresult disconnect_all(ws_runtime *runtime, uint32_t unused)
{
    ws_disconnect selection = WS_DISCONNECT_INIT;
    (void)unused;
    selection.flags = WS_DISCONNECT_ALL;
    return ws_disconnect_ex(runtime, &selection, NULL, NULL);
}

static inline void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static inline uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* ---- What the runtime says is there. ---- */

#define MOST 16

struct listing {
    unsigned count;
    ws_cookie cookies[MOST];
    uint32_t states[MOST];
    wsrt_hresult results[MOST];
};

static inline wsrt_hresult list_one(void *user_data, const ws_resource_info *info)
{
    struct listing *listing = user_data;
    CHECK(listing->count < MOST);
    listing->cookies[listing->count] = info->cookie;
    listing->states[listing->count] = info->state;
    listing->results[listing->count] = info->last_result;
    listing->count += 1;
    return WSRT_S_OK;
}

static inline struct listing list(ws_runtime *runtime)
{
    struct listing listing = { 0, { 0 }, { 0 }, { 0 } };
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, list_one, &listing));
    return listing;
}

/* The state of a registration, 0 if it is not there. */
static inline uint32_t state_of(ws_runtime *runtime, ws_cookie cookie)
{
    struct listing listing = list(runtime);
    for (unsigned at = 0; at < listing.count; at++) {
        if (listing.cookies[at] == cookie) {
            return listing.states[at];
        }
    }
    return 0;
}

static inline void wait_for_state(ws_runtime *runtime, ws_cookie cookie, uint32_t state)
{
    while (state_of(runtime, cookie) != state) {
        sleep_ms(1);
    }
}

#endif
