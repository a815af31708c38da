/* Declarations that CPython expects of a POSIX libc and that wasi-libc leaves out.
 * Included before every source file (-include). The definitions are in wasi_shims.c. */
#ifndef CODEHOOK_WASI_COMPAT_H
#define CODEHOOK_WASI_COMPAT_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Threads take turns: codehook_threads.h. configure is told --without-threads, so that it looks for no library. */
#define WITH_THREAD 1

/* configure's own tests declare functions as they like, and must not see these headers. */
#ifdef Py_BUILD_CORE
#include <signal.h>
#include <sys/time.h>

/* Linux's values, which scripts see; wasi-libc's are addresses of functions. */
#undef SIG_IGN
#undef SIG_ERR
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)

#ifndef ITIMER_REAL
#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2
struct itimerval {
    struct timeval it_interval;
    struct timeval it_value;
};
int getitimer(int which, struct itimerval *value);
int setitimer(int which, const struct itimerval *value, struct itimerval *before);
#endif
unsigned alarm(unsigned seconds);
int pause(void);
#endif

/* Flags of open() as scripts know them: Linux's numbers (asm-generic/fcntl.h). wasi-libc has its own, which
 * wasi_files.c goes by. */
#define CODEHOOK_O_RDONLY 0
#define CODEHOOK_O_WRONLY 01
#define CODEHOOK_O_RDWR 02
#define CODEHOOK_O_ACCMODE 03
#define CODEHOOK_O_CREAT 0100
#define CODEHOOK_O_EXCL 0200
#define CODEHOOK_O_TRUNC 01000
#define CODEHOOK_O_APPEND 02000
#define CODEHOOK_O_NONBLOCK 04000
#define CODEHOOK_O_DIRECTORY 0200000
#define CODEHOOK_O_NOFOLLOW 0400000
#ifndef CODEHOOK_SHIMS
#undef O_RDONLY
#undef O_WRONLY
#undef O_RDWR
#undef O_ACCMODE
#undef O_CREAT
#undef O_EXCL
#undef O_TRUNC
#undef O_APPEND
#undef O_NONBLOCK
#undef O_DIRECTORY
#undef O_NOFOLLOW
#undef O_NOCTTY
#undef O_NDELAY
#undef O_DSYNC
#undef O_SYNC
#undef O_RSYNC
#undef O_CLOEXEC
#undef O_EXEC
#undef O_SEARCH
#define O_RDONLY CODEHOOK_O_RDONLY
#define O_WRONLY CODEHOOK_O_WRONLY
#define O_RDWR CODEHOOK_O_RDWR
#define O_ACCMODE CODEHOOK_O_ACCMODE
#define O_CREAT CODEHOOK_O_CREAT
#define O_EXCL CODEHOOK_O_EXCL
#define O_TRUNC CODEHOOK_O_TRUNC
#define O_APPEND CODEHOOK_O_APPEND
#define O_NONBLOCK CODEHOOK_O_NONBLOCK
#define O_NDELAY CODEHOOK_O_NONBLOCK
#define O_DIRECTORY CODEHOOK_O_DIRECTORY
#define O_NOFOLLOW CODEHOOK_O_NOFOLLOW
/* These have no meaning here and are taken. */
#define O_NOCTTY 0400
#define O_DSYNC 010000
#define O_ASYNC 020000
#define O_DIRECT 040000
#define O_LARGEFILE 0
#define O_NOATIME 01000000
#define O_CLOEXEC 02000000
#define O_SYNC 04010000
#define O_RSYNC 04010000
#define open codehook_open
#define fcntl codehook_fcntl
#endif
int codehook_open(const char *path, int flags, ...);
int codehook_fcntl(int fd, int command, ...);

#ifndef F_DUPFD
#define F_DUPFD 0
#endif
#ifndef F_GETLK
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#endif
#ifndef F_DUPFD_CLOEXEC
#define F_DUPFD_CLOEXEC 1030
#endif
#ifndef F_RDLCK
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif
#ifndef LOCK_SH
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#endif
int flock(int fd, int operation);

/* Temporary files, which wasi-libc leaves out. */
#ifndef L_tmpnam
#define L_tmpnam 20
#endif
#ifndef TMP_MAX
#define TMP_MAX 10000
#endif
char *tempnam(const char *directory, const char *prefix);

/* Numbers of devices, as glibc packs them when they are small. */
#define makedev(major, minor) ((dev_t)(major) << 8 | ((minor) & 0xff))
#define major(device) ((int)((device) >> 8 & 0xfff))
#define minor(device) ((int)((device) & 0xff))

/* wasi-libc's own answer ENOSYS, and shutil.copy would fail with them. */
#define chmod codehook_chmod
#define fchmod codehook_fchmod

/* Names that scripts and the standard library look up in errno. wasi-libc has no such errors; its own numbers end at
 * 76, so Linux's can stand for themselves. */
#define ESOCKTNOSUPPORT 94
#define EPFNOSUPPORT 96
#define ESHUTDOWN 108
#define ETOOMANYREFS 109
#define EHOSTDOWN 112

mode_t umask(mode_t mask);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int lchown(const char *path, uid_t owner, gid_t group);
int chown(const char *path, uid_t owner, gid_t group);
int fchown(int fd, uid_t owner, gid_t group);
int dup(int fd);
int dup2(int from, int to);
int pipe(int descriptors[2]);
int mknod(const char *path, mode_t mode, dev_t device);
void *mremap(void *start, size_t before, size_t len, int how, ...);
int setuid(uid_t user);
int seteuid(uid_t user);
int setreuid(uid_t real, uid_t effective);
int setgid(gid_t group);
int setegid(gid_t group);
int setregid(gid_t real, gid_t effective);
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);
int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int getresgid(gid_t *real, gid_t *effective, gid_t *saved);
#ifndef NGROUPS_MAX
#define NGROUPS_MAX 32
#endif
#ifndef MAX_GROUPS
#define MAX_GROUPS NGROUPS_MAX
#endif
int getgroups(int size, gid_t *groups);
int setgroups(size_t count, const gid_t *groups);
int initgroups(const char *user, gid_t group);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
pid_t getppid(void);
void tzset(void);
void codehook_start_clock(void);

/* Between wasi-libc's error numbers and Linux's, which scripts see. */
int codehook_linux_errno(int number);
int codehook_wasi_errno(int number);

#endif
