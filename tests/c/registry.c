/* Registrations from their beginning to their end, seen by one thread. */
#include "client.h"

static void a_registration_lives_from_add_to_remove(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "One"), two = client_of("w", "Two"), three = client_of("v", "Three");
    add(runtime, &one);
    add(runtime, &two);
    add(runtime, &three);
    CHECK_EQ(2, one.asked);
    /* Rising also across the wrap of the count. */
    CHECK((int32_t)(two.cookie - one.cookie) > 0);
    CHECK((int32_t)(three.cookie - two.cookie) > 0);

    struct listing listing = list(runtime);
    CHECK_EQ(3, listing.count);
    CHECK_EQ(one.cookie, listing.cookies[0]);
    CHECK_EQ(two.cookie, listing.cookies[1]);
    CHECK_EQ(three.cookie, listing.cookies[2]);
    CHECK_EQ(WS_STATE_CONNECTED, listing.states[0]);

    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, two.cookie));
    CHECK_EQ(1, two.released);
    CHECK_EQ(0, two.told);
    CHECK_EQ(2, list(runtime).count);
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(runtime, two.cookie));
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource_nowait(runtime, two.cookie));
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource_ex(runtime, two.cookie, NULL));
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(runtime, 0));
    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_resource(runtime, two.cookie));

    CHECK_HR(WSRT_S_OK, ws_remove_resource_nowait(runtime, three.cookie));
    CHECK_EQ(1, three.released);
    /* What is left is released, not told, and asked nothing any more. */
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, one.released);
    CHECK_EQ(0, one.told);
    CHECK_EQ(2, one.asked);
    CHECK_EQ(1, two.released);
    CHECK_EQ(1, three.released);
}

static wsrt_hresult see_all(void *user_data, const ws_resource_info *info)
{
    const struct client *client = user_data;
    CHECK_EQ(sizeof *info, info->cb_size);
    CHECK_EQ(0, info->flags);
    CHECK_EQ(client->cookie, info->cookie);
    CHECK_EQ(WS_STATE_CONNECTED, info->state);
    CHECK_EQ(getpid(), info->process_id);
    CHECK_HR(WSRT_S_OK, info->last_result);
    CHECK(info->age_ms < 60000 && info->state_age_ms <= info->age_ms);
    CHECK_EQ(0x01020304, info->correlation_id.data1);
    CHECK_EQ(0x0506, info->correlation_id.data2);
    CHECK_EQ(0x0708, info->correlation_id.data3);
    for (int at = 0; at < 8; at++) {
        CHECK_EQ(9 + at, info->correlation_id.data4[at]);
    }
    CHECK_STR("w", info->workspace_id);
    CHECK_STR("Gr\xC3\xBC\xC3\x9F" "e", info->display_name);
    return WSRT_S_OK;
}

static void what_a_registration_was_given_is_shown(void)
{
    const wsrt_guid session = { 0x01020304, 0x0506, 0x0708, { 9, 10, 11, 12, 13, 14, 15, 16 } };
    ws_runtime *runtime = create();
    struct client client = client_of("w", "Gr\xC3\xBC\xC3\x9F" "e");
    ws_client table = table_of(&client);
    CHECK_HR(WSRT_S_OK, ws_add_resource_ex(runtime, &table, "https://log.example", &session, &client.cookie));
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, see_all, &client));
    CHECK_HR(WSRT_S_OK, ws_remove_resource_ex(runtime, client.cookie, &session));
    CHECK_EQ(1, client.released);

    /* Either remove takes a cookie of either add. */
    client.released = 0;
    CHECK_HR(WSRT_S_OK, ws_add_resource_ex(runtime, &table, NULL, NULL, &client.cookie));
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, client.cookie));
    CHECK_EQ(1, client.released);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static wsrt_hresult refuse(void *user_data, wsrt_text *text)
{
    (void)user_data;
    wsrt_text_set(text, "set all the same", SIZE_MAX);
    return (wsrt_hresult)0x8004ABCD;
}

static wsrt_hresult set_nothing(void *user_data, wsrt_text *text)
{
    (void)user_data;
    (void)text;
    return WSRT_S_OK;
}

static void a_failed_add_leaves_user_data_with_the_caller(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    ws_client good = table_of(&client), table = good;
    char long_address[4098];
    memset(long_address, 'x', sizeof long_address - 1);
    long_address[sizeof long_address - 1] = 0;

#define REFUSED(code, call)                                                                                            \
    do {                                                                                                               \
        client.cookie = 99;                                                                                            \
        CHECK_HR(code, call);                                                                                          \
        CHECK_EQ(0, client.cookie);                                                                                    \
        table = good;                                                                                                  \
    } while (0)

    table.get_resource_id = refuse;
    REFUSED((wsrt_hresult)0x8004ABCD, ws_add_resource(runtime, &table, &client.cookie));
    table.get_resource_id = set_nothing;
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource(runtime, &table, &client.cookie));
    client.workspace = "";
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource(runtime, &table, &client.cookie));
    client.workspace = NULL;
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource(runtime, &table, &client.cookie));
    client.workspace = "w";
    table.get_resource_id = NULL;
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource(runtime, &table, &client.cookie));
    table.issue_disconnect = NULL;
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource(runtime, &table, &client.cookie));
    REFUSED(WSRT_E_POINTER, ws_add_resource(runtime, NULL, &client.cookie));
    REFUSED(WSRT_E_HANDLE, ws_add_resource(NULL, &table, &client.cookie));
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource_ex(runtime, &table, "\xFF", NULL, &client.cookie));
    REFUSED(WSRT_E_INVALIDARG, ws_add_resource_ex(runtime, &table, long_address, NULL, &client.cookie));
    CHECK_HR(WSRT_E_POINTER, ws_add_resource(runtime, &table, NULL));
    CHECK_EQ(0, list(runtime).count);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(0, client.released);
}

static wsrt_hresult see_no_name(void *user_data, const ws_resource_info *info)
{
    *(unsigned *)user_data += 1;
    CHECK_STR("", info->display_name);
    return WSRT_S_OK;
}

static void a_name_is_optional(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", NULL), two = client_of("w", NULL);
    ws_client table = table_of(&one);
    unsigned seen = 0;
    table.get_resource_display_name = refuse;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &one.cookie));
    table = table_of(&two);
    table.get_resource_display_name = NULL;
    table.release = NULL;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &two.cookie));
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, see_no_name, &seen));
    CHECK_EQ(2, seen);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, one.released);
    CHECK_EQ(0, two.released);
}

static void the_table_is_copied(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    ws_client *table = malloc(sizeof *table);
    CHECK(table != NULL);
    *table = table_of(&client);
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, table, &client.cookie));
    memset(table, 0xEE, sizeof *table);
    free(table);
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, client.cookie));
    CHECK_EQ(1, client.told);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(1, client.released);
}

static unsigned twice_told, twice_released;

static wsrt_hresult twice_disconnect(void *user_data, ws_cookie cookie)
{
    (void)user_data;
    CHECK(cookie != 0);
    twice_told++;
    return WSRT_S_OK;
}

static void twice_release(void *user_data)
{
    (void)user_data;
    twice_released++;
}

static void one_client_may_be_registered_twice(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    ws_cookie first = 0, second = 0;
    ws_client table = table_of(&client);
    table.issue_disconnect = twice_disconnect;
    table.release = twice_release;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &first));
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &second));
    CHECK(first != second);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_EQ(2, twice_told);
    CHECK_HR(WSRT_S_OK, ws_remove_resource(runtime, first));
    CHECK_EQ(1, twice_released);
    CHECK_HR(WSRT_S_OK, ws_disconnect_workspace(runtime, "w"));
    CHECK_EQ(3, twice_told);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_EQ(2, twice_released);
}

static wsrt_text *kept;

static wsrt_hresult set_in_many_ways(void *user_data, wsrt_text *id)
{
    static const char nul_inside[] = { 'a', 0, 'b' };
    char text[4098];
    (void)user_data;
    memset(text, 'x', sizeof text);
    text[4097] = 0;
    kept = id;
    CHECK_HR(WSRT_E_HANDLE, wsrt_text_set(NULL, "x", SIZE_MAX));
    CHECK_HR(WSRT_E_HANDLE, wsrt_text_set((wsrt_text *)(void *)text, "x", SIZE_MAX));
    CHECK_HR(WSRT_S_OK, wsrt_text_set(id, "first", SIZE_MAX));
    CHECK_HR(WSRT_S_OK, wsrt_text_set(id, "second and more", 6));
    CHECK_HR(WSRT_E_INVALIDARG, wsrt_text_set(id, nul_inside, sizeof nul_inside));
    CHECK_HR(WSRT_E_INVALIDARG, wsrt_text_set(id, "\xC3", SIZE_MAX));
    CHECK_HR(WSRT_E_INVALIDARG, wsrt_text_set(id, text, SIZE_MAX));
    CHECK_HR(WSRT_E_INVALIDARG, wsrt_text_set(id, text, 4097));
    CHECK_HR(WSRT_E_POINTER, wsrt_text_set(id, NULL, 1));
    return WSRT_S_OK;
}

static wsrt_hresult set_the_longest(void *user_data, wsrt_text *name)
{
    char text[4096];
    (void)user_data;
    memset(text, 'x', sizeof text);
    /* A sink belongs to one callback. */
    CHECK_HR(WSRT_E_HANDLE, wsrt_text_set(kept, "x", SIZE_MAX));
    CHECK_HR(WSRT_S_OK, wsrt_text_set(name, NULL, SIZE_MAX));
    CHECK_HR(WSRT_S_OK, wsrt_text_set(name, NULL, 0));
    CHECK_HR(WSRT_S_OK, wsrt_text_set(name, text, sizeof text));
    return WSRT_S_OK;
}

static wsrt_hresult see_texts(void *user_data, const ws_resource_info *info)
{
    (void)user_data;
    CHECK_STR("second", info->workspace_id);
    CHECK_EQ(4096, strlen(info->display_name));
    return WSRT_S_OK;
}

static void a_text_is_what_was_set_last(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    ws_client table = table_of(&client);
    table.get_resource_id = set_in_many_ways;
    table.get_resource_display_name = set_the_longest;
    CHECK_HR(WSRT_S_OK, ws_add_resource(runtime, &table, &client.cookie));
    CHECK_HR(WSRT_E_HANDLE, wsrt_text_set(kept, "x", SIZE_MAX));
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, see_texts, NULL));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static void handles_are_names(void)
{
    ws_runtime *runtime = create(), *other = create();
    struct client client = client_of("w", "n");
    uint64_t garbage[4] = { 0, 0, 0, 0 };
    add(runtime, &client);
    CHECK(runtime != other);
    CHECK_HR(WSRT_E_INVALIDARG, ws_remove_resource(other, client.cookie));
    CHECK_HR(WSRT_E_HANDLE, ws_remove_resource(NULL, client.cookie));
    CHECK_HR(WSRT_E_HANDLE, ws_remove_resource((ws_runtime *)(void *)garbage, client.cookie));
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy((ws_runtime *)(void *)garbage));
    CHECK_HR(WSRT_E_HANDLE, ws_disconnect_workspace((ws_runtime *)1, "w"));
    CHECK_HR(WSRT_S_FALSE, ws_runtime_destroy(NULL));
    CHECK_HR(WSRT_S_FALSE, ws_runtime_destroy_nowait(NULL));
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy(runtime));
    CHECK_HR(WSRT_E_HANDLE, ws_runtime_destroy_nowait(runtime));
    /* A handle stays stale whatever takes its place. */
    for (int round = 0; round < 100; round++) {
        ws_runtime *next = create();
        CHECK(next != runtime);
        CHECK_HR(WSRT_E_HANDLE, ws_disconnect_workspace(runtime, "w"));
        CHECK_HR(WSRT_S_OK, ws_runtime_destroy_nowait(next));
    }
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(other));
    CHECK_HR(WSRT_E_POINTER, ws_runtime_create(NULL, NULL));
}

static void fail_inside(struct client *client)
{
    wsrt_hresult code = WSRT_S_OK;
    CHECK_HR(WSRT_E_HANDLE, ws_remove_resource(NULL, 1));
    CHECK_HR(WSRT_S_OK, wsrt_last_error(&code, NULL, 0, NULL) == WSRT_E_MORE_DATA ? WSRT_S_OK : WSRT_E_FAIL);
    CHECK_HR(WSRT_E_HANDLE, code);
    (void)client;
}

static void *see_no_error(void *unused)
{
    wsrt_hresult code = WSRT_E_FAIL;
    char text[8] = "x";
    CHECK_HR(WSRT_S_OK, wsrt_last_error(&code, text, sizeof text, NULL));
    CHECK_HR(WSRT_S_OK, code);
    CHECK_STR("", text);
    return unused;
}

static void the_last_error_tells_what_was_wrong(void)
{
    ws_runtime *runtime = create();
    struct client client = client_of("w", "n");
    wsrt_hresult code = WSRT_S_OK;
    char text[256] = "x";
    size_t needed = 0;
    pthread_t thread;

    CHECK_HR(WSRT_E_INVALIDARG, ws_disconnect_workspace(runtime, NULL));
    CHECK_HR(WSRT_E_MORE_DATA, wsrt_last_error(&code, NULL, 0, &needed));
    CHECK_HR(WSRT_E_INVALIDARG, code);
    CHECK(needed > 1 && needed <= sizeof text);
    CHECK_HR(WSRT_E_MORE_DATA, wsrt_last_error(NULL, text, needed - 1, NULL));
    CHECK_STR("", text);
    CHECK_HR(WSRT_S_OK, wsrt_last_error(NULL, text, needed, NULL));
    CHECK_EQ(needed - 1, strlen(text));
    CHECK(strstr(text, "ws_disconnect_workspace") != NULL && strstr(text, "workspace_id") != NULL);
    CHECK_HR(WSRT_E_POINTER, wsrt_last_error(NULL, NULL, 1, NULL));

    CHECK_EQ(0, pthread_create(&thread, NULL, see_no_error, NULL));
    CHECK_EQ(0, pthread_join(thread, NULL));

    /* wsrt_* leave it alone, a success clears it. */
    CHECK_HR(WSRT_E_HANDLE, wsrt_text_set(NULL, "x", SIZE_MAX));
    CHECK_STR("WSRT_E_HANDLE", wsrt_hresult_name(WSRT_E_HANDLE));
    CHECK_HR(WSRT_S_OK, wsrt_last_error(&code, text, sizeof text, NULL));
    CHECK_HR(WSRT_E_INVALIDARG, code);
    add(runtime, &client);
    see_no_error(NULL);

    /* What fails inside a callback does not disturb the call that made it. */
    client.when_told = fail_inside;
    CHECK_HR(WSRT_S_OK, ws_disconnect_resource(runtime, client.cookie));
    see_no_error(NULL);
    client.answer = WSRT_E_ACCESSDENIED;
    CHECK_HR(WSRT_E_ACCESSDENIED, ws_disconnect_resource(runtime, client.cookie));
    CHECK_HR(WSRT_S_OK, wsrt_last_error(&code, text, sizeof text, NULL));
    CHECK_HR(WSRT_E_ACCESSDENIED, code);
    CHECK(strstr(text, "issue_disconnect") != NULL);
    CHECK_HR(WSRT_S_OK, ws_runtime_destroy(runtime));
}

static wsrt_hresult stop_with(void *user_data, const ws_resource_info *info)
{
    wsrt_hresult *codes = user_data;
    (void)info;
    codes[0] += 1;
    return codes[codes[0]];
}

static wsrt_hresult remove_all(void *user_data, const ws_resource_info *info)
{
    struct client *client = user_data;
    /* From one snapshot: shown although the first visit removed it. Strings are valid all the same. */
    CHECK_STR("w", info->workspace_id);
    client->seen += 1;
    if (client->seen == 1) {
        CHECK_HR(WSRT_S_OK, ws_remove_resource(client->runtime, client->cookie));
        CHECK_HR(WSRT_S_OK, ws_remove_resource(client->runtime, client->other->cookie));
        add(client->runtime, client->other->other);
    }
    return WSRT_S_OK;
}

static wsrt_hresult destroy_in_visit(void *user_data, const ws_resource_info *info)
{
    struct client *client = user_data;
    (void)info;
    client->seen += 1;
    CHECK_HR(WSRT_S_DEFERRED, ws_runtime_destroy(client->runtime));
    return WSRT_S_OK;
}

static void a_visitor_decides_how_far_to_go(void)
{
    ws_runtime *runtime = create();
    struct client one = client_of("w", "One"), two = client_of("w", "Two"), three = client_of("w", "Three");
    /* How often it was called, then what it answers. */
    wsrt_hresult all[] = { 0, WSRT_S_OK, WSRT_S_OK }, stop[] = { 0, WSRT_S_FALSE };
    wsrt_hresult fail[] = { 0, WSRT_S_OK, (wsrt_hresult)0x8004ABCD };

    add(runtime, &one);
    add(runtime, &two);
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, stop_with, all));
    CHECK_EQ(2, all[0]);
    CHECK_HR(WSRT_S_FALSE, ws_enum_resources(runtime, stop_with, stop));
    CHECK_EQ(1, stop[0]);
    CHECK_HR((wsrt_hresult)0x8004ABCD, ws_enum_resources(runtime, stop_with, fail));
    CHECK_EQ(2, fail[0]);
    CHECK_HR(WSRT_E_POINTER, ws_enum_resources(runtime, NULL, NULL));

    one.other = &two;
    two.other = &three;
    CHECK_HR(WSRT_S_OK, ws_enum_resources(runtime, remove_all, &one));
    CHECK_EQ(2, one.seen);
    CHECK_EQ(1, one.released);
    CHECK_EQ(1, two.released);
    CHECK_EQ(1, list(runtime).count);

    struct client four = client_of("w", "Four");
    add(runtime, &four);
    CHECK_HR(WSRT_E_ABORT, ws_enum_resources(runtime, destroy_in_visit, &three));
    CHECK_EQ(1, three.seen);
    CHECK_EQ(1, three.released);
    CHECK_EQ(1, four.released);
}

static void the_library_tells_what_it_is(void)
{
    CHECK_EQ(WSRT_ABI_VERSION, wsrt_abi_version());
    CHECK(strchr(wsrt_version(), '.') != NULL);
    CHECK_STR("WSRT_S_OK", wsrt_hresult_name(WSRT_S_OK));
    CHECK_STR("WSRT_RPC_E_DISCONNECTED", wsrt_hresult_name(WSRT_RPC_E_DISCONNECTED));
    CHECK_STR("unknown", wsrt_hresult_name(0x12345678));
}

int main(void)
{
    RUN(a_registration_lives_from_add_to_remove);
    RUN(what_a_registration_was_given_is_shown);
    RUN(a_failed_add_leaves_user_data_with_the_caller);
    RUN(a_name_is_optional);
    RUN(the_table_is_copied);
    RUN(one_client_may_be_registered_twice);
    RUN(a_text_is_what_was_set_last);
    RUN(handles_are_names);
    RUN(the_last_error_tells_what_was_wrong);
    RUN(a_visitor_decides_how_far_to_go);
    RUN(the_library_tells_what_it_is);
    return 0;
}
