/* The resource limits and use that a hook sees. The limits of the run are enforced by the host; these are the program's
 * own. */
#include "Python.h"

#include <errno.h>
#include <time.h>

#include "codehook_resource.h"

#define WASM_PAGE 65536

static struct rlimit limits[RLIM_NLIMITS];
static int limits_known;

static void know_limits(void)
{
    int i;

    if (limits_known)
        return;
    for (i = 0; i < RLIM_NLIMITS; i++)
        limits[i].rlim_cur = limits[i].rlim_max = RLIM_INFINITY;
    /* A run that fails leaves no image of its memory. */
    limits[RLIMIT_CORE].rlim_cur = limits[RLIMIT_CORE].rlim_max = 0;
    /* As the host has it by default. */
    limits[RLIMIT_NOFILE].rlim_cur = limits[RLIMIT_NOFILE].rlim_max = 256;
    /* The layout of build/recipe.sh. */
    limits[RLIMIT_STACK].rlim_cur = 16 << 20;
    limits_known = 1;
}

int getrlimit(int resource, struct rlimit *limit)
{
    know_limits();
    *limit = limits[resource];
    return 0;
}

/* A limit is kept and given back. The length of files cannot be held to one, so nobody may count on that. */
int setrlimit(int resource, const struct rlimit *limit)
{
    know_limits();
    if (limit->rlim_cur > limit->rlim_max) {
        errno = EINVAL;
        return -1;
    }
    if (limit->rlim_max > limits[resource].rlim_max
        || (resource == RLIMIT_FSIZE && limit->rlim_cur != limits[resource].rlim_cur)) {
        errno = EPERM;
        return -1;
    }
    limits[resource] = *limit;
    return 0;
}

/* There is no clock of processor time: clock() counts from the start of the run. Memory never shrinks, so its size
   is the most that there was. */
int getrusage(int who, struct rusage *usage)
{
    clock_t used;

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN) {
        errno = EINVAL;
        return -1;
    }
    memset(usage, 0, sizeof(*usage));
    if (who == RUSAGE_SELF) {
        used = clock();
        usage->ru_utime.tv_sec = used / CLOCKS_PER_SEC;
        usage->ru_utime.tv_usec = used % CLOCKS_PER_SEC / (CLOCKS_PER_SEC / 1000000);
        usage->ru_maxrss = (long)__builtin_wasm_memory_size(0) * (WASM_PAGE / 1024);
    }
    return 0;
}
