/* Green threads on one native thread, and signals that a hook sends to itself.
 *
 * A thread runs until it has to wait or its turn is over; then it is suspended. WebAssembly cannot switch stacks, so
 * that suspending works on Python's frames, as yielding from a generator does. A call that suspends returns NULL
 * without an exception, and codehook_suspending is the frame that called it. That frame keeps its state, returns NULL
 * as well and sets codehook_suspending to its caller, up to the thread's first frame and to the scheduler
 * (codehook_threads.c). To resume the thread, the innermost frame is entered again, its result is passed to the frame
 * that called it, and so on, without the C calls between them. That is correct only where these C calls just return the
 * result. Such calls are soft, and a frame knows whether it was called softly (f_soft).
 *
 * A thread with any other C call on its stack (a sort's key function, an __init__, an import) cannot be suspended, nor
 * can the main thread. While such a thread waits, the others run on top of its stack.
 *
 * The eval loop, iterators and the modules that wait are patched to use this (cpython/patches/threads). */
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

/* Value of PyEval_EvalFrameEx()'s throwflag to resume a frame: with codehook_resume_value, with the current
   exception, or with neither. */
#define CODEHOOK_RESUME 2

/* Shared variables (codehook_thread_state.c). */
extern PyObject *codehook_resume_value;
/* The frame that is left next while a thread is suspended. Another frame may run meanwhile: that of a __del__. */
extern struct _frame *codehook_suspending;
/* Set immediately before a soft call of a METH_SUSPENDS function, which reads and clears it first. */
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

/* The exception thread.error. */
extern PyObject *codehook_thread_error;

/* The scheduler (codehook_threads.c). */
int codehook_tick(void);
int codehook_thread_count(void);
int codehook_threads_were_started(void);
long codehook_start_thread(PyObject *func, PyObject *args, PyObject *keyw);
PyObject *codehook_acquire(PyThread_type_lock lock, int wait, int direct);
PyObject *codehook_sleep(double seconds, int direct);
int codehook_pause(void);

/* The host's (docs/guest-abi.md): lets other runs continue when their time has come. The engine replaces the call by a
   safepoint and inserts no other safepoints into the loops around it. So each path around the eval loop that can be
   taken without end must contain this call. */
#ifdef __wasi__
__attribute__((import_module("codehook"), import_name("yield_now")))
#endif
void codehook_yield_now(void);

/* The host's: returns 0. Declares that the loops around the call terminate or call codehook_yield_now(), so that the
   engine inserts no safepoints into them. */
#ifdef __wasi__
__attribute__((import_module("codehook"), import_name("loop_is_bounded")))
#endif
__attribute__((pure)) int codehook_loop_is_bounded(void);

/* Signals (codehook_signals.c). codehook_send_signal() returns -1 for a signal that would stop the hook for good. */
double codehook_now(void);
double codehook_alarm_at(void);
void codehook_check_alarm(void);
int codehook_send_signal(int sig);

#endif
