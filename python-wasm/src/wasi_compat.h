/* Declarations that CPython expects of a POSIX libc and that wasi-libc leaves out.
 * Included before every source file (-include). The definitions are in wasi_shims.c. */
#ifndef CODEHOOK_WASI_COMPAT_H
#define CODEHOOK_WASI_COMPAT_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

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
