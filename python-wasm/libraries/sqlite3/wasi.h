/* What SQLite's unix file system expects of a POSIX libc and wasi-libc has not. Included before its source (-include). */
#ifndef CODEHOOK_SQLITE3_WASI_H
#define CODEHOOK_SQLITE3_WASI_H

#include <fcntl.h>

/* Locks between processes: Linux's numbers, which only wasi.c sees. */
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6
#define fcntl codehook_sqlite_fcntl
int codehook_sqlite_fcntl(int fd, int command, ...);

#endif
