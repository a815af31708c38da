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

/* os.open() flags that scripts name; the host ignores what has no meaning there. */
#ifndef LOCK_SH
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#endif

/* wasi-libc's own answer ENOSYS, and shutil.copy would fail with them. */
#define chmod codehook_chmod
#define fchmod codehook_fchmod

/* Names that scripts and the standard library look up in errno. wasi-libc has no such errors; its own numbers end at 76, so
 * Linux's can stand for themselves. */
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
