/* What goes with a wide long: wide_long.py makes each long of CPython's and its extensions' sources a long long.
 * Included before every such source file (-include); C libraries keep their narrow long and do not get it. */
#ifndef CODEHOOK_WIDE_LONG_H
#define CODEHOOK_WIDE_LONG_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#undef LONG_MAX
#undef LONG_MIN
#undef ULONG_MAX
#define LONG_MAX LLONG_MAX
#define LONG_MIN LLONG_MIN
#define ULONG_MAX ULLONG_MAX
#undef LONG_BIT
#define LONG_BIT 64

/* See cpython/patches/port/0006-wide-long.patch. */
#define PY_FORMAT_LONG "ll"

/* Of C's own functions only these take as much as a wide long holds. */
#define fseek fseeko
#define ftell ftello
#define labs llabs

#endif
