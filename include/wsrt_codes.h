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
#define WSRT_E_INVALIDARG            ((int32_t)0x80070057) /**< An argument cannot be used; the last error names it. */
#define WSRT_E_ALREADY_EXISTS        ((int32_t)0x800700B7) /**< There already; for callbacks to answer with. */
#define WSRT_E_MORE_DATA             ((int32_t)0x800700EA) /**< The buffer is too small; *needed says how much it takes. */
#define WSRT_E_CANCELLED             ((int32_t)0x800704C7) /**< Cancelled; for callbacks to answer with. */
#define WSRT_E_NOT_FOUND             ((int32_t)0x80070490) /**< Not there; for callbacks to answer with. */
#define WSRT_E_TIMEOUT               ((int32_t)0x800705B4) /**< Not answered in time. */
#define WSRT_RPC_E_DISCONNECTED      ((int32_t)0x80010108) /**< From a callback: its connection is gone already. */
#define WSRT_CO_E_OBJNOTCONNECTED    ((int32_t)0x800401FD) /**< From a callback: its connection is gone already. */
#define WSRT_MTXDM_E_ENLISTRESOURCEFAILED ((int32_t)0x8004E100) /**< The resource could not be enlisted in the transaction. */
#define WSRT_E_CLOSED                ((int32_t)0x80040200) /**< The dispenser is closed. */
#define WSRT_E_OVERDUE               ((int32_t)0x80040205) /**< A callback took longer than its deadline and was written off; what it left is cleaned up. */
#define WSRT_E_TX_ABORTING           ((int32_t)0x80040206) /**< The caller's transaction is aborting. */
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
#define DISPENSER_AUTO_RECLAIM       UINT32_C(0x00000001) /**< Dispenser flag: what an object has allocated goes back when the object ends. */
#define DISPENSER_NO_POOLING         UINT32_C(0x00000002) /**< Dispenser flag: an alloc always creates, a free destroys. */
#define DISPENSER_MANUAL_SWEEP       UINT32_C(0x00000004) /**< Dispenser flag: no thread of the library; only dispenser_sweep() sweeps. */
#define DISPENSER_RATING_UNUSABLE    UINT32_C(0x00000000) /**< Rating: not of that type, and cannot be made so. Ratings over 100 count as this. */
#define DISPENSER_RATING_PERFECT     UINT32_C(0x00000064) /**< Rating: nothing can be better; the search stops. */
#define DISPENSER_OPEN               UINT32_C(0x00000001) /**< Dispenser state: in use. */
#define DISPENSER_CLOSED             UINT32_C(0x00000002) /**< Dispenser state: closed, perhaps with callbacks still running. */
#define DISPENSER_RESOURCE_FREE_UNENLISTED UINT32_C(0x00000001) /**< Resource state: in stock, for anyone. */
#define DISPENSER_RESOURCE_FREE_ENLISTED UINT32_C(0x00000002) /**< Resource state: in stock, for objects of its transaction only. */
#define DISPENSER_RESOURCE_USED_UNENLISTED UINT32_C(0x00000003) /**< Resource state: allocated, in no transaction. */
#define DISPENSER_RESOURCE_USED_ENLISTED UINT32_C(0x00000004) /**< Resource state: allocated, enlisted in a transaction. */
#define DISPENSER_RESOURCE_TRACKED   UINT32_C(0x00000005) /**< Resource state: tracked, in no transaction. */
#define DISPENSER_RESOURCE_TRACKED_ENLISTED UINT32_C(0x00000006) /**< Resource state: tracked, enlisted in a transaction. */
#define DISPENSER_RESOURCE_AWAITING_TRANSACTION UINT32_C(0x00000007) /**< Resource state: given up; destroyed when its transaction ends. */
#define DISPENSER_RESOURCE_CREATING  UINT32_C(0x00000008) /**< Resource state: in create_resource. */
#define DISPENSER_RESOURCE_RATING    UINT32_C(0x00000009) /**< Resource state: free, and reserved for an allocation that rates. */
#define DISPENSER_RESOURCE_ENLISTING UINT32_C(0x0000000A) /**< Resource state: in enlist_resource. */
#define DISPENSER_RESOURCE_RESETTING UINT32_C(0x0000000B) /**< Resource state: in reset_resource, on its way back. */
#define DISPENSER_RESOURCE_DESTROYING UINT32_C(0x0000000C) /**< Resource state: in destroy_resource. */
#define DISPENSER_RESOURCE_WRITTEN_OFF UINT32_C(0x0000000D) /**< Resource state: in a callback that has been written off. */
#define DISPENSER_EVENT_WRITTEN_OFF  UINT32_C(0x00000003) /**< Reported: a callback took longer than callback_deadline_ms. */
#define DISPENSER_EVENT_WRITTEN_OFF_RETURNED UINT32_C(0x00000004) /**< Reported: a callback that was written off has returned after all. */

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
#define DISPENSER_DRIVER_INIT        { (uint32_t)sizeof(dispenser_driver), 0, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL, WSRT_NULL }
#define DISPENSER_OPTIONS_INIT       { (uint32_t)sizeof(dispenser_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define DISPENSER_STATS_INIT         { (uint32_t)sizeof(dispenser_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define DISPENSER_RESOURCE_INFO_INIT { (uint32_t)sizeof(dispenser_resource_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, WSRT_NULL }

#endif
