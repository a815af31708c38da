/* SQLite in a sandbox: a program that is alone with its files. */
#include "sqlite3.h"

#include <unistd.h>

/* How the program waits; NULL: as SQLite does. Set by the module that uses SQLite, whose threads take turns. */
int (*codehook_sqlite_sleep)(int microseconds);

static int (*plain_sleep)(sqlite3_vfs *vfs, int microseconds);

/* Straight from the host, without a file. */
static int randomness(sqlite3_vfs *vfs, int length, char *bytes)
{
    int done = 0, part;

    (void)vfs;
    for (; done < length; done += part) {
        part = length - done < 256 ? length - done : 256;
        if (getentropy(bytes + done, part) != 0)
            break;
    }
    return done;
}

static int sleep_in_turns(sqlite3_vfs *vfs, int microseconds)
{
    return codehook_sqlite_sleep != NULL ? codehook_sqlite_sleep(microseconds) : plain_sleep(vfs, microseconds);
}

/* SQLITE_EXTRA_INIT: the last thing that sqlite3_initialize() does. */
int codehook_sqlite_init(const char *unused)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    (void)unused;
    if (vfs->xSleep != sleep_in_turns)
        plain_sleep = vfs->xSleep;
    vfs->xSleep = sleep_in_turns;
    vfs->xRandomness = randomness;
    return SQLITE_OK;
}
