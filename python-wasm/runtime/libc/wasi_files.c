/* Linux's file functions over preview 1 and the host's own calls: open flags with Linux's numbers, copies of
 * descriptors, pipes, permission bits, memory maps. docs/guest-abi.md describes the host's calls. */
#include "wasi_compat.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("codehook"), import_name(name)))

IMPORT("fd_dup") int host_fd_dup(int fd, int at_least);
IMPORT("fd_dup_to") int host_fd_dup_to(int from, int to);
IMPORT("fd_mode") int host_fd_mode(int fd);
IMPORT("fd_set_mode") int host_fd_set_mode(int fd, unsigned mode);
IMPORT("path_mode") int host_path_mode(const char *path, size_t len, int follow);
IMPORT("path_set_mode") int host_path_set_mode(const char *path, size_t len, unsigned mode);
IMPORT("umask") int host_umask(unsigned mask);
IMPORT("create_mode") int host_create_mode(unsigned mode);
IMPORT("pipe") int host_pipe(int *descriptors);
IMPORT("tmp_space") int host_tmp_space(uint64_t *numbers);

#define USUAL_MODE (~0u)

/* The host answers the negative of an error number. */
static int answer(int result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

/* The host knows no working directory. NULL when the path would be too long. */
static const char *absolute(const char *path, char *buffer)
{
    size_t len;
    if (path[0] == '/')
        return path;
    if (path[0] == '\0') {
        errno = ENOENT;
        return NULL;
    }
    if (getcwd(buffer, PATH_MAX) == NULL)
        return NULL;
    len = strlen(buffer);
    if (len + 1 + strlen(path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    buffer[len] = '/';
    strcpy(buffer + len + 1, path);
    return buffer;
}

/* Flags of open() and fcntl(), Linux's (asm-generic/fcntl.h) and wasi-libc's. */
static const struct { int script; int wasi; } flags[] = {
    {CODEHOOK_O_CREAT, O_CREAT},
    {CODEHOOK_O_EXCL, O_EXCL},
    {CODEHOOK_O_TRUNC, O_TRUNC},
    {CODEHOOK_O_APPEND, O_APPEND},
    {CODEHOOK_O_NONBLOCK, O_NONBLOCK},
    {CODEHOOK_O_DIRECTORY, O_DIRECTORY},
    {CODEHOOK_O_NOFOLLOW, O_NOFOLLOW},
};
#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static int wasi_flags(int script)
{
    int wasi;
    size_t i;
    switch (script & CODEHOOK_O_ACCMODE) {
    case CODEHOOK_O_RDONLY: wasi = O_RDONLY; break;
    case CODEHOOK_O_WRONLY: wasi = O_WRONLY; break;
    default: wasi = O_RDWR; break;
    }
    for (i = 0; i < FLAGS; i++)
        if (script & flags[i].script)
            wasi |= flags[i].wasi;
    return wasi;
}

static int script_flags(int wasi)
{
    int script;
    size_t i;
    switch (wasi & O_RDWR) {
    case O_RDWR: script = CODEHOOK_O_RDWR; break;
    case O_WRONLY: script = CODEHOOK_O_WRONLY; break;
    default: script = CODEHOOK_O_RDONLY; break;
    }
    for (i = 0; i < FLAGS; i++)
        if (flags[i].wasi & wasi)
            script |= flags[i].script;
    return script;
}

int codehook_open(const char *path, int script, ...)
{
    int fd;
    if (script & CODEHOOK_O_CREAT) {
        va_list rest;
        va_start(rest, script);
        host_create_mode(va_arg(rest, unsigned) & 07777);
        va_end(rest);
    }
    fd = open(path, wasi_flags(script));
    if (script & CODEHOOK_O_CREAT)
        host_create_mode(USUAL_MODE);
    return fd;
}

int codehook_fcntl(int fd, int command, ...)
{
    struct stat st;
    va_list rest;
    int argument, result;

    va_start(rest, command);
    argument = va_arg(rest, int);
    va_end(rest);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return argument < 0 ? (errno = EINVAL, -1) : answer(host_fd_dup(fd, argument));
    case F_GETFL:
        result = fcntl(fd, F_GETFL);
        return result < 0 ? result : script_flags(result);
    case F_SETFL:
        return fcntl(fd, F_SETFL, wasi_flags(argument) & (O_APPEND | O_NONBLOCK));
    case F_GETFD:
    case F_SETFD:
        /* There is no exec that would close it. */
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        /* Nobody else has the file. F_GETLK leaves the question as it is, but for the type. */
        if (fstat(fd, &st) != 0)
            return -1;
        if (command == F_GETLK)
            ((struct flock *)(intptr_t)argument)->l_type = F_UNLCK;
        return 0;
    }
    errno = EINVAL;
    return -1;
}

/* No file is a device that knows requests. */
int __wrap_ioctl(int fd, int request, ...)
{
    struct stat st;
    (void)request;
    if (fstat(fd, &st) == 0)
        errno = ENOTTY;
    return -1;
}

int flock(int fd, int operation)
{
    struct stat st;
    (void)operation;
    return fstat(fd, &st);
}

int dup(int fd) { return answer(host_fd_dup(fd, 0)); }
int dup2(int from, int to) { return to < 0 ? (errno = EBADF, -1) : answer(host_fd_dup_to(from, to)); }
int pipe(int descriptors[2]) { return answer(host_pipe(descriptors)); }
mode_t umask(mode_t mask) { return (mode_t)host_umask(mask); }

int codehook_chmod(const char *path, mode_t mode)
{
    char buffer[PATH_MAX];
    path = absolute(path, buffer);
    return path == NULL ? -1 : answer(host_path_set_mode(path, strlen(path), mode));
}

int codehook_fchmod(int fd, mode_t mode) { return answer(host_fd_set_mode(fd, mode)); }

/* What preview 1 leaves out of a stat: permission bits, owner, blocks. */
#define DEVICE_OF_TMP 2
static void complete(struct stat *st, int mode)
{
    st->st_mode = (mode_t)mode;
    st->st_uid = st->st_dev == DEVICE_OF_TMP ? getuid() : 0;
    st->st_gid = st->st_dev == DEVICE_OF_TMP ? getgid() : 0;
    st->st_blksize = 4096;
    st->st_blocks = (st->st_size + 511) / 512;
}

int __real_stat(const char *path, struct stat *st);
int __real_lstat(const char *path, struct stat *st);
int __real_fstat(int fd, struct stat *st);

static int with_mode(const char *path, struct stat *st, int follow)
{
    char buffer[PATH_MAX];
    int mode;
    path = absolute(path, buffer);
    if (path == NULL || (mode = answer(host_path_mode(path, strlen(path), follow))) < 0)
        return -1;
    complete(st, mode);
    return 0;
}

int __wrap_stat(const char *path, struct stat *st)
{
    return __real_stat(path, st) != 0 ? -1 : with_mode(path, st, 1);
}

int __wrap_lstat(const char *path, struct stat *st)
{
    return __real_lstat(path, st) != 0 ? -1 : with_mode(path, st, 0);
}

int __wrap_fstat(int fd, struct stat *st)
{
    int mode;
    if (__real_fstat(fd, st) != 0 || (mode = answer(host_fd_mode(fd))) < 0)
        return -1;
    complete(st, mode);
    return 0;
}

int __wrap_access(const char *path, int wanted)
{
    struct stat st;
    unsigned bits;
    if (__wrap_stat(path, &st) != 0)
        return -1;
    bits = st.st_uid == getuid() ? st.st_mode >> 6 : st.st_mode;
    if ((bits & (unsigned)wanted) == (unsigned)wanted)
        return 0;
    errno = EACCES;
    return -1;
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    int result;
    host_create_mode(mode & 07777);
    result = __real_mkdir(path, mode);
    host_create_mode(USUAL_MODE);
    return result;
}

/* The first step of every function that takes a path. An empty one names nothing (POSIX, 4.13 Pathname Resolution);
   wasi-libc takes it for the current directory. */
int __real___wasilibc_find_relpath_alloc(const char *path, const char **prefix, char **relative, size_t *length,
                                         int may_grow);
int __wrap___wasilibc_find_relpath_alloc(const char *path, const char **prefix, char **relative, size_t *length,
                                         int may_grow)
{
    if (path[0] == '\0') {
        errno = ENOENT;
        return -1;
    }
    return __real___wasilibc_find_relpath_alloc(path, prefix, relative, length, may_grow);
}

/* Where links lead counts for getcwd(), as it does on Linux; wasi-libc keeps the text. */
int __real_chdir(const char *path);
int __wrap_chdir(const char *path)
{
    char resolved[PATH_MAX];
    if (path[0] == '\0') {
        errno = ENOENT;
        return -1;
    }
    return __real_chdir(realpath(path, resolved) != NULL ? resolved : path);
}

/* glibc looks at the descriptor when it is opened as a stream, wasi-libc when it is used. */
FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode)
{
    int flags_of_file = codehook_fcntl(fd, F_GETFL), access;
    if (flags_of_file < 0)
        return NULL;
    access = flags_of_file & CODEHOOK_O_ACCMODE;
    if ((access == CODEHOOK_O_RDONLY && (mode[0] != 'r' || strchr(mode, '+') != NULL))
        || (access == CODEHOOK_O_WRONLY && (mode[0] == 'r' || strchr(mode, '+') != NULL))) {
        errno = EINVAL;
        return NULL;
    }
    return __real_fdopen(fd, mode);
}

long __real_fpathconf(int fd, int name);
long __wrap_fpathconf(int fd, int name)
{
    struct stat st;
    return fstat(fd, &st) != 0 ? -1 : __real_fpathconf(fd, name);
}

static int space(struct statvfs *st)
{
    uint64_t numbers[4];
    if (answer(host_tmp_space(numbers)) < 0)
        return -1;
    memset(st, 0, sizeof *st);
    st->f_bsize = st->f_frsize = 4096;
    st->f_blocks = numbers[0] / 4096;
    st->f_bfree = st->f_bavail = (numbers[0] - numbers[1]) / 4096;
    st->f_files = numbers[2];
    st->f_ffree = st->f_favail = numbers[2] - numbers[3];
    st->f_namemax = 255;
    return 0;
}

int __wrap_statvfs(const char *path, struct statvfs *st)
{
    struct stat found;
    return stat(path, &found) != 0 ? -1 : space(st);
}

int __wrap_fstatvfs(int fd, struct statvfs *st)
{
    struct stat found;
    return fstat(fd, &found) != 0 ? -1 : space(st);
}

/* Memory maps are copies of the file, written back by msync() and munmap(). Other writes to the file are not seen. */
struct map {
    struct map *next;
    char *start;
    size_t len;
    int fd;
    int writes_back;
    off_t offset;
};
static struct map *maps;

static struct map **find_map(void *start)
{
    struct map **at = &maps;
    while (*at != NULL && (*at)->start != start)
        at = &(*at)->next;
    return at;
}

static int fill(struct map *map, size_t from)
{
    while (from < map->len) {
        ssize_t got = pread(map->fd, map->start + from, map->len - from, map->offset + (off_t)from);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        from += (size_t)got;
    }
    return 0;
}

static int write_back(struct map *map, size_t from, size_t len)
{
    struct stat st;
    size_t end = from + len < map->len ? from + len : map->len;

    if (!map->writes_back)
        return 0;
    /* A map never makes its file longer. */
    if (fstat(map->fd, &st) != 0)
        return -1;
    if (st.st_size <= map->offset)
        return 0;
    if ((off_t)end > st.st_size - map->offset)
        end = (size_t)(st.st_size - map->offset);
    while (from < end) {
        ssize_t put = pwrite(map->fd, map->start + from, end - from, map->offset + (off_t)from);
        if (put <= 0)
            return -1;
        from += (size_t)put;
    }
    return 0;
}

void *mmap(void *address, size_t len, int protection, int kind, int fd, off_t offset)
{
    struct map *map;
    int flags_of_file;

    (void)address;
    if (len == 0 || offset < 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    map = calloc(1, sizeof *map);
    if (map == NULL || (map->start = calloc(1, len)) == NULL)
        goto no_memory;
    map->len = len;
    map->offset = offset;
    map->fd = -1;
    if (!(kind & MAP_ANON)) {
        flags_of_file = codehook_fcntl(fd, F_GETFL);
        if (flags_of_file < 0)
            goto failed;
        map->writes_back = (kind & MAP_SHARED) && (protection & PROT_WRITE);
        if ((flags_of_file & CODEHOOK_O_ACCMODE) == CODEHOOK_O_WRONLY
            || (map->writes_back && (flags_of_file & CODEHOOK_O_ACCMODE) != CODEHOOK_O_RDWR)) {
            errno = EACCES;
            goto failed;
        }
        /* The caller may close its own. */
        map->fd = dup(fd);
        if (map->fd < 0 || fill(map, 0) != 0)
            goto failed;
    }
    map->next = maps;
    maps = map;
    return map->start;

no_memory:
    errno = ENOMEM;
failed:
    if (map != NULL) {
        if (map->fd >= 0)
            close(map->fd);
        free(map->start);
        free(map);
    }
    return MAP_FAILED;
}

int msync(void *start, size_t len, int how)
{
    struct map *map = maps;
    (void)how;
    while (map != NULL && !((char *)start >= map->start && (char *)start < map->start + map->len))
        map = map->next;
    if (map == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return write_back(map, (size_t)((char *)start - map->start), len);
}

int munmap(void *start, size_t len)
{
    struct map **at = find_map(start), *map = *at;
    (void)len;
    if (map == NULL) {
        errno = EINVAL;
        return -1;
    }
    write_back(map, 0, map->len);
    *at = map->next;
    if (map->fd >= 0)
        close(map->fd);
    free(map->start);
    free(map);
    return 0;
}

void *mremap(void *start, size_t before, size_t len, int how, ...)
{
    struct map *map = *find_map(start);
    char *moved;
    size_t old;

    (void)before;
    (void)how;
    if (map == NULL || len == 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    old = map->len;
    if (write_back(map, 0, old) != 0)
        return MAP_FAILED;
    moved = realloc(map->start, len);
    if (moved == NULL) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    map->start = moved;
    map->len = len;
    if (len > old) {
        memset(moved + old, 0, len - old);
        if (map->fd >= 0 && fill(map, old) != 0)
            return MAP_FAILED;
    }
    return moved;
}

int uname(struct utsname *names)
{
    memset(names, 0, sizeof *names);
    strcpy(names->sysname, "Linux");
    strcpy(names->nodename, "localhost");
    strcpy(names->release, "0");
    strcpy(names->version, "codehook");
    strcpy(names->machine, "wasm32");
    return 0;
}

/* A name that is not taken yet, as tempnam(3) and tmpnam(3) give it. */
static int free_name(char *name, size_t size, const char *directory, const char *prefix)
{
    static unsigned count;
    struct stat st;
    do {
        if ((size_t)snprintf(name, size, "%s/%.5s%05u", directory, prefix, count++) >= size)
            return -1;
    } while (lstat(name, &st) == 0);
    return 0;
}

char *tempnam(const char *directory, const char *prefix)
{
    char name[PATH_MAX];
    if (directory == NULL)
        directory = "/tmp";
    if (free_name(name, sizeof name, directory, prefix == NULL ? "file" : prefix) != 0)
        return NULL;
    return strdup(name);
}

char *tmpnam(char *name)
{
    static char own[L_tmpnam];
    char *buffer = name == NULL ? own : name;
    return free_name(buffer, L_tmpnam, "/tmp", "file") == 0 ? buffer : NULL;
}

FILE *tmpfile(void)
{
    char name[L_tmpnam];
    FILE *file;
    int fd;
    if (free_name(name, sizeof name, "/tmp", "file") != 0)
        return NULL;
    fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return NULL;
    unlink(name);
    file = fdopen(fd, "w+b");
    if (file == NULL)
        close(fd);
    return file;
}

/* The one user may become itself and nobody else (setresuid(2)). */
static int only(unsigned asked, unsigned own)
{
    if (asked == own || asked == ~0u)
        return 0;
    errno = EPERM;
    return -1;
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return only(real, getuid()) || only(effective, getuid()) || only(saved, getuid()) ? -1 : 0;
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return only(real, getgid()) || only(effective, getgid()) || only(saved, getgid()) ? -1 : 0;
}

int setuid(uid_t user) { return only(user, getuid()); }
int seteuid(uid_t user) { return only(user, getuid()); }
int setreuid(uid_t real, uid_t effective) { return setresuid(real, effective, effective); }
int setgid(gid_t group) { return only(group, getgid()); }
int setegid(gid_t group) { return only(group, getgid()); }
int setregid(gid_t real, gid_t effective) { return setresgid(real, effective, effective); }

int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    *real = *effective = *saved = getuid();
    return 0;
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    *real = *effective = *saved = getgid();
    return 0;
}

int getgroups(int size, gid_t *groups)
{
    if (size > 0)
        groups[0] = getgid();
    return size < 0 ? (errno = EINVAL, -1) : 1;
}

int setgroups(size_t count, const gid_t *groups)
{
    (void)count;
    (void)groups;
    errno = EPERM;
    return -1;
}

int initgroups(const char *user, gid_t group)
{
    (void)user;
    (void)group;
    errno = EPERM;
    return -1;
}

/* A change of owner to oneself is none; any other takes root. */
static int own(uid_t user, gid_t group)
{
    return only(user, getuid()) || only(group, getgid()) ? -1 : 0;
}

int chown(const char *path, uid_t user, gid_t group)
{
    struct stat st;
    return stat(path, &st) != 0 ? -1 : own(user, group);
}

int lchown(const char *path, uid_t user, gid_t group)
{
    struct stat st;
    return lstat(path, &st) != 0 ? -1 : own(user, group);
}

int fchown(int fd, uid_t user, gid_t group)
{
    struct stat st;
    return fstat(fd, &st) != 0 ? -1 : own(user, group);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    (void)path;
    (void)mode;
    (void)device;
    errno = EPERM;
    return -1;
}

/* wasi-libc gives the name of the zone only for a time that it made itself. */
size_t __real_strftime(char *out, size_t size, const char *format, const struct tm *tm);
size_t __wrap_strftime(char *out, size_t size, const char *format, const struct tm *tm)
{
    time_t start = 0;
    struct tm named = *tm, utc;
    if (gmtime_r(&start, &utc) != NULL) {
        named.__tm_zone = utc.__tm_zone;
        named.__tm_gmtoff = utc.__tm_gmtoff;
    }
    return __real_strftime(out, size, format, &named);
}
