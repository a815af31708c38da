/* The libc functions that CPython needs and wasi-libc has not.
 *
 * Each does the harmless thing that a script on Linux would see, or fails with the errno that Linux
 * documents for "not supported here". None can reach outside the sandbox: they call no host function
 * beyond preview 1's. */
#include "wasi_compat.h"

#include <errno.h>
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

mode_t umask(mode_t mask)
{
    static mode_t current = 022;
    mode_t previous = current;
    current = mask & 0777;
    return previous;
}

/* Permission bits and owners do not exist in preview 1. Setting them on a file that exists succeeds
 * and changes nothing, so that shutil.copy and friends work; a missing file is still an error. */
static int must_exist(const char *path, int flags)
{
    struct stat st;
    return fstatat(AT_FDCWD, path, &st, flags);
}

int chmod(const char *path, mode_t mode) { (void)mode; return must_exist(path, 0); }
int chown(const char *path, uid_t o, gid_t g) { (void)o; (void)g; return must_exist(path, 0); }
int lchown(const char *path, uid_t o, gid_t g)
{
    (void)o;
    (void)g;
    return must_exist(path, AT_SYMLINK_NOFOLLOW);
}

int fchmod(int fd, mode_t mode)
{
    struct stat st;
    (void)mode;
    return fstat(fd, &st);
}

int fchown(int fd, uid_t o, gid_t g)
{
    struct stat st;
    (void)o;
    (void)g;
    return fstat(fd, &st);
}

/* Preview 1 can rename a descriptor (fd_renumber) but not share one. */
int dup(int fd)
{
    (void)fd;
    errno = ENOTSUP;
    return -1;
}

int dup2(int from, int to)
{
    struct stat st;
    if (fstat(from, &st) != 0)
        return -1;
    if (from == to)
        return to;
    errno = ENOTSUP;
    return -1;
}

/* wasi-libc knows no time zone but UTC. */
void tzset(void) {}
