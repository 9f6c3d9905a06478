/* Faults on purpose, one by its name: the tools that watch the other programs must find them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments)
{
    const char *fault = count > 1 ? arguments[1] : "none";
    volatile int number = INT_MAX;
    volatile char *block = malloc(16);
    /* Not free() by name: the compiler would find the fault first. */
    void (*volatile give_back)(void *) = free;
    int result = 0;
    if (block == NULL) {
        return 2;
    }
    if (strcmp(fault, "heap-use-after-free") == 0) {
        give_back((void *)block);
        result = block[3] == 'x';
    } else if (strcmp(fault, "signed integer overflow") == 0) {
        number = number + 1;
        give_back((void *)block);
    } else if (strcmp(fault, "leak") == 0) {
        block = NULL;
    } else {
        give_back((void *)block);
    }
    printf("%s, %d\n", fault, result);
    return 0;
}
