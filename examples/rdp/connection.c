/* See connection.h. Order matters twice: register after the connection is up, and free it only after its removal. */

#include "connection.h"

#include <freerdp/gdi/gdi.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <winpr/synch.h>

#include "last_error.h"

enum { MAX_HANDLES = 64 };

static wsrt_hresult get_resource_id(void *user_data, wsrt_text *id)
{
    const struct connection *connection = user_data;

    return wsrt_text_set(id, connection->workspace, SIZE_MAX);
}

static wsrt_hresult get_resource_display_name(void *user_data, wsrt_text *name)
{
    const struct connection *connection = user_data;

    return wsrt_text_set(name, connection->name, SIZE_MAX);
}

/* Runs on the thread that disconnects, which has others to tell: wake our own thread and leave the work to it. */
static wsrt_hresult issue_disconnect(void *user_data, ws_cookie cookie)
{
    struct connection *connection = user_data;

    (void)cookie;
    return freerdp_abort_connect(connection->rdp) ? WSRT_S_OK : WSRT_E_FAIL;
}

/* Where a client with a window would draw. */
static BOOL end_paint(rdpContext *context)
{
    (void)context;
    return TRUE;
}

/* libfreerdp ends a connection whose pictures nobody takes: decode them, in memory. */
static BOOL post_connect(freerdp *rdp)
{
    rdp->update->EndPaint = end_paint;
    return gdi_init(rdp, PIXEL_FORMAT_BGRX32);
}

static void post_disconnect(freerdp *rdp)
{
    gdi_free(rdp);
}

static bool configure(const struct connection *connection)
{
    rdpSettings *settings = connection->rdp->settings;

    connection->rdp->PostConnect = post_connect;
    connection->rdp->PostDisconnect = post_disconnect;
    /* A server made for this run has a certificate that nobody can vouch for. Elsewhere: verify it. */
    return freerdp_settings_set_string(settings, FreeRDP_ServerHostname, connection->host) &&
           freerdp_settings_set_uint32(settings, FreeRDP_ServerPort, connection->port) &&
           freerdp_settings_set_bool(settings, FreeRDP_IgnoreCertificate, TRUE) &&
           freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, FALSE);
}

/* The local port of the connection's socket, which is behind one of the handles that libfreerdp waits for; 0: none. */
static uint16_t local_port(freerdp *rdp)
{
    HANDLE handles[MAX_HANDLES];
    DWORD count = freerdp_get_event_handles(rdp->context, handles, MAX_HANDLES);

    for (DWORD i = 0; i < count; i++) {
        int fd = GetEventFileDescriptor(handles[i]);
        struct sockaddr_in address;
        socklen_t size = sizeof address;

        if (fd >= 0 && getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.sin_family == AF_INET)
            return ntohs(address.sin_port);
    }
    return 0;
}

/* Returns when either side has ended the connection. */
static void serve(freerdp *rdp)
{
    while (!freerdp_shall_disconnect(rdp)) {
        HANDLE handles[MAX_HANDLES];
        DWORD count = freerdp_get_event_handles(rdp->context, handles, MAX_HANDLES);

        if (count == 0 || WaitForMultipleObjects(count, handles, FALSE, INFINITE) == WAIT_FAILED ||
            !freerdp_check_event_handles(rdp->context))
            return;
    }
}

static bool serve_registered(struct connection *connection)
{
    ws_client client = WS_CLIENT_INIT;
    ws_cookie cookie;
    wsrt_hresult hr;

    client.user_data = connection;
    client.get_resource_id = get_resource_id;
    client.get_resource_display_name = get_resource_display_name;
    client.issue_disconnect = issue_disconnect;
    hr = ws_add_resource(connection->runtime, &client, &cookie);
    if (hr < 0) {
        print_last_error("ws_add_resource", hr);
        freerdp_disconnect(connection->rdp);
        return false;
    }
    atomic_store(&connection->state, CONNECTION_REGISTERED);

    serve(connection->rdp);
    freerdp_disconnect(connection->rdp);

    /* Until this has returned, issue_disconnect may be running and uses the connection. */
    hr = ws_remove_resource(connection->runtime, cookie);
    if (hr != WSRT_S_OK) {
        print_last_error("ws_remove_resource", hr);
        return false;
    }
    return true;
}

static bool connect_and_serve(struct connection *connection)
{
    if (!configure(connection)) {
        fprintf(stderr, "error: %s: settings refused\n", connection->name);
        return false;
    }
    if (!freerdp_connect(connection->rdp)) {
        UINT32 error = freerdp_get_last_error(connection->rdp->context);
        fprintf(stderr, "error: %s: cannot connect: %s\n", connection->name, freerdp_get_last_error_string(error));
        return false;
    }
    connection->local_port = local_port(connection->rdp);
    return serve_registered(connection);
}

static void *run(void *argument)
{
    struct connection *connection = argument;
    bool ended = false;

    connection->rdp = freerdp_new();
    if (connection->rdp != NULL && freerdp_context_new(connection->rdp)) {
        ended = connect_and_serve(connection);
        freerdp_context_free(connection->rdp);
    } else {
        fprintf(stderr, "error: %s: libfreerdp gives no context\n", connection->name);
    }
    freerdp_free(connection->rdp);
    clock_gettime(CLOCK_MONOTONIC, &connection->ended_at);
    atomic_store(&connection->state, ended ? CONNECTION_ENDED : CONNECTION_FAILED);
    return NULL;
}

bool connection_start(struct connection *connection)
{
    int error = pthread_create(&connection->thread, NULL, run, connection);

    if (error != 0)
        fprintf(stderr, "error: %s: no thread: %s\n", connection->name, strerror(error));
    return error == 0;
}

void connection_join(struct connection *connection)
{
    pthread_join(connection->thread, NULL);
}
