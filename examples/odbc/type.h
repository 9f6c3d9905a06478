/*
 * What a program asks the pool for: a connection string. Equal strings are one type, whose address is the number that
 * the dispenser compares and passes on.
 *
 * Beside what ODBC knows, a string may have Set.NAME=VALUE: a setting of the session, made with SET NAME = 'VALUE'.
 * ODBC does not see those. Two strings that differ in nothing else name sessions that can take each other's place.
 */
#ifndef TYPE_H
#define TYPE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct type {
    struct type *next;
    const struct type *plain; /* the type without settings, each part ended by a semicolon; or this one */
    char *settings;           /* statements that make them; "" */
    char text[];
};

/* Types live as long as their table: a program has few of them, however often it asks. */
struct type_table {
    pthread_mutex_t lock;
    struct type *first;
};

void type_table_init(struct type_table *table);
void type_table_end(struct type_table *table);

/* The one type of a string; NULL: not a connection string, or no memory. */
const struct type *type_intern(struct type_table *table, const char *text);

/* How well a session that has been made for one type would do for another. */
uint32_t type_rating(const struct type *has, const struct type *wanted, bool in_transaction, bool requires_enlistment);

#endif
