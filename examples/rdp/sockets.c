/* See sockets.h. */

#include "sockets.h"

#include <stdio.h>

int server_sockets(uint16_t server_port, struct server_socket *found, int room)
{
    enum { ESTABLISHED = 1 };
    FILE *table = fopen("/proc/net/tcp", "r");
    char line[256];
    int count = 0;

    if (table == NULL)
        return -1;
    while (count < room && fgets(line, sizeof line, table) != NULL) {
        unsigned local, remote, state;
        unsigned long inode;

        /* slot, local address:port, remote address:port, state, five columns that do not matter here, inode */
        if (sscanf(line, "%*d: %*x:%x %*x:%x %x %*s %*s %*s %*s %*s %lu", &local, &remote, &state, &inode) == 4 &&
            local == server_port && state == ESTABLISHED)
            found[count++] = (struct server_socket){(uint16_t)remote, inode};
    }
    fclose(table);
    return count;
}
