/* Generated from src/ffi/codes.rs by `BLESS=1 cargo test --test header`. Do not edit. */
/** @file wsrt_codes.h Result codes, flags, constants and struct initialisers of wsrt.h. */
#ifndef WSRT_CODES_H
#define WSRT_CODES_H

#include <stddef.h>
#include <stdint.h>

/* Result codes, as wsrt_hresult. */
#define WSRT_S_OK                    ((int32_t)0x00000000) /**< Done. */
#define WSRT_S_FALSE                 ((int32_t)0x00000001) /**< Done, and there was nothing to do; from a visitor: stop. */
#define WSRT_S_DEFERRED              ((int32_t)0x00040200) /**< Done, but a callback of the object still runs; the last to leave releases it. */
#define WSRT_E_NOTIMPL               ((int32_t)0x80004001) /**< Not offered in this version. */
#define WSRT_E_NOINTERFACE           ((int32_t)0x80004002) /**< The object does not have that interface; for callbacks to answer with. */
#define WSRT_E_POINTER               ((int32_t)0x80004003) /**< A pointer that must not be NULL is NULL. */
#define WSRT_E_ABORT                 ((int32_t)0x80004004) /**< The object was destroyed while the call was at work. */
#define WSRT_E_FAIL                  ((int32_t)0x80004005) /**< Failed; also for callbacks to answer with. */
#define WSRT_E_UNEXPECTED            ((int32_t)0x8000FFFF) /**< A fault inside the library was caught at its border. */
#define WSRT_E_ACCESSDENIED          ((int32_t)0x80070005) /**< Not allowed; for callbacks to answer with. */
#define WSRT_E_HANDLE                ((int32_t)0x80070006) /**< Not the name of a live object of that kind. */
#define WSRT_E_OUTOFMEMORY           ((int32_t)0x8007000E) /**< No memory, or the most there can be is reached. */
#define WSRT_E_INVALIDARG            ((int32_t)0x80070057) /**< An argument cannot be used; after a ws_* function the last error names it. */
#define WSRT_E_ALREADY_EXISTS        ((int32_t)0x800700B7) /**< There already; for callbacks to answer with. */
#define WSRT_E_MORE_DATA             ((int32_t)0x800700EA) /**< The buffer is too small; *needed says how much it takes. */
#define WSRT_E_CANCELLED             ((int32_t)0x800704C7) /**< Cancelled; for callbacks to answer with. */
#define WSRT_E_NOT_FOUND             ((int32_t)0x80070490) /**< Not there; for callbacks to answer with. */
#define WSRT_E_TIMEOUT               ((int32_t)0x800705B4) /**< Not answered in time. */
#define WSRT_RPC_E_DISCONNECTED      ((int32_t)0x80010108) /**< From a callback: its connection is gone already. */
#define WSRT_CO_E_OBJNOTCONNECTED    ((int32_t)0x800401FD) /**< From a callback: its connection is gone already. */
#define WSRT_E_FORKED                ((int32_t)0x80040207) /**< The handle was inherited by fork(); it is its parent's. */

/* Flags and constants, as uint32_t. */
#define WSRT_ABI_VERSION             UINT32_C(0x00000001) /**< Version of this interface: high half breaks, low half grows. */
#define WSRT_INFINITE                UINT32_C(0xFFFFFFFF) /**< Milliseconds: without limit. */
#define WSRT_LOG_ERROR               UINT32_C(0x00000001) /**< Log level: something is lost. */
#define WSRT_LOG_WARN                UINT32_C(0x00000002) /**< Log level: a callback misbehaved. */
#define WSRT_LOG_INFO                UINT32_C(0x00000003) /**< Log level: worth knowing. */
#define WSRT_LOG_DEBUG               UINT32_C(0x00000004) /**< Log level: for whoever looks for a fault. */
#define WSRT_LOG_TRACE               UINT32_C(0x00000005) /**< Log level: everything; nothing is above WSRT_LOG_DEBUG yet. */
#define WS_RUNTIME_EMBEDDED          UINT32_C(0x00000001) /**< Runtime flag: always in this process. No effect yet: every runtime is. */
#define WS_DISCONNECT_ALL            UINT32_C(0x00000001) /**< Disconnect flag: every registration of the runtime. */
#define WS_STATE_CONNECTED           UINT32_C(0x00000001) /**< Registered, not told to disconnect. */
#define WS_STATE_DISCONNECTING       UINT32_C(0x00000002) /**< Told to disconnect, not yet removed. */
#define WS_STATE_LEAVING             UINT32_C(0x00000003) /**< Removed: listed only while a callback still runs, and in WS_CHANGE_REMOVED and WS_CHANGE_LOST. */
#define WS_CHANGE_ADDED              UINT32_C(0x00000001) /**< Observed: registered. */
#define WS_CHANGE_DISCONNECTING      UINT32_C(0x00000002) /**< Observed: told to disconnect. */
#define WS_CHANGE_REMOVED            UINT32_C(0x00000003) /**< Observed: removed by its client. */
#define WS_CHANGE_LOST               UINT32_C(0x00000004) /**< Observed: found dead and dropped. */
#define WS_OUTCOME_OBEYED            UINT32_C(0x00000001) /**< Reported: answered with success. */
#define WS_OUTCOME_FAILED            UINT32_C(0x00000002) /**< Reported: answered with a failure, which is the result. */
#define WS_OUTCOME_NO_ANSWER         UINT32_C(0x00000003) /**< Reported: did not answer before its deadline. */
#define WS_OUTCOME_DROPPED           UINT32_C(0x00000004) /**< Reported: was dead, and its registration was dropped. */
#define WS_OUTCOME_SKIPPED           UINT32_C(0x00000005) /**< Reported: was being told already by another call. */

/* Initialisers: cb_size is set, everything else is 0. */
#ifdef __cplusplus
#define WSRT_NULL nullptr
#else
#define WSRT_NULL NULL
#endif
#define WSRT_LOG_INIT                { (uint32_t)sizeof(wsrt_log), 0, 0, 0, WSRT_NULL, WSRT_NULL, WSRT_NULL }
#define WS_RUNTIME_OPTIONS_INIT      { (uint32_t)sizeof(ws_runtime_options), 0, 0, 0, 0, 0, 0, 0, WSRT_NULL, WSRT_NULL }
#define WS_CLIENT_INIT               { (uint32_t)sizeof(ws_client), 0, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL }
#define WS_OBSERVER_INIT             { (uint32_t)sizeof(ws_observer), 0, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL }
#define WS_DISCONNECT_INIT           { (uint32_t)sizeof(ws_disconnect), 0, 0, 0, WSRT_NULL, WSRT_NULL }

#endif
