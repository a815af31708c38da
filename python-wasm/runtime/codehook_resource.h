/* Linux's interface to resource limits and use, for Modules/resource.c. wasi-libc has part of it, with other
 * numbers. */
#ifndef CODEHOOK_RESOURCE_H
#define CODEHOOK_RESOURCE_H

#include <sys/time.h>

#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_OFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIM_NLIMITS 16
#define RLIM_INFINITY (~(rlim_t)0)
#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)

#define rlim_t codehook_rlim_t
#define rlimit codehook_rlimit
#define rusage codehook_rusage
#define getrlimit codehook_getrlimit
#define setrlimit codehook_setrlimit
#define getrusage codehook_getrusage

typedef unsigned long long rlim_t;

struct rlimit {
    rlim_t rlim_cur, rlim_max;
};

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock,
        ru_msgsnd, ru_msgrcv,
        ru_nsignals, ru_nvcsw, ru_nivcsw;
};

int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
int getrusage(int who, struct rusage *usage);

#endif
