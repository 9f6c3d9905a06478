/*
 * A text file: a record with the log's own number, then one for each decision.
 * A crash may have left the beginning of a record at the end: nobody has acted on that, since it was never synced. Any
 * other damage stops everything, since what was said there cannot be known.
 */
#include "decisions.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

struct decisions {
    pthread_mutex_t lock;
    char *path;
    int guard; /* the file whose lock keeps other processes out */
    int fd;
    bool broken;
    uint64_t owner;
    uint64_t *committed; /* and not finished */
    size_t count;
    size_t room;
};

static void complain(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
}

bool decisions_random(uint64_t *number)
{
    return getrandom(number, sizeof *number, 0) == (ssize_t)sizeof *number;
}

static bool add(struct decisions *decisions, uint64_t transaction)
{
    if (decisions->count == decisions->room) {
        size_t room = decisions->room * 2 + 16;
        uint64_t *grown = realloc(decisions->committed, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        decisions->committed = grown;
        decisions->room = room;
    }
    decisions->committed[decisions->count++] = transaction;
    return true;
}

static bool find(const struct decisions *decisions, uint64_t transaction, size_t *at)
{
    for (*at = 0; *at < decisions->count && decisions->committed[*at] != transaction; ++*at) {
    }
    return *at < decisions->count;
}

static void take_out(struct decisions *decisions, uint64_t transaction)
{
    size_t at;
    if (find(decisions, transaction, &at)) {
        decisions->committed[at] = decisions->committed[--decisions->count];
    }
}

static bool take_in(struct decisions *decisions, const char *line, bool first)
{
    char word[16];
    uint64_t number;
    if (!record_parse(line, word, &number) || first != (strcmp(word, "owner") == 0)) {
        return false;
    }
    if (first) {
        decisions->owner = number;
    } else if (strcmp(word, "commit") == 0) {
        return add(decisions, number);
    } else if (strcmp(word, "finish") == 0) {
        take_out(decisions, number);
    } else {
        return false;
    }
    return true;
}

/* A name is durable when its directory is. */
static bool sync_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return good;
}

/* A log with nothing but its number takes the place of what is there, in one step. */
static int begin_anew(const char *path, uint64_t owner)
{
    char *fresh = NULL;
    if (asprintf(&fresh, "%s.new", path) < 0) {
        return -1;
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    bool good = fd >= 0 && record_write(fd, "owner", owner) && fdatasync(fd) == 0 && rename(fresh, path) == 0 &&
                sync_directory(path);
    free(fresh);
    if (!good && fd >= 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Reads what is there; a torn end is cut off, so that the next line begins where it should. */
static bool read_all(struct decisions *decisions)
{
    FILE *file = fopen(decisions->path, "re");
    char *line = NULL;
    size_t size = 0;
    off_t good = 0;
    bool torn = false;
    bool sound = file != NULL;
    for (ssize_t length; sound && (length = getline(&line, &size, file)) > 0;) {
        if (line[length - 1] != '\n') {
            torn = true;
            sound = length < RECORD_LONGEST;
            continue;
        }
        line[length - 1] = '\0';
        sound = take_in(decisions, line, good == 0);
        good += length;
    }
    sound = sound && !ferror(file) && good > 0;
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return sound && (!torn || (ftruncate(decisions->fd, good) == 0 && fdatasync(decisions->fd) == 0));
}

static bool keep_others_out(struct decisions *decisions)
{
    char *path = NULL;
    if (asprintf(&path, "%s.lock", decisions->path) < 0) {
        return false;
    }
    /* Of its own, since the log itself is replaced. */
    decisions->guard = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    return decisions->guard >= 0 && flock(decisions->guard, LOCK_EX | LOCK_NB) == 0;
}

struct decisions *decisions_open(const char *path)
{
    struct decisions *decisions = calloc(1, sizeof *decisions);
    if (decisions == NULL || (decisions->path = strdup(path)) == NULL) {
        free(decisions);
        return NULL;
    }
    pthread_mutex_init(&decisions->lock, NULL);
    decisions->guard = -1;
    decisions->fd = -1;
    const char *why = "another process has it, or its lock cannot be made";
    if (keep_others_out(decisions)) {
        why = strerror(errno);
        decisions->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (decisions->fd >= 0) {
            why = read_all(decisions) ? NULL : "damaged, or not a log of decisions: nothing is done";
        } else if (errno == ENOENT && decisions_random(&decisions->owner)) {
            decisions->fd = begin_anew(path, decisions->owner);
            why = decisions->fd >= 0 ? NULL : "cannot be made";
        }
    }
    if (why != NULL) {
        complain(path, why);
        decisions_close(decisions);
        return NULL;
    }
    return decisions;
}

void decisions_close(struct decisions *decisions)
{
    if (decisions->fd >= 0) {
        close(decisions->fd);
    }
    if (decisions->guard >= 0) {
        close(decisions->guard);
    }
    pthread_mutex_destroy(&decisions->lock);
    free(decisions->committed);
    free(decisions->path);
    free(decisions);
}

uint64_t decisions_owner(const struct decisions *decisions)
{
    return decisions->owner;
}

bool decisions_commit(struct decisions *decisions, uint64_t transaction)
{
    pthread_mutex_lock(&decisions->lock);
    /* Once a sync has failed, the system may have dropped what it was to write: no later one proves anything. */
    bool good = !decisions->broken && add(decisions, transaction);
    if (good && !(record_write(decisions->fd, "commit", transaction) && fdatasync(decisions->fd) == 0)) {
        complain(decisions->path, "cannot be written to; no more is decided");
        decisions->broken = true;
        good = false;
    }
    pthread_mutex_unlock(&decisions->lock);
    return good;
}

void decisions_finish(struct decisions *decisions, uint64_t transaction)
{
    pthread_mutex_lock(&decisions->lock);
    take_out(decisions, transaction);
    decisions->broken = decisions->broken || !record_write(decisions->fd, "finish", transaction);
    pthread_mutex_unlock(&decisions->lock);
}

bool decisions_sound(struct decisions *decisions)
{
    pthread_mutex_lock(&decisions->lock);
    bool sound = !decisions->broken;
    pthread_mutex_unlock(&decisions->lock);
    return sound;
}

bool decisions_has(struct decisions *decisions, uint64_t transaction)
{
    size_t at;
    pthread_mutex_lock(&decisions->lock);
    bool has = find(decisions, transaction, &at);
    pthread_mutex_unlock(&decisions->lock);
    return has;
}

bool decisions_forget(struct decisions *decisions)
{
    pthread_mutex_lock(&decisions->lock);
    int fd = decisions->broken ? -1 : begin_anew(decisions->path, decisions->owner);
    if (fd >= 0) {
        close(decisions->fd);
        decisions->fd = fd;
        decisions->count = 0;
    }
    pthread_mutex_unlock(&decisions->lock);
    return fd >= 0;
}
