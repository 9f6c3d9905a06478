/**
 * @file wsrt.h
 * The RemoteApp and Desktop Connection workspace runtime, and the COM+ resource dispenser.
 *
 * The workspace runtime (ws_*): a client registers its live connection and gets a cookie; when it disconnects it says
 * so; and the runtime can disconnect it by calling it back: one connection, or every connection of a workspace.
 *
 * The resource dispenser (dispenser_*): a pool of anything, whose owner supplies a driver that creates, rates, enlists,
 * resets and destroys. It keeps what is enlisted in a transaction for that transaction, and takes back what belongs to
 * an object that has ended. Types, resources, objects and transactions are numbers of yours, never followed; those of
 * objects and transactions hold in the whole process.
 *
 * What holds everywhere:
 * - Functions return a wsrt_hresult: negative is failure, WSRT_S_OK is 0. Out parameters come last and are zeroed on
 *   failure (wsrt_last_error() alone differs). wsrt_last_error() tells, per thread, which argument or callback of a
 *   ws_* or dispenser_* function was wrong and why. A pointer that must not be NULL is WSRT_E_POINTER in a ws_* and
 *   WSRT_E_INVALIDARG in a dispenser_* function.
 * - Handles are names, not addresses: one that is stale, destroyed, foreign or garbage is WSRT_E_HANDLE, never
 *   undefined behaviour. A handle inherited by fork() is WSRT_E_FORKED: the child may only destroy it, which forgets
 *   it, and make new ones; no callback and no release of the parent runs in it. A child forked inside a callback must
 *   not return from that callback.
 * - Strings are UTF-8 and NUL-terminated; those passed in are copied during the call, and NULL is the empty string.
 * - A struct begins with cb_size; its macro, the name and _INIT, sets it. Fields left 0 are as if not there. A
 *   longer struct of a newer header is taken if all that this library does not know is 0, else WSRT_E_INVALIDARG.
 * - A table of callbacks is copied during the call. Only if the call succeeds does user_data pass to the library;
 *   release(user_data) then runs exactly once, after the last callback, on any thread. The functions themselves (thunks,
 *   delegates) must stay until release has returned, or without one until a removal has returned WSRT_S_OK.
 * - No lock is held while a callback runs: from a callback every function may be called, on any object. A callback
 *   must return: it must not unwind, longjmp, exit its thread or be cancelled.
 * - Removing from outside a callback waits until no callback of the object runs; inside a callback, and in the
 *   _nowait forms, nothing waits, and WSRT_S_DEFERRED says that a callback still runs.
 * - Any function may be called from any thread. Call nothing that makes or awaits callbacks while holding a lock that
 *   one of them takes, nor from a thread that one of them waits for: finalizers use the _nowait forms.
 * - The shared library cannot be unloaded. Where the allocator fails, the process is aborted.
 *
 * "S-12", "D-7" and the like number the behaviours that the Windows pages leave open; docs/behaviour.md lists them.
 */

#ifndef WSRT_H
#define WSRT_H

/* Generated from src/ffi by `BLESS=1 cargo test --test header`. Do not edit. */

#include <stddef.h>
#include <stdint.h>
#include "wsrt_codes.h"
/* Where the functions come from: define WSRT_STATIC when linking libwsrt.a. */
#ifndef WSRT_API
#  if defined(__GNUC__) && !defined(WSRT_STATIC)
#    define WSRT_API __attribute__((visibility("default")))
#  else
#    define WSRT_API
#  endif
#endif


/**
 * A pool of resources that its owner's driver makes and ends. Made by dispenser_create().
 *
 * The pointer is a name, not an address.
 */
typedef struct dispenser dispenser;

/**
 * What a program adds to a runtime as its host. Not used in this version.
 */
typedef struct ws_host ws_host;

/**
 * A program to start on an open connection. Not used in this version.
 */
typedef struct ws_program ws_program;

/**
 * A workspace runtime: who is connected, and the way to disconnect them. Made by ws_runtime_create().
 *
 * The pointer is a name, not an address.
 */
typedef struct ws_runtime ws_runtime;

/**
 * Takes a string of a callback; a name that holds until that callback returns.
 *
 * Set it with wsrt_text_set().
 */
typedef struct wsrt_text wsrt_text;

/**
 * A result: negative is failure. Laid out as an HRESULT; print it as 0x%08X.
 */
typedef int32_t wsrt_hresult;

/**
 * Names a type of resources. The library compares it and passes it on, and never follows it; 0 names nothing.
 */
typedef size_t dispenser_restypid;

/**
 * Names one resource of one dispenser; often its address. The driver chooses it; 0 names nothing.
 */
typedef size_t dispenser_resid;

/**
 * Names a registration: a DWORD, never 0. A later registration has the higher cookie until the count wraps.
 */
typedef uint32_t ws_cookie;

/**
 * What a client with a live connection answers to. WS_CLIENT_INIT sets cb_size.
 */
typedef struct ws_client {
  /**
   * sizeof(ws_client)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * Passed to every function of this table.
   */
  void *user_data;
  /**
   * Sets the id of the workspace that the connection belongs to; required. Called once, during Add, on its thread.
   * A failure or an empty id fails the Add; the last error then says why wsrt_text_set() refused it, if it did.
   */
  wsrt_hresult (*get_resource_id)(void *user_data,
                                  struct wsrt_text *id);
  /**
   * Sets the name to show; may be NULL. Called once, during Add, on its thread. A failure gives the empty name and a
   * message in the log.
   */
  wsrt_hresult (*get_resource_display_name)(void *user_data,
                                            struct wsrt_text *name);
  /**
   * Ends the connection; required. The registration stays until it is removed, which may be done in here.
   * WSRT_RPC_E_DISCONNECTED and WSRT_CO_E_OBJNOTCONNECTED: it is gone already, and the registration is dropped.
   * Never runs twice at once for one registration.
   */
  wsrt_hresult (*issue_disconnect)(void *user_data,
                                   ws_cookie cookie);
  /**
   * Runs once, after the last callback, when the registration has ended; may be NULL.
   */
  void (*release)(void *user_data);
  /**
   * Sets the server's name; may be NULL. Not called in this version.
   */
  wsrt_hresult (*get_server)(void *user_data,
                             struct wsrt_text *server);
  /**
   * Starts a program on the connection; may be NULL. Not called in this version.
   */
  wsrt_hresult (*start_program)(void *user_data,
                                ws_cookie cookie,
                                const struct ws_program *program);
} ws_client;

/**
 * A GUID, laid out as everywhere. Fixed for ever, so it has no cb_size.
 */
typedef struct wsrt_guid {
  /**
   * First eight digits.
   */
  uint32_t data1;
  /**
   * Next four digits.
   */
  uint16_t data2;
  /**
   * Next four digits.
   */
  uint16_t data3;
  /**
   * Last sixteen digits.
   */
  uint8_t data4[8];
} wsrt_guid;

/**
 * Names an object that runs in the process; best its address. 0: none.
 */
typedef size_t dispenser_instid;

/**
 * Names a transaction in the whole process; best the address of an object of yours. 0: none.
 */
typedef size_t dispenser_transid;

/**
 * Whom ws_disconnect_ex() disconnects: exactly one of cookie, workspace_id, friendly_name, or WS_DISCONNECT_ALL.
 * WS_DISCONNECT_INIT sets cb_size.
 */
typedef struct ws_disconnect {
  /**
   * sizeof(ws_disconnect)
   */
  uint32_t cb_size;
  /**
   * WS_DISCONNECT_*
   */
  uint32_t flags;
  /**
   * One registration; 0: not selected by this.
   */
  ws_cookie cookie;
  /**
   * How long to wait for one client, in ms, where library threads make the calls; 0: the runtime's
   * disconnect_deadline_ms; WSRT_INFINITE: without limit.
   */
  uint32_t deadline_ms;
  /**
   * Every registration of this workspace; NULL or "": not selected by this.
   */
  const char *workspace_id;
  /**
   * Every registration with this display name; NULL or "": not selected by this.
   */
  const char *friendly_name;
} ws_disconnect;

/**
 * What became of one client. The library sets cb_size; strings are UTF-8 and valid during the callback.
 */
typedef struct ws_disconnect_report {
  /**
   * What the library knows of this struct.
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * Names the registration; it may be gone.
   */
  ws_cookie cookie;
  /**
   * WS_OUTCOME_*
   */
  uint32_t outcome;
  /**
   * The process that it lives in.
   */
  uint32_t process_id;
  /**
   * What issue_disconnect answered; WSRT_S_OK where it did not.
   */
  wsrt_hresult result;
  /**
   * How long it took, or was waited for, in microseconds.
   */
  uint64_t elapsed_us;
  /**
   * The id of its workspace.
   */
  const char *workspace_id;
  /**
   * Its display name, or "".
   */
  const char *display_name;
} ws_disconnect_report;

/**
 * Sees what became of one client. WSRT_S_OK goes on; WSRT_S_FALSE or a failure stops the showing.
 */
typedef wsrt_hresult (*ws_disconnect_visitor)(void *user_data,
                                              const struct ws_disconnect_report *report);

/**
 * Figures of a dispenser. DISPENSER_STATS_INIT sets cb_size.
 */
typedef struct dispenser_stats {
  /**
   * sizeof(dispenser_stats)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * DISPENSER_OPEN or DISPENSER_CLOSED
   */
  uint32_t state;
  /**
   * Resources in stock, in no transaction.
   */
  uint32_t free_unenlisted;
  /**
   * Resources in stock for their transactions only.
   */
  uint32_t free_enlisted;
  /**
   * Resources allocated, in no transaction; being reset counts.
   */
  uint32_t used_unenlisted;
  /**
   * Resources allocated and enlisted; being reset counts.
   */
  uint32_t used_enlisted;
  /**
   * Resources tracked.
   */
  uint32_t tracked;
  /**
   * Resources given up that are destroyed when their transaction ends.
   */
  uint32_t awaiting_transaction;
  /**
   * Calls of create_resource that run.
   */
  uint32_t creating;
  /**
   * Calls of destroy_resource that run.
   */
  uint32_t destroying;
  /**
   * Callbacks written off that have not returned.
   */
  uint32_t written_off;
  /**
   * 0 in this version: nobody waits.
   */
  uint32_t waiting;
  /**
   * The most resources in use at once, as seen now and then while there came to be more, and
   * when this was asked.
   */
  uint32_t peak_used;
  /**
   * 0 in this version.
   */
  uint32_t peak_waiting;
  /**
   * 0
   */
  uint32_t reserved;
  /**
   * What create_resource answered last.
   */
  wsrt_hresult last_create_result;
  /**
   * 0
   */
  uint32_t reserved2;
  /**
   * Resources handed out.
   */
  uint64_t allocs;
  /**
   * Resources that came back, also by DISPENSER_AUTO_RECLAIM.
   */
  uint64_t frees;
  /**
   * Resources created.
   */
  uint64_t creates;
  /**
   * Calls of create_resource that failed, or whose id was not taken.
   */
  uint64_t create_failures;
  /**
   * Resources destroyed.
   */
  uint64_t destroys;
  /**
   * Calls of destroy_resource and destroy_resource_s that failed.
   */
  uint64_t destroy_failures;
  /**
   * Calls of reset_resource that failed.
   */
  uint64_t reset_failures;
  /**
   * Calls of enlist_resource for a transaction that failed.
   */
  uint64_t enlist_failures;
  /**
   * 0 in this version.
   */
  uint64_t waits;
  /**
   * 0 in this version.
   */
  uint64_t wait_timeouts;
  /**
   * 0 in this version.
   */
  uint64_t wait_total_us;
  /**
   * 0 in this version.
   */
  uint64_t wait_max_us;
  /**
   * How long the resource that is in use longest has been so, in ms, as sweeps saw it.
   */
  uint64_t longest_hold_ms;
  /**
   * Who allocated that one: the system's number of the thread.
   */
  uint64_t longest_hold_thread;
} dispenser_stats;

/**
 * A resource as it was at one moment. DISPENSER_RESOURCE_INFO_INIT sets cb_size where you ask for one.
 */
typedef struct dispenser_resource_info {
  /**
   * sizeof(dispenser_resource_info)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * DISPENSER_RESOURCE_*
   */
  uint32_t state;
  /**
   * How long it may be idle, in seconds; negative: for ever.
   */
  int32_t secs_free_before_destroy;
  /**
   * Since when it is there, in ms.
   */
  uint64_t age_ms;
  /**
   * How long it has been in that state, in ms, as sweeps saw it; 0 before the first that did. The end of a
   * transaction does not start it anew.
   */
  uint64_t state_age_ms;
  /**
   * How often it has been allocated.
   */
  uint64_t uses;
  /**
   * Who allocated or tracked it last: the system's number of the thread.
   */
  uint64_t thread_id;
  /**
   * The resource; 0 if a string names it, or while it is being created.
   */
  dispenser_resid resid;
  /**
   * The type that it was last allocated for; 0 for a tracked one.
   */
  dispenser_restypid restypid;
  /**
   * The object that has it; 0: none.
   */
  dispenser_instid instid;
  /**
   * The transaction that it is enlisted in; 0: none.
   */
  dispenser_transid transid;
  /**
   * 0 in this version.
   */
  size_t holder_tag;
  /**
   * The string that names a tracked resource, in a callback only; else NULL.
   */
  const char *sresid;
} dispenser_resource_info;

/**
 * Sees resources one by one; WSRT_S_OK goes on, WSRT_S_FALSE and failures stop.
 */
typedef wsrt_hresult (*dispenser_resource_visitor)(void *user_data,
                                                   const struct dispenser_resource_info *info);

/**
 * Where the library's messages go. Set with wsrt_set_log(); WSRT_LOG_INIT sets cb_size.
 */
typedef struct wsrt_log {
  /**
   * sizeof(wsrt_log)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * The highest WSRT_LOG_* level wanted; 0: WSRT_LOG_INFO.
   */
  uint32_t max_level;
  /**
   * 0
   */
  uint32_t reserved;
  /**
   * Passed to both functions.
   */
  void *user_data;
  /**
   * Takes a message; required. Runs on the thread that caused it, on several at once, with no lock held. level is a
   * WSRT_LOG_*, target "wsrt"; target and message are UTF-8 and valid during the call.
   */
  void (*write)(void *user_data,
                uint32_t level,
                const char *target,
                const char *message);
  /**
   * Runs once, after the last write; may be NULL.
   */
  void (*release)(void *user_data);
} wsrt_log;

/**
 * A registration as it was at one moment. The library sets cb_size; strings are UTF-8 and valid during the callback.
 */
typedef struct ws_resource_info {
  /**
   * What the library knows of this struct.
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * Names the registration.
   */
  ws_cookie cookie;
  /**
   * WS_STATE_*
   */
  uint32_t state;
  /**
   * The process that it lives in.
   */
  uint32_t process_id;
  /**
   * What issue_disconnect answered last; WSRT_S_OK before that.
   */
  wsrt_hresult last_result;
  /**
   * Since it was registered, in ms, with the resolution of the system's tick.
   */
  uint64_t age_ms;
  /**
   * Since it has this state, in ms.
   */
  uint64_t state_age_ms;
  /**
   * From ws_add_resource_ex(); else zero.
   */
  struct wsrt_guid correlation_id;
  /**
   * The id of its workspace.
   */
  const char *workspace_id;
  /**
   * Its display name, or "".
   */
  const char *display_name;
} ws_resource_info;

/**
 * Who is told of changes. WS_OBSERVER_INIT sets cb_size.
 */
typedef struct ws_observer {
  /**
   * sizeof(ws_observer)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * Passed to every function of this table.
   */
  void *user_data;
  /**
   * Sees a WS_CHANGE_*; required. In order per cookie; first a WS_CHANGE_ADDED for each that was there already.
   * Never runs twice at once for one observer; on any thread that changes something, with no lock held. That call may
   * return before its change has been seen, and may deliver the changes of others; release of a client may run
   * before its WS_CHANGE_REMOVED is seen.
   */
  void (*changed)(void *user_data,
                  uint32_t change,
                  const struct ws_resource_info *info);
  /**
   * Sees the link to the host come and go; may be NULL. Not called in this version.
   */
  void (*link_changed)(void *user_data,
                       uint32_t state);
  /**
   * Runs once, after the last callback; may be NULL.
   */
  void (*release)(void *user_data);
} ws_observer;

/**
 * What the owner of a pool does for it. DISPENSER_DRIVER_INIT sets cb_size.
 *
 * Each is called with no lock held, on the thread of the call that needs it or, in a sweep, on a thread of the library;
 * each may call every function, also on the dispenser that calls it. Several may run at once, but only one for one
 * resource. One that takes longer than callback_deadline_ms is written off: what it brings late is cleaned up.
 */
typedef struct dispenser_driver {
  /**
   * sizeof(dispenser_driver)
   */
  uint32_t cb_size;
  /**
   * 0
   */
  uint32_t flags;
  /**
   * Passed to every function of this table.
   */
  void *user_data;
  /**
   * Makes a resource of a type; required. Sets *resid, which must not be 0 nor the id of another that this dispenser
   * has, pooled or tracked: else the resource is not taken, nothing is called for it, and the alloc fails with
   * WSRT_E_INVALIDARG. May set *secs_free_before_destroy, how long it may lie idle, in seconds: 0 until the next
   * sweep; negative, or left alone, for ever. A failure is what the alloc returns.
   */
  wsrt_hresult (*create_resource)(void *user_data,
                                  dispenser_restypid restypid,
                                  dispenser_resid *resid,
                                  int32_t *secs_free_before_destroy);
  /**
   * Says how well a free resource would do for a type: *rating from 0, unusable, to DISPENSER_RATING_PERFECT, which
   * ends the search. A failure and more than 100 count as 0. requires_enlistment is 1 if it would have to be enlisted
   * first. Every free resource is offered, of whatever type. NULL: types are values, equal ones fit.
   */
  wsrt_hresult (*rate_resource)(void *user_data,
                                dispenser_restypid restypid,
                                dispenser_resid resid,
                                int32_t requires_enlistment,
                                uint32_t *rating);
  /**
   * Enlists a resource in a transaction; transid 0: sees to it that it is in none. WSRT_S_FALSE: it is not one for
   * transactions, and is handed out all the same. After a failure, and only then, it is called again with transid 0;
   * if that fails too, the resource is destroyed. Nothing is called when a transaction ends: who remembers it in the
   * resource clears that before dispenser_transaction_ended(). NULL: WSRT_S_FALSE, always.
   */
  wsrt_hresult (*enlist_resource)(void *user_data,
                                  dispenser_resid resid,
                                  dispenser_transid transid);
  /**
   * Makes a resource as good as new on its way back. A transaction that it is enlisted in goes on: its work must be
   * left alone. A failure fails the free, and the resource stays its user's. NULL: nothing to do.
   */
  wsrt_hresult (*reset_resource)(void *user_data,
                                 dispenser_resid resid);
  /**
   * Ends a resource. Its id may be used again from then on, also before this returns. A failure is logged, and the
   * resource forgotten; only dispenser_destroy_resource() keeps it then. NULL: WSRT_E_NOTIMPL.
   */
  wsrt_hresult (*destroy_resource)(void *user_data,
                                   dispenser_resid resid);
  /**
   * Ends a resource that is tracked by a string, which is valid during the call. NULL: WSRT_E_NOTIMPL.
   */
  wsrt_hresult (*destroy_resource_s)(void *user_data,
                                     const char *sresid);
  /**
   * Runs once, after the last callback; may be NULL.
   */
  void (*release)(void *user_data);
  /**
   * Sees a DISPENSER_EVENT_*; may be NULL. Info is valid during the call.
   */
  void (*report)(void *user_data,
                 uint32_t event,
                 const struct dispenser_resource_info *info);
} dispenser_driver;

/**
 * Settings of a dispenser; every field may be 0. DISPENSER_OPTIONS_INIT sets cb_size.
 *
 * All zero is what the Windows pages describe: no limit, no waiting, a sweep every 10 s.
 */
typedef struct dispenser_options {
  /**
   * sizeof(dispenser_options)
   */
  uint32_t cb_size;
  /**
   * DISPENSER_AUTO_RECLAIM, DISPENSER_NO_POOLING, DISPENSER_MANUAL_SWEEP
   */
  uint32_t flags;
  /**
   * Not used in this version; 0: as many as are wanted.
   */
  uint32_t max_resources;
  /**
   * Not used in this version; 0.
   */
  uint32_t max_waiters;
  /**
   * Not used in this version; 0: nobody waits.
   */
  uint32_t wait_timeout_ms;
  /**
   * How often a thread of the library sweeps, in ms; 0: 10,000; WSRT_INFINITE: never.
   */
  uint32_t sweep_interval_ms;
  /**
   * Not used in this version; 0: resources have no greatest age.
   */
  uint32_t max_lifetime_s;
  /**
   * Not used in this version; 0.
   */
  uint32_t jitter_percent;
  /**
   * After how long a callback is written off, in ms, as sweeps see it; 0 or WSRT_INFINITE: never.
   */
  uint32_t callback_deadline_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t leak_threshold_ms;
  /**
   * Not used in this version; 0: a close does not wait for what is in use.
   */
  uint32_t close_deadline_ms;
  /**
   * How long a close waits for running callbacks, in ms; 0 or WSRT_INFINITE: without limit.
   */
  uint32_t drain_timeout_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t max_creating;
  /**
   * Not used in this version; 0.
   */
  uint32_t create_backoff_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t create_backoff_max_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t fail_fast_after;
  /**
   * Not used in this version; 0.
   */
  uint32_t fail_fast_ms;
  /**
   * 0
   */
  uint32_t reserved;
} dispenser_options;

/**
 * Sees one registration. WSRT_S_OK goes on; WSRT_S_FALSE or a failure stops.
 */
typedef wsrt_hresult (*ws_resource_visitor)(void *user_data,
                                            const struct ws_resource_info *info);

/**
 * Settings of a runtime; every field may be 0. WS_RUNTIME_OPTIONS_INIT sets cb_size.
 */
typedef struct ws_runtime_options {
  /**
   * sizeof(ws_runtime_options)
   */
  uint32_t cb_size;
  /**
   * WS_RUNTIME_*
   */
  uint32_t flags;
  /**
   * How many clients a ws_disconnect_* tells at a time, each on a thread of the library (which takes none of
   * SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGWINCH), 64 at most; 0: one after another, on the calling thread. A thread whose client misses its deadline stays with it and is
   * replaced: n clients that hang keep n threads. Inside a callback, and where no thread can be had, the calling
   * thread is used, without a deadline.
   */
  uint32_t disconnect_threads;
  /**
   * How long a ws_disconnect_* on library threads waits for one client, in ms; 0: 5,000; WSRT_INFINITE: without
   * limit.
   */
  uint32_t disconnect_deadline_ms;
  /**
   * How long a removal waits for running callbacks, in ms; 0 or WSRT_INFINITE: without limit.
   */
  uint32_t drain_timeout_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t connect_timeout_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t reconnect_max_ms;
  /**
   * Not used in this version; 0.
   */
  uint32_t linger_ms;
  /**
   * Not used in this version; NULL: a runtime in this process.
   */
  const char *address;
  /**
   * Not used in this version; NULL.
   */
  const struct ws_host *host;
} ws_runtime_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Allocates a resource of a type: a free one that will do, else a new one.
 *
 * Free resources are offered to rate_resource, those in the caller's transaction first, then those in none, each kind
 * by what was freed last; the best is taken, 100 at once. If none is above 0, create_resource makes one. In a
 * transaction (dispenser_set_context()) the resource is enlisted unless it is already.
 *
 * @param      dispenser  in: the dispenser
 * @param      restypid   in: the type wanted, not 0; passed on, never followed
 * @param[out] resid      the resource; 0 on failure
 * @retval WSRT_S_OK           allocated
 * @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: what was created has been destroyed
 * @retval WSRT_E_FAIL         enlist_resource failed, or gave the resource up
 * @retval WSRT_E_FORKED       dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG   restypid is 0, resid is NULL, or create_resource set an id that is 0 or in use already
 * @retval WSRT_MTXDM_E_ENLISTRESOURCEFAILED  enlist_resource answered that
 * @retval WSRT_E_OUTOFMEMORY  no memory for another resource
 * @retval WSRT_E_OVERDUE      a callback took longer than callback_deadline_ms; what it left has been destroyed
 * @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what create_resource failed with
 * @par Ownership
 * The resource is the caller's until dispenser_free_resource(), on any thread, or dispenser_destroy_resource().
 * @par Threads
 * Any. Never waits for another thread.
 * @par Callbacks
 * rate_resource, create_resource, enlist_resource, on this thread; destroy_resource for what has to be undone.
 * @par Re-entrancy
 * May be called inside any callback, also of this dispenser.
 * @par Source
 * IHolder::AllocResource; Resource Dispenser Resource Allocation Process. D-1, D-6 to D-14, D-33, D-34, D-41, D-42,
 * D-46, D-48, D-49.
 */
WSRT_API
wsrt_hresult dispenser_alloc_resource(struct dispenser *dispenser,
                                      dispenser_restypid restypid,
                                      dispenser_resid *resid);

/**
 * Gives an allocated resource back.
 *
 * reset_resource runs before the resource is in stock again. What is enlisted stays in stock for its transaction alone
 * until that ends. With DISPENSER_NO_POOLING the resource is destroyed instead, at the end of its transaction if it is
 * in one.
 *
 * @param dispenser  in: the dispenser
 * @param resid      in: the resource, allocated by whomever
 * @retval WSRT_S_OK          back in stock; or with DISPENSER_NO_POOLING, or as dispenser was closed meanwhile, given to
 *                            destroy_resource, whatever that answered
 * @retval WSRT_E_CLOSED      dispenser is closed: the resource is the caller's to destroy
 * @retval WSRT_E_FAIL        reset_resource failed: the resource is still allocated; or it gave the resource up
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  resid is 0, or names no resource of this dispenser that is in use
 * @retval WSRT_E_OVERDUE     a callback took longer than callback_deadline_ms; the resource has been destroyed
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * The resource is the dispenser's again.
 * @par Threads
 * Any, also another than the one that allocated.
 * @par Callbacks
 * reset_resource, on this thread; destroy_resource for what cannot be kept.
 * @par Re-entrancy
 * May be called inside any callback, also of this dispenser.
 * @par Source
 * IHolder::FreeResource. D-19 to D-22, D-50.
 */
WSRT_API
wsrt_hresult dispenser_free_resource(struct dispenser *dispenser,
                                     dispenser_resid resid);

/**
 * Takes a resource out of the pool and has it destroyed.
 *
 * For example because it was found broken. One that is free or in use, and in no transaction, is destroyed now. One that is enlisted is out of circulation at
 * once and destroyed when its transaction ends. One that is in a callback is destroyed when that returns.
 *
 * @param dispenser  in: the dispenser
 * @param resid      in: the resource, free or in use; whoever asks gives it up for its user, too
 * @retval WSRT_S_OK          destroyed, or out of circulation and destroyed later
 * @retval WSRT_E_CLOSED      dispenser is closed
 * @retval WSRT_E_FAIL        destroy_resource failed: the resource is as before
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  resid is 0, or names no resource of this dispenser that is free or in use
 * @retval WSRT_E_NOTIMPL     the driver has no destroy_resource, or it answered that: the resource is as before
 * @retval WSRT_E_OVERDUE     destroy_resource took longer than callback_deadline_ms
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * After success nobody may use or free the resource.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource, on this thread or on the one that ends the transaction.
 * @par Re-entrancy
 * May be called inside any callback, also of this dispenser and for the resource that it is about.
 * @par Source
 * IHolder::RequestDestroyResource. D-23, D-40.
 */
WSRT_API
wsrt_hresult dispenser_destroy_resource(struct dispenser *dispenser,
                                        dispenser_resid resid);

/**
 * Registers a live connection and gives it a cookie.
 *
 * Asks the client for the id of its workspace and for its display name, once, before the cookie is there. From then
 * on the runtime may call issue_disconnect: *cookie is written before that can happen, which may be before this
 * function returns.
 *
 * @param      runtime  in: the runtime
 * @param      client   in: the client's table, copied
 * @param[out] cookie   names the registration; 0 on failure
 * @retval WSRT_S_OK           registered
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime, or was destroyed meanwhile
 * @retval WSRT_E_INVALIDARG   client has a bad cb_size, unknown flags or no required callback, or
 *                             get_resource_id set no id
 * @retval WSRT_E_OUTOFMEMORY  8,388,608 registrations live
 * @retval WSRT_E_POINTER      client or cookie is NULL
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what get_resource_id answered
 * @par Ownership
 * user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * get_resource_id, then get_resource_display_name, on this thread; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; a fan-out at work does not call a client added meanwhile.
 * @par Source
 * IWorkspaceRegistration::AddResource. S-1, S-3, S-5, S-8, S-9, S-10, S-38, S-39.
 */
WSRT_API
wsrt_hresult ws_add_resource(struct ws_runtime *runtime,
                             const struct ws_client *client,
                             ws_cookie *cookie);

/**
 * Registers a live connection like ws_add_resource(), with what helps diagnosis.
 *
 * @param      runtime                   in: the runtime
 * @param      client                    in: the client's table, copied
 * @param      event_log_upload_address  in: kept for diagnosis only; UTF-8, at most 4,096 bytes, may be NULL
 * @param      correlation_id            in: the session's id, shown in ws_resource_info; NULL: all zero
 * @param[out] cookie                    names the registration; 0 on failure
 * @retval WSRT_S_OK           registered
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime, or was destroyed meanwhile
 * @retval WSRT_E_INVALIDARG   client has a bad cb_size, unknown flags or no required callback,
 *                             event_log_upload_address is not UTF-8 or too long, or get_resource_id set no id
 * @retval WSRT_E_OUTOFMEMORY  8,388,608 registrations live
 * @retval WSRT_E_POINTER      client or cookie is NULL
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what get_resource_id answered
 * @par Ownership
 * user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * get_resource_id, then get_resource_display_name, on this thread; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; a fan-out at work does not call a client added meanwhile.
 * @par Source
 * IWorkspaceRegistration2::AddResourceEx. S-26, and as ws_add_resource().
 */
WSRT_API
wsrt_hresult ws_add_resource_ex(struct ws_runtime *runtime,
                                const struct ws_client *client,
                                const char *event_log_upload_address,
                                const struct wsrt_guid *correlation_id,
                                ws_cookie *cookie);

/**
 * Says that a registered connection is gone.
 *
 * Waits, outside callbacks, up to drain_timeout_ms until no callback of the registration runs any more.
 *
 * @param runtime  in: the runtime
 * @param cookie   in: the registration
 * @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
 * @retval WSRT_S_DEFERRED    removed inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
 *                            no further one will start, the last to leave releases
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
 *                            nothing about calls in flight
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback, also in the client's own issue_disconnect.
 * @par Source
 * IWorkspaceRegistration::RemoveResource. S-2, S-4, S-7, S-27.
 */
WSRT_API
wsrt_hresult ws_remove_resource(struct ws_runtime *runtime,
                                ws_cookie cookie);

/**
 * Says that a registered connection is gone, but never waits.
 *
 * For finalizers and for threads that a callback may wait for.
 *
 * @param runtime  in: the runtime
 * @param cookie   in: the registration
 * @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
 * @retval WSRT_S_DEFERRED    removed while a callback of it runs; no further one will start, the last to leave
 *                            releases
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
 *                            nothing about calls in flight
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release.
 * @par Threads
 * Any.
 * @par Callbacks
 * release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback, also in the client's own issue_disconnect.
 * @par Source
 * Ours; as ws_remove_resource().
 */
WSRT_API
wsrt_hresult ws_remove_resource_nowait(struct ws_runtime *runtime,
                                       ws_cookie cookie);

/**
 * Says that a registered connection is gone, like ws_remove_resource().
 *
 * @param runtime         in: the runtime
 * @param cookie          in: the registration, from either form of Add
 * @param correlation_id  in: accepted and not looked at; may be NULL
 * @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
 * @retval WSRT_S_DEFERRED    removed inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
 *                            no further one will start, the last to leave releases
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
 *                            nothing about calls in flight
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback, also in the client's own issue_disconnect.
 * @par Source
 * IWorkspaceRegistration2::RemoveResourceEx. S-4, S-26.
 */
WSRT_API
wsrt_hresult ws_remove_resource_ex(struct ws_runtime *runtime,
                                   ws_cookie cookie,
                                   const struct wsrt_guid *correlation_id);

/**
 * Tells for which object, and in which transaction, the calling thread runs.
 *
 * @param[out] instid   the object; 0: none
 * @param[out] transid  the transaction; 0: none, or it has ended
 * @retval WSRT_S_OK           told
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   instid or transid is NULL
 * @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * Numbers only: nothing changes hands.
 * @par Threads
 * Any; each has a context of its own.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback, where it tells what the thread was set to.
 * @par Source
 * IDispenserManager::GetContext. D-1, D-30, D-31.
 */
WSRT_API
wsrt_hresult dispenser_get_context(dispenser_instid *instid,
                                   dispenser_transid *transid);

/**
 * Sets for which object and in which transaction the calling thread runs.
 *
 * What it allocates or tracks belongs to that object and is enlisted in that transaction. A transaction begins when it
 * is first named and must be ended by dispenser_transaction_ended(); the same number later is another one.
 *
 * @param instid   in: the object; 0: none
 * @param transid  in: the transaction; 0: none
 * @retval WSRT_S_OK           set
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_OUTOFMEMORY  no memory for another transaction, or the system takes no fork handler; the context
 *                             is as before
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * Numbers only: nothing changes hands.
 * @par Threads
 * Any; each has a context of its own, which ends with it.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback, and stays set when that returns.
 * @par Source
 * Ours; stands for the context of COM+. D-32.
 */
WSRT_API
wsrt_hresult dispenser_set_context(dispenser_instid instid,
                                   dispenser_transid transid);

/**
 * Says that an object has ended.
 *
 * Every dispenser gives up what it tracks for it; those with DISPENSER_AUTO_RECLAIM take back what was allocated for it.
 * What cannot be reset is destroyed. An object that nothing is known of is no error.
 *
 * @param instid  in: the object; not 0
 * @retval WSRT_S_OK           done, whatever the callbacks answered
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   instid is 0
 * @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * What the object held is its dispensers' again.
 * @par Threads
 * Any; not beside calls of that object.
 * @par Callbacks
 * reset_resource, destroy_resource and destroy_resource_s, on this thread: dispensers in order of creation, resources in
 * order of allocation.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Automatic Resource Reclamation. D-19, D-32, D-43, D-44.
 */
WSRT_API
wsrt_hresult dispenser_instance_ended(dispenser_instid instid);

/**
 * Says that a transaction is aborting: nothing more is begun in it.
 *
 * A transaction that nothing is known of is no error.
 *
 * @param transid  in: the transaction; not 0
 * @retval WSRT_S_OK           done
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   transid is 0
 * @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IHolder::AllocResource, on E_FAIL. D-32, D-33.
 */
WSRT_API
wsrt_hresult dispenser_transaction_aborting(dispenser_transid transid);

/**
 * Says that a transaction has ended: what was enlisted in it is free of it.
 *
 * What is in stock is anyone's again; what is in use stays in use; what waited for the end is destroyed. No
 * enlist_resource is called. Call it when
 * the work of the transaction has been committed or rolled back on every resource. Threads still set to it run in no
 * transaction. A transaction that nothing is known of is no error.
 *
 * @param transid    in: the transaction; not 0
 * @param committed  in: not 0: committed, 0: aborted; makes no difference to the pool
 * @retval WSRT_S_OK           done, whatever the callbacks answered
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   transid is 0
 * @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource for what waited, on this thread: dispensers in order of creation, resources in order of allocation.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Enlisting a Resource in a Transaction. D-22, D-23, D-32, D-34.
 */
WSRT_API
wsrt_hresult dispenser_transaction_ended(dispenser_transid transid,
                                         int32_t committed);

/**
 * Disconnects one registered connection.
 *
 * Calls its issue_disconnect; the registration stays until the client removes it. May be repeated.
 *
 * @param runtime  in: the runtime
 * @param cookie   in: the registration
 * @retval WSRT_S_OK           told, and it answered with success, or was dead and has been dropped
 * @retval WSRT_S_FALSE        it is being told already
 * @retval WSRT_E_ABORT        the runtime was destroyed meanwhile
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG   cookie names no live registration
 * @retval WSRT_E_TIMEOUT      on library threads: it did not answer before disconnect_deadline_ms
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what issue_disconnect answered
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * issue_disconnect, and release of a client that ends, on this thread or on one of the library (disconnect_threads);
 * changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; it then uses the calling thread.
 * @par Source
 * Ours; IWorkspaceClientExt::IssueDisconnect. S-14, S-27, S-28.
 */
WSRT_API
wsrt_hresult ws_disconnect_resource(struct ws_runtime *runtime,
                                    ws_cookie cookie);

/**
 * Disconnects every registered connection of a workspace.
 *
 * Calls issue_disconnect of each, oldest first; the others are called whatever one answers. Registrations made
 * meanwhile are not called, those removed before their turn neither.
 *
 * @param runtime       in: the runtime
 * @param workspace_id  in: the id, compared byte by byte; UTF-8, at most 4,096 bytes
 * @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
 * @retval WSRT_S_FALSE        all are being told already
 * @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
 * @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG   workspace_id is NULL, empty, too long or not UTF-8
 * @retval WSRT_E_TIMEOUT      on library threads: one did not answer before disconnect_deadline_ms
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  the failure of the oldest registration that failed
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
 * changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; it then uses the calling thread.
 * @par Source
 * IWorkspaceScriptable::DisconnectWorkspace. S-11 to S-16, S-27, S-28.
 */
WSRT_API
wsrt_hresult ws_disconnect_workspace(struct ws_runtime *runtime,
                                     const char *workspace_id);

/**
 * Disconnects every registered connection with a display name.
 *
 * As ws_disconnect_workspace(), by the name that get_resource_display_name gave.
 *
 * @param runtime        in: the runtime
 * @param friendly_name  in: the name, compared byte by byte; UTF-8, at most 4,096 bytes
 * @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
 * @retval WSRT_S_FALSE        all are being told already
 * @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
 * @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG   friendly_name is NULL, empty, too long or not UTF-8
 * @retval WSRT_E_TIMEOUT      on library threads: one did not answer before disconnect_deadline_ms
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  the failure of the oldest registration that failed
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
 * changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; it then uses the calling thread.
 * @par Source
 * IWorkspaceScriptable::DisconnectWorkspaceByFriendlyName. S-42 (b), and as ws_disconnect_workspace().
 */
WSRT_API
wsrt_hresult ws_disconnect_workspace_by_friendly_name(struct ws_runtime *runtime,
                                                      const char *friendly_name);

/**
 * Disconnects whom a selection names and reports on each.
 *
 * The reports come when all is over, oldest registration first. A visitor that stops with WSRT_S_FALSE hides the
 * failure of a client from the result; the reports have it.
 *
 * @param runtime    in: the runtime
 * @param selection  in: whom, and how long to wait for each
 * @param visitor    in: sees what became of each client; may be NULL
 * @param user_data  in: passed to visitor; stays the caller's
 * @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
 * @retval WSRT_S_FALSE        all are being told already, or visitor stopped with WSRT_S_FALSE
 * @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
 * @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called, or not shown
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG   selection has a bad cb_size or unknown flags, selects in no way or in several, its
 *                             cookie names no live registration, or a string is too long or not UTF-8
 * @retval WSRT_E_OUTOFMEMORY  no memory for all the reports
 * @retval WSRT_E_POINTER      selection is NULL
 * @retval WSRT_E_TIMEOUT      on library threads: one did not answer before its deadline
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what visitor stopped with, else the failure of the oldest registration that failed
 * @par Ownership
 * The report and its strings are the library's and valid during the call of visitor.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
 * then visitor, on this thread; changed of observers; write of the log.
 * @par Re-entrancy
 * May be called inside any callback; it then uses the calling thread.
 * @par Source
 * Ours; as ws_disconnect_workspace().
 */
WSRT_API
wsrt_hresult ws_disconnect_ex(struct ws_runtime *runtime,
                              const struct ws_disconnect *selection,
                              ws_disconnect_visitor visitor,
                              void *user_data);

/**
 * Tells the figures of a dispenser.
 *
 * @param      dispenser  in: the dispenser, open or closed
 * @param[out] stats      its cb_size says how much room there is; all 0 on failure but cb_size
 * @retval WSRT_S_OK          told; cb_size says how much is known
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  stats is NULL or has a bad cb_size
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any. Looks at every resource while others go on: the figures of one call may be of moments that lie apart.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult dispenser_get_stats(struct dispenser *dispenser,
                                 struct dispenser_stats *stats);

/**
 * Tells about one resource.
 *
 * @param      dispenser  in: the dispenser
 * @param      resid      in: the resource, pooled or tracked
 * @param[out] info       its cb_size says how much room there is; all 0 on failure but cb_size
 * @retval WSRT_S_OK          told; cb_size says how much is known
 * @retval WSRT_E_CLOSED      dispenser is closed
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  resid is 0 or names no resource of this dispenser; info is NULL or has a bad cb_size
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult dispenser_get_resource_info(struct dispenser *dispenser,
                                         dispenser_resid resid,
                                         struct dispenser_resource_info *info);

/**
 * Shows every resource of a dispenser, oldest first.
 *
 * From one snapshot: each resource at most once, none that was made after the call began.
 *
 * @param dispenser  in: the dispenser, open or closed
 * @param visitor    in: called for each
 * @param user_data  in: passed to visitor; stays the caller's
 * @retval WSRT_S_OK           all were shown
 * @retval WSRT_S_FALSE        visitor stopped with WSRT_S_FALSE
 * @retval WSRT_E_FORKED       dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG   visitor is NULL
 * @retval WSRT_E_OUTOFMEMORY  no memory for the snapshot
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what visitor stopped with
 * @par Ownership
 * Info and its string are the library's and valid during the call of visitor.
 * @par Threads
 * Any.
 * @par Callbacks
 * visitor, on this thread, with no lock held.
 * @par Re-entrancy
 * May be called inside any callback; visitor may call everything.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult dispenser_enum_resources(struct dispenser *dispenser,
                                      dispenser_resource_visitor visitor,
                                      void *user_data);

/**
 * Tells the version of the library.
 *
 * @return "major.minor.patch", a static string, never NULL
 * @par Ownership
 * The library's; valid for ever.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
const char *wsrt_version(void);

/**
 * Tells the version of the interface that the library offers.
 *
 * A program built against WSRT_ABI_VERSION can use a library whose high half is the same and whose low half is not
 * smaller.
 *
 * @return as WSRT_ABI_VERSION
 * @par Ownership
 * Nothing is owned.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
uint32_t wsrt_abi_version(void);

/**
 * Tells the name of a result code.
 *
 * @param hr  in: any number
 * @return its name, such as "WSRT_E_HANDLE", or "unknown"; a static string, never NULL
 * @par Ownership
 * The library's; valid for ever.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
const char *wsrt_hresult_name(wsrt_hresult hr);

/**
 * Tells why the last call of this thread failed.
 *
 * Every failing call sets it, every succeeding one clears it, wsrt_* functions leave it alone. Calls made inside a
 * callback do not disturb that of the call which made the callback. Call twice to learn the size first. *code and
 * *needed are written whatever this returns.
 *
 * @param[out] code      the code that the call returned, WSRT_S_OK if it succeeded; may be NULL
 * @param[out] buffer    room for the text; may be NULL if capacity is 0
 * @param      capacity  in: its size in bytes
 * @param[out] needed    the size of the text in bytes with its NUL; may be NULL
 * @retval WSRT_S_OK          the text is there, UTF-8; it names the function and the argument or callback
 * @retval WSRT_E_MORE_DATA   the buffer is too small; it holds the empty string
 * @retval WSRT_E_POINTER     buffer is NULL and capacity is not 0
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * The caller keeps the buffer.
 * @par Threads
 * Any; each thread has its own last error.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult wsrt_last_error(wsrt_hresult *code,
                             char *buffer,
                             size_t capacity,
                             size_t *needed);

/**
 * Sets where the library's messages go, or takes the log away.
 *
 * The one before is released; outside callbacks this waits, without limit, until it writes no more. Messages that a
 * log callback causes on its own thread are dropped. Like every wsrt_* function this sets no last error.
 *
 * @param log  in: the table, copied; NULL: no log
 * @retval WSRT_S_OK          set, and nothing of the log before runs any more: its release has run
 * @retval WSRT_S_DEFERRED    set inside a callback while the log before was writing; the last to leave releases it
 * @retval WSRT_E_INVALIDARG  log has a bad cb_size, unknown flags, no write, max_level over WSRT_LOG_TRACE, or a
 *                            reserved field that is not 0
 * @retval WSRT_E_FAIL        the system gives no random numbers
 * @retval WSRT_E_OUTOFMEMORY the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data passes to the library on success; release(user_data) gives it back.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for. One log for the
 * whole process; a child of fork() begins without one.
 * @par Callbacks
 * release of the log before, on this thread or on the last that leaves it.
 * @par Re-entrancy
 * May be called inside any callback, also inside write.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult wsrt_set_log(const struct wsrt_log *log);

/**
 * Has an observer told of every change in a runtime.
 *
 * First comes a WS_CHANGE_ADDED for each registration that is there, then what happens, in order per cookie.
 *
 * @param      runtime       in: the runtime
 * @param      observer      in: the observer's table, copied
 * @param[out] subscription  names the subscription; written before the first callback; 0 on failure
 * @retval WSRT_S_OK          subscribed
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  observer has a bad cb_size, unknown flags or no changed
 * @retval WSRT_E_POINTER     observer or subscription is NULL
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for. An observer that
 * lets 1,048,576 changes wait is unsubscribed: the log says so, and release runs.
 * @par Callbacks
 * changed, on this thread and later on any thread that changes something; release when it is overrun.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult ws_subscribe(struct ws_runtime *runtime,
                          const struct ws_observer *observer,
                          uint32_t *subscription);

/**
 * Ends a subscription.
 *
 * Changes not yet delivered are dropped. Waits, outside callbacks, up to drain_timeout_ms until changed does not run
 * any more.
 *
 * @param runtime       in: the runtime
 * @param subscription  in: the subscription
 * @retval WSRT_S_OK          ended: no callback of it runs or will, release has run
 * @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while changed runs; the last to
 *                            leave releases
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  subscription names no live subscription, or another thread has just ended it, which
 *                            proves nothing about calls in flight
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * release of the observer, on this thread or on the last that leaves it.
 * @par Re-entrancy
 * May be called inside any callback, also in the observer's own.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult ws_unsubscribe(struct ws_runtime *runtime,
                            uint32_t subscription);

/**
 * Ends a subscription, but never waits.
 *
 * For finalizers and for threads that a callback may wait for.
 *
 * @param runtime       in: the runtime
 * @param subscription  in: the subscription
 * @retval WSRT_S_OK          ended: no callback of it runs or will, release has run
 * @retval WSRT_S_DEFERRED    ended while changed runs; the last to leave releases
 * @retval WSRT_E_FORKED      runtime was inherited by fork()
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
 * @retval WSRT_E_INVALIDARG  subscription names no live subscription, or another thread has just ended it, which
 *                            proves nothing about calls in flight
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release.
 * @par Threads
 * Any.
 * @par Callbacks
 * release of the observer, on this thread or on the last that leaves it.
 * @par Re-entrancy
 * May be called inside any callback, also in the observer's own.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult ws_unsubscribe_nowait(struct ws_runtime *runtime,
                                   uint32_t subscription);

/**
 * Makes a resource dispenser: a pool, and the driver that fills it.
 *
 * Nothing of the driver is called. The same driver or name may be given again: each call makes a pool of its own.
 *
 * @param      driver     in: the driver's table, copied
 * @param      name       in: for people, in the log; NULL is empty
 * @param      options    in: settings, copied; NULL: all defaults
 * @param[out] dispenser  the new dispenser; NULL on failure
 * @retval WSRT_S_OK           made
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   driver is NULL, or it or options has a bad cb_size or unknown flags, or there is no
 *                             create_resource; name is not UTF-8 or longer than 4,096 bytes; dispenser is NULL
 * @retval WSRT_E_NOTIMPL      options asks for what this version does not offer
 * @retval WSRT_E_OUTOFMEMORY  1,048,576 dispensers live, or the system takes no fork handler
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * user_data passes to the library on success; release(user_data) gives it back when the dispenser is closed. On
 * failure it stays the caller's. The caller owns the dispenser and ends it with dispenser_destroy().
 * @par Threads
 * Any. Unless DISPENSER_MANUAL_SWEEP is set, the first dispenser starts a thread of the library, which ends with the
 * last; it starts others when there is something to destroy.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IDispenserManager::RegisterDispenser. D-1 to D-5, D-17, D-29.
 */
WSRT_API
wsrt_hresult dispenser_create(const struct dispenser_driver *driver,
                              const char *name,
                              const struct dispenser_options *options,
                              struct dispenser **dispenser);

/**
 * Closes a dispenser: destroys its stock and gives the driver back.
 *
 * What is in stock is destroyed, what is in use or tracked is forgotten: its user destroys it. From the first moment
 * every other call is WSRT_E_CLOSED, but those that ask for options, figures and the list. Waits up to drain_timeout_ms until no callback of the dispenser runs any more; a
 * call that is in one undoes what it began. The handle stays until dispenser_destroy().
 *
 * @param dispenser  in: the dispenser
 * @retval WSRT_S_OK          closed, whatever destroy_resource answered: no callback of it runs or will, release has
 *                            run
 * @retval WSRT_S_DEFERRED    closed inside a callback, or drain_timeout_ms ran out, while a callback of it runs; the
 *                            last to leave releases
 * @retval WSRT_E_CLOSED      closed already, which proves nothing about calls in flight
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release. Resources in use or tracked are their users'.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * destroy_resource for what is in stock, on this thread, in the order in which one thread gave it back; release, on this
 * thread or on the last that leaves.
 * @par Re-entrancy
 * May be called inside any callback, also one of this dispenser.
 * @par Source
 * IHolder::Close. D-24 to D-28.
 */
WSRT_API
wsrt_hresult dispenser_close(struct dispenser *dispenser);

/**
 * Closes a dispenser like dispenser_close(), but never waits.
 *
 * For finalizers and for threads that a callback may wait for.
 *
 * @param dispenser  in: the dispenser
 * @retval WSRT_S_OK          closed, whatever destroy_resource answered: no callback of it runs or will, release has
 *                            run
 * @retval WSRT_S_DEFERRED    closed while a callback of it runs; the last to leave releases
 * @retval WSRT_E_CLOSED      closed already, which proves nothing about calls in flight
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release. Resources in use or tracked are their users'.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource for what is in stock, on this thread, in the order in which one thread gave it back; release, on this
 * thread or on the last that leaves.
 * @par Re-entrancy
 * May be called inside any callback, also one of this dispenser.
 * @par Source
 * Ours. D-24 to D-28.
 */
WSRT_API
wsrt_hresult dispenser_close_nowait(struct dispenser *dispenser);

/**
 * Ends a dispenser, and closes it first if it is still open.
 *
 * The handle is dead at once, for every thread. Waits like dispenser_close().
 *
 * @param dispenser  in: the dispenser; NULL is allowed
 * @retval WSRT_S_OK          ended: no callback of it runs or will, release has run; or inherited by fork(), and
 *                            forgotten without any callback
 * @retval WSRT_S_FALSE       dispenser is NULL
 * @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while a callback of it runs; the
 *                            last to leave releases
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser, or another thread is ending it
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release. Resources in use or tracked are their users'.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * Those of dispenser_close(), if it is still open.
 * @par Re-entrancy
 * May be called inside any callback, also one of this dispenser.
 * @par Source
 * The last IHolder::Release. D-28.
 */
WSRT_API
wsrt_hresult dispenser_destroy(struct dispenser *dispenser);

/**
 * Ends a dispenser like dispenser_destroy(), but never waits.
 *
 * For finalizers and for threads that a callback may wait for.
 *
 * @param dispenser  in: the dispenser; NULL is allowed
 * @retval WSRT_S_OK          ended: no callback of it runs or will, release has run; or inherited by fork(), and
 *                            forgotten without any callback
 * @retval WSRT_S_FALSE       dispenser is NULL
 * @retval WSRT_S_DEFERRED    ended while a callback of it runs; the last to leave releases
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser, or another thread is ending it
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * user_data comes back through release. Resources in use or tracked are their users'.
 * @par Threads
 * Any.
 * @par Callbacks
 * Those of dispenser_close(), if it is still open.
 * @par Re-entrancy
 * May be called inside any callback, also one of this dispenser.
 * @par Source
 * Ours. D-28.
 */
WSRT_API
wsrt_hresult dispenser_destroy_nowait(struct dispenser *dispenser);

/**
 * Destroys what has been idle too long, and writes off overdue callbacks.
 *
 * A library thread does this every sweep_interval_ms; with DISPENSER_MANUAL_SWEEP only this function does. Idle time
 * runs from the first sweep that sees a resource free, so nothing goes early. What is enlisted stays.
 *
 * @param dispenser  in: the dispenser
 * @param now_ms     in: what time it is, in ms; 0: the system's clock since it was started, time asleep included;
 *                   else only with DISPENSER_MANUAL_SWEEP, and not earlier than in the last sweep: do not mix 0
 *                   and times of your own
 * @retval WSRT_S_OK          swept
 * @retval WSRT_S_FALSE       not done: called inside a callback
 * @retval WSRT_E_CLOSED      dispenser is closed
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  now_ms is not allowed, or goes back
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource, in the order in which one thread gave things back, and report, on this thread.
 * @par Re-entrancy
 * May be called inside any callback, where it does nothing.
 * @par Source
 * COM+ Dispenser Manager. D-14 to D-17.
 */
WSRT_API
wsrt_hresult dispenser_sweep(struct dispenser *dispenser,
                             uint64_t now_ms);

/**
 * Tells the settings of a dispenser, with the defaults filled in.
 *
 * @param      dispenser  in: the dispenser, open or closed
 * @param[out] options    its cb_size says how much room there is; all 0 on failure but cb_size
 * @retval WSRT_S_OK          told; cb_size says how much is known
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  options is NULL or has a bad cb_size
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Nothing changes hands.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours.
 */
WSRT_API
wsrt_hresult dispenser_get_options(struct dispenser *dispenser,
                                   struct dispenser_options *options);

/**
 * Shows every registration of a runtime, oldest first.
 *
 * From one snapshot: each registration at most once, none that was made after the call began. One that is removed
 * while a callback of it runs is shown as WS_STATE_LEAVING.
 *
 * @param runtime    in: the runtime
 * @param visitor    in: called for each
 * @param user_data  in: passed to visitor; stays the caller's
 * @retval WSRT_S_OK           all were shown
 * @retval WSRT_S_FALSE        visitor stopped with WSRT_S_FALSE
 * @retval WSRT_E_ABORT        the runtime was destroyed meanwhile
 * @retval WSRT_E_FORKED       runtime was inherited by fork()
 * @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
 * @retval WSRT_E_OUTOFMEMORY  no memory for the snapshot
 * @retval WSRT_E_POINTER      visitor is NULL
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @retval <0                  what visitor stopped with
 * @par Ownership
 * Info and its strings are the library's and valid during the call of visitor.
 * @par Threads
 * Any.
 * @par Callbacks
 * visitor, on this thread, with no lock held.
 * @par Re-entrancy
 * May be called inside any callback; visitor may call everything.
 * @par Source
 * Ours. S-12 (order).
 */
WSRT_API
wsrt_hresult ws_enum_resources(struct ws_runtime *runtime,
                               ws_resource_visitor visitor,
                               void *user_data);

/**
 * Makes a workspace runtime in this process.
 *
 * @param      options  in: settings, copied; NULL: all defaults
 * @param[out] runtime  the new runtime; NULL on failure
 * @retval WSRT_S_OK           made
 * @retval WSRT_E_FAIL         the system gives no random numbers
 * @retval WSRT_E_INVALIDARG   options has a bad cb_size or unknown flags
 * @retval WSRT_E_NOTIMPL      options asks for what this version does not offer
 * @retval WSRT_E_OUTOFMEMORY  1,048,576 runtimes live, or the system takes no fork handler
 * @retval WSRT_E_POINTER      runtime is NULL
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * The caller owns the runtime and ends it with ws_runtime_destroy().
 * @par Threads
 * Any. The library starts threads only in a ws_disconnect_* with disconnect_threads, and for an observer that changes
 * outrun; each ends when its work is done.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours; stands for creating the coclass Workspace. S-37.
 */
WSRT_API
wsrt_hresult ws_runtime_create(const struct ws_runtime_options *options,
                               struct ws_runtime **runtime);

/**
 * Ends a runtime: releases every client without disconnecting it.
 *
 * The handle is dead at once, for every thread. Registrations and subscriptions end with it, clients are released
 * and not called (S-41). Waits up to drain_timeout_ms until no callback of the runtime runs any more.
 *
 * @param runtime  in: the runtime; NULL is allowed
 * @retval WSRT_S_OK          ended: no callback of it runs or will, every release has run; or inherited by fork(),
 *                            and forgotten without any callback
 * @retval WSRT_S_FALSE       runtime is NULL
 * @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
 *                            the last to leave releases what it leaves
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime, or another thread is ending it
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Every user_data given to the runtime comes back through its release.
 * @par Threads
 * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
 * @par Callbacks
 * release of every client and observer, on this thread or on the last that leaves it.
 * @par Re-entrancy
 * May be called inside any callback, also one of this runtime; a ws_disconnect_* that is at work returns
 * WSRT_E_ABORT.
 * @par Source
 * Ours; stands for the last Release of the runtime object. S-41.
 */
WSRT_API
wsrt_hresult ws_runtime_destroy(struct ws_runtime *runtime);

/**
 * Ends a runtime like ws_runtime_destroy(), but never waits.
 *
 * For finalizers and for threads that a callback may wait for.
 *
 * @param runtime  in: the runtime; NULL is allowed
 * @retval WSRT_S_OK          ended: no callback of it runs or will, every release has run; or inherited by fork(),
 *                            and forgotten without any callback
 * @retval WSRT_S_FALSE       runtime is NULL
 * @retval WSRT_S_DEFERRED    ended while a callback of it runs; the last to leave releases what it leaves
 * @retval WSRT_E_HANDLE      runtime is not the name of a live runtime, or another thread is ending it
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * Every user_data given to the runtime comes back through its release.
 * @par Threads
 * Any.
 * @par Callbacks
 * release of every client and observer, on this thread or on the last that leaves it.
 * @par Re-entrancy
 * May be called inside any callback, also one of this runtime.
 * @par Source
 * Ours. S-41.
 */
WSRT_API
wsrt_hresult ws_runtime_destroy_nowait(struct ws_runtime *runtime);

/**
 * Gives the library the string that a callback was asked for.
 *
 * @param text  in: the name that the callback was given; holds until it returns, on its thread
 * @param utf8  in: the string, copied; NULL is the empty string; at most 4,096 bytes
 * @param len   in: its length in bytes; SIZE_MAX: up to its NUL
 * @retval WSRT_S_OK          taken; a second call replaces the first
 * @retval WSRT_E_HANDLE      text is not the name of a sink of a callback that this thread is in
 * @retval WSRT_E_INVALIDARG  utf8 is not UTF-8, has a NUL inside or is too long; what was set before stays
 * @retval WSRT_E_POINTER     utf8 is NULL and len is neither 0 nor SIZE_MAX
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * The caller keeps utf8.
 * @par Threads
 * The thread of the callback only.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * Made to be called inside a callback; nested callbacks each have their own sink.
 * @par Source
 * Ours; stands for the [out] BSTR of IWorkspaceClientExt::GetResourceId and GetResourceDisplayName (S-38).
 */
WSRT_API
wsrt_hresult wsrt_text_set(struct wsrt_text *text,
                           const char *utf8,
                           size_t len);

/**
 * Watches a resource made elsewhere, for the object that now runs.
 *
 * It never comes into stock. It is destroyed when its object ends (dispenser_instance_ended()) or when it is untracked
 * so, but not before its transaction has ended. In a transaction it is enlisted.
 *
 * @param dispenser  in: the dispenser
 * @param resid      in: the resource; not 0, and none that the dispenser knows
 * @retval WSRT_S_OK           tracked
 * @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: not tracked
 * @retval WSRT_E_FAIL         enlist_resource failed: not tracked
 * @retval WSRT_E_FORKED       dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG   resid is 0, or known to the dispenser already
 * @retval WSRT_E_OUTOFMEMORY  no memory for another resource
 * @retval WSRT_E_OVERDUE      enlist_resource took longer than callback_deadline_ms: not tracked
 * @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting: not tracked
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * The dispenser destroys the resource, unless it is untracked without that or the dispenser is closed first.
 * @par Threads
 * Any.
 * @par Callbacks
 * enlist_resource, on this thread.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IHolder::TrackResource; Tracking Non-Allocated Resources. D-33, D-35.
 */
WSRT_API
wsrt_hresult dispenser_track_resource(struct dispenser *dispenser,
                                      dispenser_resid resid);

/**
 * Watches a resource for an object and a transaction that are named.
 *
 * @param dispenser  in: the dispenser
 * @param resid      in: the resource; not 0, and none that the dispenser knows
 * @param instid     in: the object; 0: none, then only an untrack or a close ends the watch
 * @param transid    in: the transaction; 0: none
 * @retval WSRT_S_OK           tracked
 * @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: not tracked
 * @retval WSRT_E_FAIL         enlist_resource failed: not tracked
 * @retval WSRT_E_FORKED       dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG   resid is 0, or known to the dispenser already
 * @retval WSRT_E_OUTOFMEMORY  no memory for another resource or transaction
 * @retval WSRT_E_OVERDUE      enlist_resource took longer than callback_deadline_ms: not tracked
 * @retval WSRT_E_TX_ABORTING  the transaction is aborting: not tracked
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * The dispenser destroys the resource, unless it is untracked without that or the dispenser is closed first.
 * @par Threads
 * Any.
 * @par Callbacks
 * enlist_resource, on this thread.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * Ours, after IHolder::TrackResource. D-33, D-35.
 */
WSRT_API
wsrt_hresult dispenser_track_resource_ex(struct dispenser *dispenser,
                                         dispenser_resid resid,
                                         dispenser_instid instid,
                                         dispenser_transid transid);

/**
 * Watches a resource that a string describes, for the object that now runs.
 *
 * Strings are compared byte by byte and never enlisted.
 *
 * @param dispenser  in: the dispenser
 * @param sresid     in: the resource, copied; not empty, and none that the dispenser knows
 * @retval WSRT_S_OK           tracked
 * @retval WSRT_E_CLOSED       dispenser is closed: not tracked
 * @retval WSRT_E_FORKED       dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG   sresid is NULL, empty, not UTF-8, longer than 4,096 bytes, or known to the dispenser
 * @retval WSRT_E_OUTOFMEMORY  no memory for another resource
 * @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting: not tracked
 * @retval WSRT_E_UNEXPECTED   a fault inside the library
 * @par Ownership
 * The caller keeps sresid; destroy_resource_s is given the dispenser's copy.
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IHolder::TrackResourceS. D-36, D-37.
 */
WSRT_API
wsrt_hresult dispenser_track_resource_s(struct dispenser *dispenser,
                                        const char *sresid);

/**
 * Ends the watch over a resource, and destroys it if that is asked for.
 *
 * @param dispenser  in: the dispenser
 * @param resid      in: the resource
 * @param destroy    in: not 0: destroy_resource is called, now or when its transaction ends; 0: the caller destroys it
 * @retval WSRT_S_OK          not tracked any more
 * @retval WSRT_E_CLOSED      dispenser is closed
 * @retval WSRT_E_FAIL        destroy_resource failed; the resource is not tracked any more all the same
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  resid is 0, or names no tracked resource
 * @retval WSRT_E_OVERDUE     destroy_resource took longer than callback_deadline_ms
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * With destroy 0 the resource is the caller's.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource, on this thread or on the one that ends the transaction.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IHolder::UntrackResource. D-38 to D-40.
 */
WSRT_API
wsrt_hresult dispenser_untrack_resource(struct dispenser *dispenser,
                                        dispenser_resid resid,
                                        int32_t destroy);

/**
 * Ends the watch over a resource that a string describes.
 *
 * @param dispenser  in: the dispenser
 * @param sresid     in: the resource
 * @param destroy    in: not 0: destroy_resource_s is called; 0: the caller destroys it
 * @retval WSRT_S_OK          not tracked any more
 * @retval WSRT_E_CLOSED      dispenser is closed
 * @retval WSRT_E_FAIL        destroy_resource_s failed; the resource is not tracked any more all the same
 * @retval WSRT_E_FORKED      dispenser was inherited by fork()
 * @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
 * @retval WSRT_E_INVALIDARG  sresid is NULL, empty, not UTF-8 or longer than 4,096 bytes, or names no tracked resource
 * @retval WSRT_E_OVERDUE     destroy_resource_s took longer than callback_deadline_ms
 * @retval WSRT_E_UNEXPECTED  a fault inside the library
 * @par Ownership
 * With destroy 0 the resource is the caller's.
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource_s, on this thread.
 * @par Re-entrancy
 * May be called inside any callback.
 * @par Source
 * IHolder::UntrackResourceS. D-37, D-39, D-40.
 */
WSRT_API
wsrt_hresult dispenser_untrack_resource_s(struct dispenser *dispenser,
                                          const char *sresid,
                                          int32_t destroy);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WSRT_H */
