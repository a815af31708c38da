/* SQLite in a sandbox: a program that is alone with its files. */
#include "sqlite3.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>
#include "wasi.h"
#undef fcntl

/* How the program waits; NULL: as SQLite does. Set by the module that uses SQLite, whose threads take turns. */
int (*codehook_sqlite_sleep)(int microseconds);

static int (*plain_sleep)(sqlite3_vfs *vfs, int microseconds);

/* No other process can hold a lock. Connections of this one are told apart by SQLite itself, before it comes to fcntl. */
int codehook_sqlite_fcntl(int fd, int command, ...)
{
    va_list arguments;
    int result = 0;

    va_start(arguments, command);
    if (command == F_GETLK)
        va_arg(arguments, struct flock *)->l_type = F_UNLCK;
    else if (command == F_GETFD || command == F_GETFL)
        result = fcntl(fd, command);
    else if (command != F_SETLK)
        result = fcntl(fd, command, va_arg(arguments, int));
    va_end(arguments);
    return result;
}

/* There is no /dev/urandom; the time, which SQLite would take instead, may be the same in two runs. */
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
