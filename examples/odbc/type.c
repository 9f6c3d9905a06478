#include "type.h"

#include "wsrt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char SETTING[] = "Set.";

void type_table_init(struct type_table *table)
{
    pthread_mutex_init(&table->lock, NULL);
    table->first = NULL;
}

void type_table_end(struct type_table *table)
{
    while (table->first != NULL) {
        struct type *type = table->first;
        table->first = type->next;
        free(type->settings);
        free(type);
    }
    pthread_mutex_destroy(&table->lock);
}

static const struct type *known(const struct type_table *table, const char *text)
{
    const struct type *type = table->first;
    while (type != NULL && strcmp(type->text, text) != 0) {
        type = type->next;
    }
    return type;
}

/* The end of a KEY=VALUE, at its semicolon or at the end of the string. A value in braces may have semicolons. NULL:
   there is no such thing here. */
static const char *pair_end(const char *pair, const char **value)
{
    const char *at = pair + strcspn(pair, "=;");
    if (*at != '=' || at == pair) {
        return NULL;
    }
    *value = ++at;
    if (*at != '{') {
        return at + strcspn(at, ";");
    }
    do {
        at = strchr(at + 1, '}');
    } while (at != NULL && at[1] == '}' && *++at != '\0');
    return at != NULL && (at[1] == ';' || at[1] == '\0') ? at + 1 : NULL;
}

static bool is_name(const char *name, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789";
    return length > 0 && strspn(name, letters) >= length;
}

/* Writes SET NAME = 'VALUE'; with what SQL wants doubled. A value in braces is what they enclose. */
static bool write_setting(FILE *to, const char *pair, const char *value, const char *end)
{
    const char *name = pair + strlen(SETTING);
    size_t length = (size_t)(value - 1 - name);
    bool braces = *value == '{';
    if (!is_name(name, length)) {
        return false;
    }
    fprintf(to, "SET %.*s = '", (int)length, name);
    for (const char *at = value + braces; at < end - braces; at++) {
        /* E'' is not used, so a backslash is one. Of doubled braces one is meant. */
        if (braces && *at == '}') {
            at++;
        }
        fputs(*at == '\'' ? "''" : (const char[]){ *at, '\0' }, to);
    }
    fputs("';", to);
    return true;
}

/* Splits a connection string in what ODBC takes and the statements for the settings. */
static bool split(const char *text, FILE *plain, FILE *settings)
{
    const char *end;
    for (const char *pair = text; *pair != '\0'; pair = end + (*end == ';')) {
        const char *value;
        end = pair_end(pair, &value);
        if (end == NULL) {
            return false;
        }
        if (strncasecmp(pair, SETTING, strlen(SETTING)) != 0) {
            fprintf(plain, "%.*s;", (int)(end - pair), pair);
        } else if (!write_setting(settings, pair, value, end)) {
            return false;
        }
    }
    return true;
}

static struct type *add(struct type_table *table, const char *text, const char *settings)
{
    size_t size = strlen(text) + 1;
    struct type *type = malloc(sizeof *type + size);
    char *copy = strdup(settings);
    if (type == NULL || copy == NULL) {
        free(type);
        free(copy);
        return NULL;
    }
    memcpy(type->text, text, size);
    type->settings = copy;
    type->plain = type;
    type->next = table->first;
    table->first = type;
    return type;
}

static const struct type *make(struct type_table *table, const char *text, const char *plain, const char *settings)
{
    if (*plain == '\0') {
        return NULL;
    }
    const struct type *without = known(table, plain);
    if (without == NULL) {
        without = add(table, plain, "");
    }
    if (without == NULL || strcmp(text, plain) == 0) {
        return without;
    }
    struct type *type = add(table, text, settings);
    if (type != NULL) {
        type->plain = without;
    }
    return type;
}

const struct type *type_intern(struct type_table *table, const char *text)
{
    pthread_mutex_lock(&table->lock);
    const struct type *type = known(table, text);
    pthread_mutex_unlock(&table->lock);
    if (type != NULL) {
        return type;
    }

    char *plain = NULL;
    char *settings = NULL;
    size_t size;
    FILE *plain_file = open_memstream(&plain, &size);
    FILE *settings_file = open_memstream(&settings, &size);
    bool good = plain_file != NULL && settings_file != NULL && split(text, plain_file, settings_file);
    good &= plain_file != NULL && fclose(plain_file) == 0;
    good &= settings_file != NULL && fclose(settings_file) == 0;
    if (good) {
        pthread_mutex_lock(&table->lock);
        /* Another thread may have been first. */
        type = known(table, text);
        if (type == NULL) {
            type = make(table, text, plain, settings);
        }
        pthread_mutex_unlock(&table->lock);
    }
    free(plain);
    free(settings);
    return type;
}

uint32_t type_rating(const struct type *has, const struct type *wanted, bool in_transaction, bool requires_enlistment)
{
    if (has->plain != wanted->plain) {
        /* Another server, user, database or driver. A session changes none of these; SQL has no such statement. */
        return DISPENSER_RATING_UNUSABLE;
    }
    /* One statement makes other settings; joining a transaction is a statement, too, and another to be prepared and
       committed at its end. So what is in the transaction comes first, whatever its settings. */
    uint32_t loss = strcmp(has->settings, wanted->settings) == 0 ? 0 : 5;
    if (in_transaction) {
        return DISPENSER_RATING_PERFECT - loss;
    }
    return DISPENSER_RATING_PERFECT - 8 * loss - (requires_enlistment ? 10 : 0);
}
