/* The server's side of TCP connections over IPv4 loopback, as the kernel lists it: proof of what is still standing
   that depends on neither the clients nor the server. */

#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>
#include <stdint.h>

struct server_socket {
    uint16_t client_port; /* whose connection it is */
    unsigned long inode;  /* which socket it is: another connection would have another */
};

/* Lists the established sockets with the local port `server_port`; their number, at most `room`, or -1 and errno. */
int server_sockets(uint16_t server_port, struct server_socket *found, int room);

#endif
