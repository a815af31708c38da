/* A thread, for the scheduler (codehook_threads.c) and for what is said of threads that wait in vain (codehook_stuck.c). */
#ifndef CODEHOOK_GREEN_H
#define CODEHOOK_GREEN_H

#include "codehook_threads.h"

#include "codehook_locks.h"
#include "frameobject.h"

enum state { NEW, READY, WAITS, RUNS };

typedef struct green {
    struct green *next;
    struct green *below;    /* on top of which it runs */
    long ident;
    PyThreadState *tstate;
    PyObject *func, *args, *keyw;
    PyFrameObject *frame;   /* the innermost, while it stands aside */
    int on_stack;           /* it has its turn, or could not step aside */
    enum state state;
    codehook_lock *lock;    /* WAITS: for this to be free, if not NULL, */
    double until;           /* but no longer than until then, if not 0 */
    int floor;              /* frames on the stack below its own */
    int base;               /* its recursion_depth at the beginning of a turn */
} green;

/* Raises what `waiting` cannot wait for: thread.error, or SystemExit for a daemon that could only go on after this. `ring` is the first of
   those that have stepped aside, and `holds` says whether a thread below the waiting one could go on but for it. */
void codehook_raise_stuck(green *waiting, green *ring, int holds);

#endif
