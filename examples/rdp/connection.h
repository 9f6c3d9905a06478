/* An RDP connection on a thread of its own, registered with a workspace runtime for as long as it is up. */

#ifndef CONNECTION_H
#define CONNECTION_H

#include <freerdp/freerdp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <wsrt.h>

enum connection_state {
    CONNECTION_COMING,     /* not yet connected and registered */
    CONNECTION_REGISTERED, /* up; the runtime may end it */
    CONNECTION_ENDED,      /* was up; disconnected and removed */
    CONNECTION_FAILED      /* stderr says why */
};

struct connection {
    /* Where to, and as what. Set before connection_start(); the strings outlive the connection. */
    const char *workspace;
    const char *name;
    const char *host;
    uint16_t port;
    ws_runtime *runtime;

    /* The thread's; what it writes may be read once `state` says that it is there. */
    _Atomic enum connection_state state;
    uint16_t local_port;      /* from CONNECTION_REGISTERED on */
    struct timespec ended_at; /* from CONNECTION_ENDED on; CLOCK_MONOTONIC */
    freerdp *rdp;
    pthread_t thread;
};

/* Starts the thread; false and a line on stderr if there can be none. */
bool connection_start(struct connection *connection);

/* Waits for the thread to end, which it does once the connection is CONNECTION_ENDED or CONNECTION_FAILED. */
void connection_join(struct connection *connection);

#endif
