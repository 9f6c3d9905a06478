/* A library that does nothing, under the name of the real one: whoever prints what the library did prints something
   else here. STUB_CREATE is what ws_runtime_create answers, STUB_ANSWER every other function. Out parameters are left
   alone, which the real library never does. */
#define WSRT_API __attribute__((visibility("default")))
#include "wsrt.h"

#define STUB(name, parameters)                                                                                         \
    WSRT_API wsrt_hresult name parameters                                                                              \
    {                                                                                                                  \
        return STUB_ANSWER;                                                                                            \
    }

WSRT_API wsrt_hresult ws_runtime_create(const ws_runtime_options *options, ws_runtime **runtime)
{
    return STUB_CREATE;
}
STUB(ws_runtime_destroy, (ws_runtime *runtime))
STUB(ws_runtime_destroy_nowait, (ws_runtime *runtime))
STUB(ws_add_resource, (ws_runtime *runtime, const ws_client *client, ws_cookie *cookie))
STUB(ws_add_resource_ex, (ws_runtime *runtime, const ws_client *client, const char *event_log_upload_address,
                          const wsrt_guid *correlation_id, ws_cookie *cookie))
STUB(ws_remove_resource, (ws_runtime *runtime, ws_cookie cookie))
STUB(ws_remove_resource_nowait, (ws_runtime *runtime, ws_cookie cookie))
STUB(ws_remove_resource_ex, (ws_runtime *runtime, ws_cookie cookie, const wsrt_guid *correlation_id))
STUB(ws_disconnect_resource, (ws_runtime *runtime, ws_cookie cookie))
STUB(ws_disconnect_workspace, (ws_runtime *runtime, const char *workspace_id))
STUB(ws_disconnect_workspace_by_friendly_name, (ws_runtime *runtime, const char *friendly_name))
STUB(ws_disconnect_ex, (ws_runtime *runtime, const ws_disconnect *selection, ws_disconnect_visitor visitor,
                        void *user_data))
STUB(ws_enum_resources, (ws_runtime *runtime, ws_resource_visitor visitor, void *user_data))
STUB(ws_subscribe, (ws_runtime *runtime, const ws_observer *observer, uint32_t *subscription))
STUB(ws_unsubscribe, (ws_runtime *runtime, uint32_t subscription))
STUB(ws_unsubscribe_nowait, (ws_runtime *runtime, uint32_t subscription))
STUB(wsrt_set_log, (const wsrt_log *log))
STUB(wsrt_text_set, (wsrt_text *text, const char *utf8, size_t len))
STUB(wsrt_last_error, (wsrt_hresult *code, char *buffer, size_t capacity, size_t *needed))

STUB(dispenser_alloc_resource, (dispenser *dispenser, dispenser_restypid restypid, dispenser_resid *resid))
STUB(dispenser_free_resource, (dispenser *dispenser, dispenser_resid resid))
STUB(dispenser_destroy_resource, (dispenser *dispenser, dispenser_resid resid))
STUB(dispenser_get_context, (dispenser_instid *instid, dispenser_transid *transid))
STUB(dispenser_set_context, (dispenser_instid instid, dispenser_transid transid))
STUB(dispenser_instance_ended, (dispenser_instid instid))
STUB(dispenser_transaction_aborting, (dispenser_transid transid))
STUB(dispenser_transaction_ended, (dispenser_transid transid, int32_t committed))
STUB(dispenser_get_stats, (dispenser *dispenser, dispenser_stats *stats))
STUB(dispenser_get_resource_info, (dispenser *dispenser, dispenser_resid resid, dispenser_resource_info *info))
STUB(dispenser_enum_resources, (dispenser *dispenser, dispenser_resource_visitor visitor, void *user_data))
STUB(dispenser_create, (const dispenser_driver *driver, const char *name, const dispenser_options *options,
                        dispenser **dispenser))
STUB(dispenser_close, (dispenser *dispenser))
STUB(dispenser_close_nowait, (dispenser *dispenser))
STUB(dispenser_destroy, (dispenser *dispenser))
STUB(dispenser_destroy_nowait, (dispenser *dispenser))
STUB(dispenser_sweep, (dispenser *dispenser, uint64_t now_ms))
STUB(dispenser_get_options, (dispenser *dispenser, dispenser_options *options))
STUB(dispenser_track_resource, (dispenser *dispenser, dispenser_resid resid))
STUB(dispenser_track_resource_ex, (dispenser *dispenser, dispenser_resid resid, dispenser_instid instid,
                                   dispenser_transid transid))
STUB(dispenser_track_resource_s, (dispenser *dispenser, const char *sresid))
STUB(dispenser_untrack_resource, (dispenser *dispenser, dispenser_resid resid, int32_t destroy))
STUB(dispenser_untrack_resource_s, (dispenser *dispenser, const char *sresid, int32_t destroy))

WSRT_API const char *wsrt_version(void)
{
    return "0.0.0";
}

WSRT_API uint32_t wsrt_abi_version(void)
{
    return 0;
}

WSRT_API const char *wsrt_hresult_name(wsrt_hresult hr)
{
    return hr == WSRT_S_OK ? "WSRT_S_OK" : "unknown";
}
