/* A green thread, for the scheduler (codehook_threads.c) and the errors about deadlocks (codehook_deadlock.c). */
#ifndef CODEHOOK_GREEN_THREAD_H
#define CODEHOOK_GREEN_THREAD_H

#include "codehook_threads.h"

#include "codehook_locks.h"
#include "frameobject.h"

enum state { NEW, READY, WAITS, RUNS };

typedef struct green_thread {
    struct green_thread *next;
    struct green_thread *below; /* the thread on whose stack it runs */
    long ident;
    PyThreadState *tstate;
    PyObject *func, *args, *keyw;
    PyFrameObject *frame;   /* the innermost, while it is suspended */
    int on_stack;           /* it runs, or could not be suspended */
    enum state state;
    codehook_lock *lock;    /* WAITS: the lock that it waits for, or NULL */
    double until;           /* WAITS: the end of the time limit, or 0 */
    int floor;              /* frames on the stack below its own */
    int base;               /* its recursion_depth at the beginning of a turn */
} green_thread;

/* Raises the exception for a deadlock of `waiting`: thread.error, or SystemExit for a daemon. `ring` is the first
   suspended thread, and `holds` says whether `waiting` keeps a runnable thread below it from running. */
void codehook_raise_deadlock(green_thread *waiting, green_thread *ring, int holds);

#endif
