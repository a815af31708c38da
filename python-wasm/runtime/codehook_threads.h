/* Threads that take turns on one native thread, and signals that a hook gets from itself.
 *
 * A thread runs until it would wait, or until its turn is over; then it steps aside. There are no stacks to switch between in
 * WebAssembly, so stepping aside works on Python's frames, as a generator's does: a call that suspends answers NULL with no
 * exception, and codehook_suspending is the frame it was called from; that frame keeps its state, hands the NULL on and names
 * the next, and so on up to the thread's first and to the scheduler (codehook_threads.c). Later the innermost frame goes on, its answer goes to the one that called it, and
 * so on, without the C calls that lay between. That is right only where these do nothing after the call but hand on its answer.
 * Calls of this kind are soft, and a frame knows how it was called (f_soft).
 *
 * A thread with another C call on its stack (a sort's key function, an __init__, an import) cannot step aside, nor can the main
 * thread. When such a one waits, the others have their turns on top of its stack.
 *
 * ceval.c, iterobject.c and the modules that wait are patched to use this (patches/0030-threads-in-turns.patch). */
#ifndef CODEHOOK_THREADS_H
#define CODEHOOK_THREADS_H

#include "Python.h"
#include "pythread.h"

/* Frames that fit on the stack in every kind of recursion; sys.setrecursionlimit stops there too. */
#define CODEHOOK_DEEPEST_RECURSION 5000

/* f_soft: one bit for how the frame was called, then where it was left, then the instruction's argument. */
#define CODEHOOK_SOFT 1
enum { CODEHOOK_BETWEEN, CODEHOOK_AT_CALL, CODEHOOK_AT_WITH, CODEHOOK_AT_CLEANUP, CODEHOOK_AT_LOOP };
#define CODEHOOK_LEFT(soft, point, arg) (((soft) & CODEHOOK_SOFT) | (point) << 1 | (arg) << 4)
#define CODEHOOK_POINT(soft) ((soft) >> 1 & 7)
#define CODEHOOK_POINT_ARG(soft) ((soft) >> 4)

/* For PyEval_EvalFrameEx() in the place of throwflag: go on with codehook_resume_value, with the exception that is set, or
   with neither. */
#define CODEHOOK_RESUME 2

extern PyObject *codehook_resume_value;
/* The frame that is left next while a thread steps aside. Another frame may run meanwhile: that of a __del__. */
extern struct _frame *codehook_suspending;
/* Set right before a METH_SUSPENDS function is called by a soft call; the function takes it first of all. */
extern int codehook_may_suspend;
/* Not 0 while the eval loop has to call codehook_tick(): there are threads, or an alarm is set. */
extern int codehook_watch;
#define CODEHOOK_WATCH_THREADS 1
#define CODEHOOK_WATCH_ALARM 2

static inline int codehook_take_may_suspend(void)
{
    int direct = codehook_may_suspend;
    codehook_may_suspend = 0;
    return direct;
}

/* The eval loop's part (ceval.c, iterobject.c, import.c, signalmodule.c). */
PyObject *codehook_call_softly(PyObject *func, PyObject *args, PyObject *kw);
int codehook_calliter_answer(PyObject *iterator, PyObject *result);
int codehook_gen_answer(PyObject *generator, PyObject *result);
int codehook_is_importing(void);
int codehook_signal_tripped(void);

/* Soft calls (codehook_calls.c). */
int codehook_unwrap(PyObject **func, PyObject **args, PyObject **kw);
PyObject *codehook_keyword_array(PyObject *kw);
int codehook_is_looped_over(PyObject *iterator);
int codehook_frames_are_soft(PyThreadState *tstate);

/* The scheduler (codehook_threads.c). */
extern PyObject *codehook_thread_error;
int codehook_tick(void);
int codehook_thread_count(void);
int codehook_threads_were_started(void);
long codehook_start_thread(PyObject *func, PyObject *args, PyObject *keyw);
PyObject *codehook_acquire(PyThread_type_lock lock, int wait, int direct);
PyObject *codehook_sleep(double seconds, int direct);
int codehook_pause(void);

/* The host's (docs/guest-abi.md): other runs have their turns when it is time. The engine writes a check in the place of the call,
   and leaves its own out of the loops around it: it has to be on every way around the eval loop that may be taken for ever. */
#ifdef __wasi__
__attribute__((import_module("codehook"), import_name("give_way")))
#endif
void codehook_give_way(void);

/* The engine's: 0. It says of the loops around the call what the former says: they go forwards, or give way. */
#ifdef __wasi__
__attribute__((import_module("codehook"), import_name("forward")))
#endif
__attribute__((pure)) int codehook_forward(void);

/* Signals (codehook_signals.c). codehook_send_signal() answers -1 for one that would stop the hook for good. */
double codehook_now(void);
double codehook_alarm_at(void);
void codehook_check_alarm(void);
int codehook_send_signal(int sig);

#endif
