/* The libc functions that CPython needs and wasi-libc has not.
 *
 * Each does the harmless thing that a script on Linux would see, or fails with the errno that Linux
 * documents for "not supported here". None can reach outside the sandbox: they call no host function
 * beyond preview 1's. */
#include "wasi_compat.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

/* A hook is one user in a world of its own: the user and the group are both 1000, the parent is 1. */
#define HOOK_USER 1000
#define HOOK_GROUP 1000

uid_t getuid(void) { return HOOK_USER; }
uid_t geteuid(void) { return HOOK_USER; }
gid_t getgid(void) { return HOOK_GROUP; }
gid_t getegid(void) { return HOOK_GROUP; }
pid_t getppid(void) { return 1; }

/* time.clock(): there is no clock of processor time, so it counts from the start of the run. wasi-libc's own counts
 * from when the snapshot was made, by another machine's clock. */
static struct timespec run_started;

void codehook_start_clock(void) { clock_gettime(CLOCK_MONOTONIC, &run_started); }

clock_t clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (clock_t)(now.tv_sec - run_started.tv_sec) * CLOCKS_PER_SEC
        + (clock_t)(now.tv_nsec - run_started.tv_nsec) * (CLOCKS_PER_SEC / 1000000) / 1000;
}

/* wasi-libc knows no time zone but UTC. */
void tzset(void) {}

/* Error numbers as scripts know them are Linux's (asm-generic/errno.h); wasi-libc has numbers of its own. C code
 * compares the latter, by name; what goes to Python or comes from it passes through here. ENOTCAPABLE, which only
 * WASI has, reads as EPERM. */
static const struct { int wasi; int script; } error_numbers[] = {
    {E2BIG, 7},
    {EACCES, 13},
    {EADDRINUSE, 98},
    {EADDRNOTAVAIL, 99},
    {EAFNOSUPPORT, 97},
    {EAGAIN, 11},
    {EALREADY, 114},
    {EBADF, 9},
    {EBADMSG, 74},
    {EBUSY, 16},
    {ECANCELED, 125},
    {ECHILD, 10},
    {ECONNABORTED, 103},
    {ECONNREFUSED, 111},
    {ECONNRESET, 104},
    {EDEADLK, 35},
    {EDESTADDRREQ, 89},
    {EDOM, 33},
    {EDQUOT, 122},
    {EEXIST, 17},
    {EFAULT, 14},
    {EFBIG, 27},
    {EHOSTUNREACH, 113},
    {EIDRM, 43},
    {EILSEQ, 84},
    {EINPROGRESS, 115},
    {EINTR, 4},
    {EINVAL, 22},
    {EIO, 5},
    {EISCONN, 106},
    {EISDIR, 21},
    {ELOOP, 40},
    {EMFILE, 24},
    {EMLINK, 31},
    {EMSGSIZE, 90},
    {EMULTIHOP, 72},
    {ENAMETOOLONG, 36},
    {ENETDOWN, 100},
    {ENETRESET, 102},
    {ENETUNREACH, 101},
    {ENFILE, 23},
    {ENOBUFS, 105},
    {ENODEV, 19},
    {ENOENT, 2},
    {ENOEXEC, 8},
    {ENOLCK, 37},
    {ENOLINK, 67},
    {ENOMEM, 12},
    {ENOMSG, 42},
    {ENOPROTOOPT, 92},
    {ENOSPC, 28},
    {ENOSYS, 38},
    {ENOTCONN, 107},
    {ENOTDIR, 20},
    {ENOTEMPTY, 39},
    {ENOTRECOVERABLE, 131},
    {ENOTSOCK, 88},
    {ENOTSUP, 95},
    {ENOTTY, 25},
    {ENXIO, 6},
    {EOVERFLOW, 75},
    {EOWNERDEAD, 130},
    {EPERM, 1},
    {EPIPE, 32},
    {EPROTO, 71},
    {EPROTONOSUPPORT, 93},
    {EPROTOTYPE, 91},
    {ERANGE, 34},
    {EROFS, 30},
    {ESPIPE, 29},
    {ESRCH, 3},
    {ESTALE, 116},
    {ETIMEDOUT, 110},
    {ETXTBSY, 26},
    {EXDEV, 18},
};
#define ERROR_NUMBERS (sizeof(error_numbers) / sizeof(error_numbers[0]))

int codehook_linux_errno(int number)
{
    size_t i;
#ifdef ENOTCAPABLE
    if (number == ENOTCAPABLE)
        number = EPERM;
#endif
    for (i = 0; i < ERROR_NUMBERS; i++)
        if (error_numbers[i].wasi == number)
            return error_numbers[i].script;
    return number;
}

int codehook_wasi_errno(int number)
{
    size_t i;
    for (i = 0; i < ERROR_NUMBERS; i++)
        if (error_numbers[i].script == number)
            return error_numbers[i].wasi;
    return number;
}
