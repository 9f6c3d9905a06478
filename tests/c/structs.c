/* Structs by their own cb_size: either side may be the older. Each lies on the heap in no more bytes than may be read,
   so that valgrind sees whoever reads further. */
#include "client.h"
#include "sizes.h"

static ws_runtime *runtime;

static wsrt_hresult give_options(const void *table)
{
    ws_runtime *made = NULL;
    wsrt_hresult hr = ws_runtime_create(table, &made);
    CHECK_EQ(hr < 0, made == NULL);
    CHECK_HR(hr < 0 ? WSRT_S_FALSE : WSRT_S_OK, ws_runtime_destroy(made));
    return hr;
}

static wsrt_hresult give_client(const void *table)
{
    ws_cookie cookie = 99;
    wsrt_hresult hr = ws_add_resource(runtime, table, &cookie);
    CHECK_EQ(hr < 0, cookie == 0);
    return hr < 0 ? hr : ws_remove_resource(runtime, cookie);
}

static wsrt_hresult give_observer(const void *table)
{
    uint32_t subscription = 99;
    wsrt_hresult hr = ws_subscribe(runtime, table, &subscription);
    CHECK_EQ(hr < 0, subscription == 0);
    return hr < 0 ? hr : ws_unsubscribe(runtime, subscription);
}

static wsrt_hresult give_selection(const void *table)
{
    return ws_disconnect_ex(runtime, table, NULL, NULL);
}

static wsrt_hresult give_log(const void *table)
{
    wsrt_hresult hr = wsrt_set_log(table);
    CHECK_HR(WSRT_S_OK, wsrt_set_log(NULL));
    return hr;
}

static wsrt_hresult say_w(void *user_data, wsrt_text *text)
{
    (void)user_data;
    return wsrt_text_set(text, "w", SIZE_MAX);
}

static wsrt_hresult obey(void *user_data, ws_cookie cookie)
{
    (void)user_data;
    (void)cookie;
    return WSRT_S_OK;
}

static void ignore_change(void *user_data, uint32_t change, const ws_resource_info *info)
{
    (void)user_data;
    (void)change;
    (void)info;
}

static void ignore_message(void *user_data, uint32_t level, const char *target, const char *message)
{
    (void)user_data;
    (void)level;
    (void)target;
    (void)message;
}

static void every_struct_goes_by_its_size(void)
{
    ws_runtime_options options = WS_RUNTIME_OPTIONS_INIT;
    ws_client client = WS_CLIENT_INIT;
    ws_observer observer = WS_OBSERVER_INIT;
    ws_disconnect selection = WS_DISCONNECT_INIT;
    wsrt_log log = WSRT_LOG_INIT;
    client.get_resource_id = say_w;
    client.issue_disconnect = obey;
    observer.changed = ignore_change;
    selection.workspace_id = "nobody";
    log.write = ignore_message;

    runtime = create();
    check_sizes("ws_runtime_options", give_options, &options, sizeof options);
    check_sizes("ws_client", give_client, &client, sizeof client);
    check_sizes("ws_observer", give_observer, &observer, sizeof observer);
    check_sizes("ws_disconnect", give_selection, &selection, sizeof selection);
    check_sizes("wsrt_log", give_log, &log, sizeof log);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void what_is_not_offered_is_refused(void)
{
    ws_runtime_options options = WS_RUNTIME_OPTIONS_INIT;
    options.flags = WS_RUNTIME_EMBEDDED;
    CHECK_HR(WSRT_S_OK, give_options(&options));
    options.address = "default";
    CHECK_HR(WSRT_E_NOTIMPL, give_options(&options));
    options.address = NULL;
    options.linger_ms = 1;
    CHECK_HR(WSRT_E_NOTIMPL, give_options(&options));
}

int main(void)
{
    RUN(every_struct_goes_by_its_size);
    RUN(what_is_not_offered_is_refused);
    return 0;
}
