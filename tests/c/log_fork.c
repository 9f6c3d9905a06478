/* A log may be the first that a process has of the library. It is its parent's all the same. */
#include "check.h"

#include <sys/wait.h>

static unsigned written, released;

static void count_message(void *user_data, uint32_t level, const char *target, const char *message)
{
    (void)user_data;
    (void)level;
    (void)target;
    (void)message;
    written++;
}

static void count_release(void *user_data)
{
    (void)user_data;
    released++;
}

static wsrt_hresult set_id(void *user_data, wsrt_text *id)
{
    (void)user_data;
    return wsrt_text_set(id, "w", SIZE_MAX);
}

static wsrt_hresult fail(void *user_data, ws_cookie cookie)
{
    (void)user_data;
    (void)cookie;
    return WSRT_E_FAIL;
}

/* What makes the library write, if somebody listens. */
static void cause_a_message(void)
{
    ws_runtime *runtime;
    ws_cookie cookie;
    ws_client client = WS_CLIENT_INIT;
    client.get_resource_id = set_id;
    client.issue_disconnect = fail;
    CHECK_HR(WSRT_S_OK, ws_runtime_create(NULL, &runtime));
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &client, &cookie));
    CHECK_HR(WSRT_E_FAIL, ws_disconnect_resource(runtime, cookie));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void a_child_begins_without_a_log(void)
{
    wsrt_log log = WSRT_LOG_INIT;
    log.write = count_message;
    log.release = count_release;
    CHECK_HR(WSRT_S_OK, wsrt_set_log(&log));

    pid_t child = fork();
    if (child == 0) {
        cause_a_message();
        CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
        CHECK_EQ(0, written);
        CHECK_EQ(0, released);
        _exit(0);
    }
    int status = 0;
    CHECK_EQ(child, waitpid(child, &status, 0));
    CHECK_EQ(0, status);

    cause_a_message();
    CHECK(written > 0);
    CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
    CHECK_EQ(1, released);
}

int main(void)
{
    RUN(a_child_begins_without_a_log);
    return 0;
}
