/* Disconnecting on threads of the library, where a client that does not answer delays nobody. */
#include "client.h"

#include <dirent.h>
#include <signal.h>

static ws_runtime *with_threads(uint32_t threads, uint32_t deadline_ms)
{
    ws_runtime_options options = WS_RUNTIME_OPTIONS_INIT;
    options.disconnect_threads = threads;
    options.disconnect_deadline_ms = deadline_ms;
    return create_with(options);
}

static int threads_of_this_process(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

/* The library's threads are nobody's to join. One that is still on its way out when the program ends would look like a
   leak. */
static void wait_for_the_librarys_threads(void)
{
    while (threads_of_this_process() > 1) {
        sleep_ms(1);
    }
}

static void threads_of_the_library_make_the_calls(void)
{
    ws_runtime *runtime = with_threads(2, 0);
    struct client one = client_of("w", "n"), two = client_of("w", "n"), self = client_of("w", "n");
    self.when_told = remove_itself;
    two.answer = WSRT_E_ACCESSDENIED;
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &self);
    CHECK_EQ(1, threads_of_this_process());
    CHECK_HR(WSRT_E_ACCESSDENIED, ws_disconnect_workspace(runtime, "w"));
    CHECK(!pthread_equal(pthread_self(), one.thread));
    CHECK_EQ(1, one.told);
    CHECK_EQ(1, two.told);
    CHECK_HR(WSRT_S_DEFERRED, self.seen);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, self.released);
    wait_for_the_librarys_threads();
}

static sigset_t seen_blocked;

static void look_at_signals(struct client *client)
{
    (void)client;
    pthread_sigmask(SIG_BLOCK, NULL, &seen_blocked);
}

/* Ctrl-C is for the program's own threads. What a garbage collector stops threads by must reach them all. */
static void the_programs_signals_are_for_its_own_threads(void)
{
    ws_runtime *runtime = with_threads(1, 0);
    struct client one = client_of("w", "n");
    sigset_t own;
    one.when_told = look_at_signals;
    add(runtime, &one);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_EQ(1, sigismember(&seen_blocked, SIGINT));
    CHECK_EQ(1, sigismember(&seen_blocked, SIGTERM));
    CHECK_EQ(0, sigismember(&seen_blocked, SIGPWR));
    CHECK_EQ(0, sigismember(&seen_blocked, SIGXCPU));
    CHECK_EQ(0, sigismember(&seen_blocked, SIGUSR1));
    CHECK_EQ(0, sigismember(&seen_blocked, SIGRTMIN));
    pthread_sigmask(SIG_BLOCK, NULL, &own);
    CHECK_EQ(0, sigismember(&own, SIGINT));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    wait_for_the_librarys_threads();
}

static int threads_seen;

static void count_threads(struct client *client)
{
    (void)client;
    threads_seen = threads_of_this_process();
}

/* However many are allowed: one client takes one. */
static void there_are_no_more_threads_than_clients(void)
{
    ws_runtime *runtime = with_threads(UINT32_MAX, 0);
    struct client one = client_of("w", "n");
    one.when_told = count_threads;
    add(runtime, &one);
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, one.cookie));
    CHECK_EQ(2, threads_seen);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    wait_for_the_librarys_threads();
}

static pthread_barrier_t together;

static void meet(struct client *client)
{
    (void)client;
    pthread_barrier_wait(&together);
}

static void the_calls_run_at_once(void)
{
    ws_runtime *runtime = with_threads(2, WSRT_INFINITE);
    struct client one = client_of("w", "n"), two = client_of("w", "n");
    CHECK_EQ(0, pthread_barrier_init(&together, NULL, 2));
    one.when_told = two.when_told = meet;
    add(runtime, &one);
    add(runtime, &two);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    wait_for_the_librarys_threads();
    pthread_barrier_destroy(&together);
}

struct outcomes {
    unsigned count;
    uint32_t seen[MOST];
    uint64_t elapsed_us[MOST];
};

static wsrt_hresult keep_outcome(void *user_data, const ws_disconnect_report *report)
{
    struct outcomes *outcomes = user_data;
    outcomes->elapsed_us[outcomes->count] = report->elapsed_us;
    outcomes->seen[outcomes->count++] = report->outcome;
    return WSRT_S_OK;
}

static void who_does_not_answer_delays_nobody(void)
{
    ws_runtime *runtime = with_threads(1, 50);
    struct client silent = client_of("w", "n"), good = client_of("w", "n"), bad = client_of("w", "n");
    struct outcomes outcomes = { 0, { 0 }, { 0 } };
    ws_disconnect all = WS_DISCONNECT_INIT;
    all.flags = WS_DISCONNECT_ALL;
    silent.when_told = stay;
    bad.answer = WSRT_E_FAIL;
    add(runtime, &silent);
    add(runtime, &good);
    add(runtime, &bad);
    /* Its only thread stays with the silent one; another takes its place. The oldest failure is the result. */
    CHECK_HR(WSRT_E_TIMEOUT, ws_disconnect_ex(runtime, &all, keep_outcome, &outcomes));
    CHECK_EQ(3, outcomes.count);
    CHECK_EQ(WS_OUTCOME_NO_ANSWER, outcomes.seen[0]);
    CHECK(outcomes.elapsed_us[0] >= 50000);
    CHECK_EQ(WS_OUTCOME_OBEYED, outcomes.seen[1]);
    CHECK_EQ(WS_OUTCOME_FAILED, outcomes.seen[2]);
    CHECK_EQ(0, silent.left);
    CHECK(!pthread_equal(pthread_self(), good.thread));

    /* It is still being told. */
    outcomes.count = 0;
    CHECK_HR(WSRT_S_FALSE, ws_disconnect_resource(runtime, silent.cookie));
    CHECK_HR(WSRT_E_FAIL, ws_disconnect_ex(runtime, &all, keep_outcome, &outcomes));
    CHECK_EQ(WS_OUTCOME_SKIPPED, outcomes.seen[0]);
    CHECK_EQ(1, silent.told);

    /* Its late answer is taken in. */
    struct call remover = { .function = ws_remove_resource, .runtime = runtime, .number = silent.cookie };
    remover.watch_left = &silent.left;
    remover.watch_released = &silent.released;
    call_begin(&remover);
    wait_for_state(runtime, silent.cookie, WS_STATE_LEAVING);
    CHECK_EQ(0, remover.returned);
    sem_post(&silent.leave);
    CHECK_HR(WSRT_S_OK, call_end(&remover));
    CHECK_EQ(1, remover.left);
    CHECK_EQ(1, remover.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, silent.released);
    wait_for_the_librarys_threads();
}

static void a_late_answer_of_the_dead_drops_it(void)
{
    ws_runtime *runtime = with_threads(2, WSRT_INFINITE);
    struct client silent = client_of("w", "n");
    ws_disconnect selection = WS_DISCONNECT_INIT;
    silent.when_told = stay;
    silent.answer = WSRT_RPC_E_DISCONNECTED;
    add(runtime, &silent);
    /* The call's own deadline is stronger than the runtime's. */
    selection.cookie = silent.cookie;
    selection.deadline_ms = 50;
    CHECK_HR(WSRT_E_TIMEOUT, ws_disconnect_ex(runtime, &selection, NULL, NULL));
    CHECK_EQ(WS_STATE_DISCONNECTING, state_of(runtime, silent.cookie));
    sem_post(&silent.leave);
    wait_for_state(runtime, silent.cookie, 0);
    CHECK_EQ(1, silent.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    wait_for_the_librarys_threads();
}

static void disconnect_other(struct client *client)
{
    client->seen = ws_disconnect_resource(client->runtime, client->other->cookie);
}

static void inside_a_callback_the_calling_thread_calls(void)
{
    ws_runtime *runtime = with_threads(2, 0);
    struct client outer = client_of("w", "n"), inner = client_of("v", "n");
    outer.when_told = disconnect_other;
    outer.other = &inner;
    add(runtime, &outer);
    add(runtime, &inner);
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, outer.cookie));
    CHECK_HR(WSRT_S_OK, outer.seen);
    CHECK_EQ(1, inner.told);
    CHECK(pthread_equal(outer.thread, inner.thread));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    wait_for_the_librarys_threads();
}

static void a_runtime_may_be_destroyed_under_its_threads(void)
{
    ws_runtime *runtime = with_threads(2, WSRT_INFINITE);
    struct client silent = client_of("w", "n"), breaker = client_of("w", "n");
    silent.when_told = stay;
    breaker.when_told = destroy_runtime;
    add(runtime, &silent);
    add(runtime, &breaker);
    struct call teller = { .function = disconnect_all, .runtime = runtime };
    call_begin(&teller);
    sem_wait(&silent.entered);
    /* The fan-out is over, although the callbacks are not. */
    CHECK_HR(WSRT_E_ABORT, call_end(&teller));
    CHECK_EQ(0, silent.released);
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
    sem_post(&silent.leave);
    wait_for_the_librarys_threads();
    CHECK_HR(WSRT_S_DEFERRED, breaker.seen);
    CHECK_EQ(1, silent.released);
    CHECK_EQ(1, breaker.released);
}

int main(void)
{
    RUN(threads_of_the_library_make_the_calls);
    RUN(the_programs_signals_are_for_its_own_threads);
    RUN(there_are_no_more_threads_than_clients);
    RUN(the_calls_run_at_once);
    RUN(who_does_not_answer_delays_nobody);
    RUN(a_late_answer_of_the_dead_drops_it);
    RUN(inside_a_callback_the_calling_thread_calls);
    RUN(a_runtime_may_be_destroyed_under_its_threads);
    return 0;
}
