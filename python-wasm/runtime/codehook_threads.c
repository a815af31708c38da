/* The scheduler: chooses the thread that runs, and decides how a wait ends. codehook_threads.h describes how a thread
 * is suspended.
 *
 * New and suspended threads are in a ring. The others are on the one stack: the main thread at the bottom, above it
 * the running thread and those that could not be suspended. A thread that waits and cannot be suspended runs the
 * threads of the ring until its wait is over. A deadlock, where no thread is runnable and no time limit is set,
 * raises thread.error. */
#include "codehook_threads.h"

#include "codehook_green_thread.h"
#include "codehook_locks.h"

#include <stddef.h>
#include <time.h>

/* A turn lasts this many rounds of the eval loop's ticker (100 instructions each): a few milliseconds. */
#define TURN 1000
/* Rounds that remain of a turn once another thread's wait is over: enough to leave the function that ended it. */
#define LAST_ROUNDS 2
/* A thread that has to be suspended checks at this interval of instructions whether it can be; so many checks count
 * as a round. */
#define SOON 10
#define LOOKS 10
/* Number of rounds after which the eval loop checks whether the alarm or the end of a wait is due. */
#define CLOCK_ROUNDS 4
/* Number of turns of other threads before a signal handler runs in a wait for a lock. The handler's exception must not
 * leave an acquire() that takes back a mutex which is held only for a moment. */
#define GRACE 4

static green_thread main_thread = {.ident = 1, .state = RUNS};
static green_thread *current = &main_thread;
static green_thread *first, *last_turn;
static long last_ident = 1;
static int ring_size, rounds_left, suspended;
/* Not 0 while the running thread has to be suspended as soon as it can be: 1 and the number of checks so far. */
static int leaving;

long PyThread_get_thread_ident(void) { return current->ident; }
int codehook_thread_count(void) { return ring_size; }
int codehook_threads_were_started(void) { return last_ident > 1; }

static int is_runnable(green_thread *t)
{
    switch (t->state) {
    case NEW:
    case READY:
        return 1;
    case WAITS:
        return (t->lock != NULL && !t->lock->held) || (t->until != 0 && codehook_now() >= t->until);
    default:
        return 0;
    }
}

static green_thread *after(green_thread *t) { return t->next != NULL ? t->next : first; }

/* The next runnable thread of the ring, after the one that ran last. */
static green_thread *next_runnable(void)
{
    green_thread *t = last_turn != NULL ? after(last_turn) : first;
    int i;

    for (i = 0; i < ring_size; i++, t = after(t))
        if (!t->on_stack && is_runnable(t))
            return t;
    return NULL;
}

static int thread_below_is_runnable(green_thread *t)
{
    for (t = t->below; t != NULL; t = t->below)
        if (is_runnable(t))
            return 1;
    return 0;
}

/* The earlier of two times; 0 is no time. */
static double earlier(double one, double other) { return one == 0 || (other != 0 && other < one) ? other : one; }

/* The time at which the first wait in the ring is over, or 0. */
static double earliest_deadline(void)
{
    double earliest = 0;
    green_thread *t;

    for (t = first; t != NULL; t = t->next)
        if (!t->on_stack && t->state == WAITS)
            earliest = earlier(earliest, t->until);
    return earliest;
}

/* Whether the time limit of a wait has passed. The number of instructions does not tell: a call can take long. */
static int a_wait_is_over(void)
{
    double earliest = earliest_deadline();
    green_thread *t;

    for (t = current->below; t != NULL; t = t->below)
        if (t->state == WAITS)
            earliest = earlier(earliest, t->until);
    return earliest != 0 && codehook_now() >= earliest;
}

static void shorten_turn(void)
{
    if (rounds_left > LAST_ROUNDS)
        rounds_left = LAST_ROUNDS;
}

/* Called when a lock is released that a thread waits for. */
void codehook_lock_is_free(void) { shorten_turn(); }

/* Suspending */

static int can_suspend(void)
{
    return current != &main_thread && current->tstate == _PyThreadState_Current && current->tstate->frame != NULL &&
        codehook_frames_are_soft(current->tstate);
}

static void suspend(enum state state, codehook_lock *lock, double until)
{
    current->state = state;
    current->lock = lock;
    current->until = until;
    current->frame = current->tstate->frame;
    Py_INCREF(current->frame);
    codehook_suspending = current->frame;
    suspended = 1;
    leaving = 0;
}

/* Turns */

static void print_exception(PyObject *func)
{
    PyObject *type, *value, *trace, *file;

    PyErr_Fetch(&type, &value, &trace);
    PySys_WriteStderr("Unhandled exception in thread started by ");
    file = PySys_GetObject("stderr");
    if (file == NULL || PyFile_WriteObject(func, file, 0) != 0)
        PyErr_Clear();
    PySys_WriteStderr("\n");
    PyErr_Restore(type, value, trace);
    PyErr_PrintEx(0);
}

static void end_thread(green_thread *t, PyObject *result)
{
    green_thread **link;

    if (result != NULL)
        Py_DECREF(result);
    else if (PyErr_ExceptionMatches(PyExc_SystemExit))
        PyErr_Clear();
    else
        print_exception(t->func);
    Py_CLEAR(t->func);
    Py_CLEAR(t->args);
    Py_CLEAR(t->keyw);
    for (link = &first; *link != t; link = &(*link)->next)
        ;
    *link = t->next;
    /* The thread after this one runs next. */
    if (last_turn == t)
        last_turn = link == &first ? NULL : (green_thread *)((char *)link - offsetof(green_thread, next));
    ring_size--;
    if (ring_size == 0)
        codehook_watch &= ~CODEHOOK_WATCH_THREADS;
    PyThreadState_Clear(t->tstate);
}

static PyObject *start_frames(green_thread *t)
{
    return codehook_call_softly(t->func, t->args, t->keyw);
}

/* Resumes frames from the innermost outwards, until the thread is suspended again or ends. */
static PyObject *resume_frames(green_thread *t, PyObject *value)
{
    PyFrameObject *f = t->frame, *back;

    t->frame = NULL;
    for (;;) {
        back = f->f_back;
        Py_XINCREF(back);
        codehook_resume_value = value;
        value = PyEval_EvalFrameEx(f, CODEHOOK_RESUME);
        ++t->tstate->recursion_depth;
        Py_DECREF(f);
        --t->tstate->recursion_depth;
        if (suspended || back == NULL) {
            Py_XDECREF(back);
            return value;
        }
        f = back;
    }
}

/* What the call returns that suspended the thread. */
static PyObject *result_of_wait(green_thread *t)
{
    PyObject *value = Py_None;

    if (t->state == READY)
        return NULL;
    if (t->lock != NULL) {
        t->lock->held = 1;
        t->lock->awaited--;
        t->lock = NULL;
        value = Py_True;
    }
    Py_INCREF(value);
    return value;
}

static void run_thread(green_thread *t)
{
    green_thread *me = current;
    PyThreadState *before = PyThreadState_Swap(t->tstate);
    struct _frame *outer_suspending = codehook_suspending;
    int outer_suspended = suspended, ended;
    PyObject *result;

    suspended = 0;
    t->on_stack = 1;
    t->below = me;
    t->floor = me->floor + me->tstate->recursion_depth - me->base;
    t->base = t->floor + Py_GetRecursionLimit() - CODEHOOK_DEEPEST_RECURSION;
    if (t->base < 0)
        t->base = 0;
    t->tstate->recursion_depth = t->base;
    last_turn = current = t;
    rounds_left = TURN;
    leaving = 0;
    if (t->state == NEW) {
        t->state = RUNS;
        _PyThreadState_Init(t->tstate);
        result = start_frames(t);
    }
    else {
        PyObject *value = result_of_wait(t);
        t->state = RUNS;
        result = resume_frames(t, value);
    }
    ended = !suspended;
    if (ended)
        end_thread(t, result);
    else
        t->tstate->frame = t->frame;    /* for sys._current_frames() */
    t->on_stack = 0;
    suspended = outer_suspended;
    codehook_suspending = outer_suspending;
    PyThreadState_Swap(before);
    if (ended) {
        PyThreadState_Delete(t->tstate);
        PyMem_Free(t);
    }
    current = me;
    rounds_left = TURN;
    leaving = 0;
    if (me == &main_thread && codehook_signal_tripped())
        _Py_Ticker = 0;
}

/* Runs each thread that is runnable now for one turn. */
static void run_others(void)
{
    int turns = ring_size;
    enum state before = current->state;
    green_thread *me = current, *t;

    me->state = READY;
    while (turns-- > 0 && (t = next_runnable()) != NULL)
        run_thread(t);
    me->state = before;
}

/* Sleeps until the first wait or the alarm is due. Returns 0 if there is neither. */
static int idle(void)
{
    double until = earlier(earlier(current->until, earliest_deadline()), codehook_alarm_at()), pause;
    struct timespec time;

    if (until == 0)
        return 0;
    pause = until - codehook_now();
    if (pause > 0) {
        time.tv_sec = (time_t)pause;
        time.tv_nsec = (long)((pause - (double)time.tv_sec) * 1e9);
        nanosleep(&time, NULL);
    }
    codehook_check_alarm();
    return 1;
}

/* Waiting without being suspended */

enum end { DONE, TIMED_OUT, INTERRUPTED, FAILED };
/* How a wait reacts to a signal: it continues after the handler, or it ends. */
enum on_signal { HANDLE, RETURN };

static enum end wait_here(codehook_lock *lock, double until, enum on_signal on_signal)
{
    green_thread *me = current, before = *me, *t;
    int grace = ring_size + GRACE;
    enum end end;

    me->lock = lock;
    me->until = until;
    me->state = WAITS;
    if (lock != NULL)
        lock->awaited++;
    for (;;) {
        end = DONE;
        if (lock != NULL && !lock->held) {
            lock->held = 1;
            break;
        }
        end = TIMED_OUT;
        if (until != 0 && codehook_now() >= until)
            break;
        if (me == &main_thread && codehook_signal_tripped()) {
            end = INTERRUPTED;
            if (on_signal == RETURN)
                break;
            end = FAILED;
            if (grace-- <= 0 && _PyThreadState_Current != NULL) {
                grace = ring_size + GRACE;
                if (PyErr_CheckSignals() < 0)
                    break;
            }
        }
        if ((t = next_runnable()) != NULL)
            run_thread(t);
        else if (me == &main_thread && codehook_signal_tripped())
            grace = 0;
        else if (!idle()) {
            end = FAILED;
            if (_PyThreadState_Current != NULL)
                codehook_raise_deadlock(me, first, thread_below_is_runnable(me));
            break;
        }
    }
    if (lock != NULL)
        lock->awaited--;
    /* A runnable thread below cannot run before this one is suspended. A thread that waits again and again in calls
       that cannot be suspended might never be: it is suspended at the first instruction at which it can be. */
    if ((leaving = thread_below_is_runnable(me)) && _Py_Ticker > SOON)
        _Py_Ticker = SOON;
    me->lock = before.lock;
    me->until = before.until;
    me->state = before.state;
    return end;
}

/* For C code, to which only the 0 can report a failure. */
int codehook_wait_for_lock(codehook_lock *lock) { return wait_here(lock, 0, HANDLE) == DONE; }

PyObject *codehook_acquire(PyThread_type_lock handle, int wait, int direct)
{
    codehook_lock *lock = handle;

    if (lock->held && wait) {
        if (direct && can_suspend()) {
            lock->awaited++;
            suspend(WAITS, lock, 0);
            return NULL;
        }
        if (wait_here(lock, 0, HANDLE) != DONE)
            return NULL;
        Py_RETURN_TRUE;
    }
    if (lock->held)
        Py_RETURN_FALSE;
    lock->held = 1;
    Py_RETURN_TRUE;
}

PyObject *codehook_sleep(double seconds, int direct)
{
    double until = codehook_now() + seconds;

    if (direct && can_suspend()) {
        suspend(WAITS, NULL, until);
        return NULL;
    }
    if (seconds == 0)
        run_others();
    else
        switch (wait_here(NULL, until, RETURN)) {
        case INTERRUPTED:
            /* Raises a handler's exception; otherwise the sleep ends early. */
            if (PyErr_CheckSignals() < 0)
                return NULL;
            break;
        case FAILED:
            return NULL;
        default:
            break;
        }
    Py_RETURN_NONE;
}

int codehook_pause(void) { return wait_here(NULL, 0, RETURN) == FAILED ? -1 : 0; }

/* Called by the eval loop's ticker. Returns 1 if the running thread is suspended. */
int codehook_tick(void)
{
    static int rounds_to_clock;
    int signal_waits;

    /* Reading the clock is a call of the host, and too slow for each round. */
    if (--rounds_to_clock < 0) {
        rounds_to_clock = CLOCK_ROUNDS;
        if (codehook_watch & CODEHOOK_WATCH_ALARM)
            codehook_check_alarm();
        if (rounds_left > LAST_ROUNDS && first != NULL && a_wait_is_over())
            shorten_turn();
    }
    if (first == NULL || current->tstate != _PyThreadState_Current)
        return 0;
    /* The main thread handles signals. A turn lasts some rounds all the same, or no thread could leave a lock. */
    if (leaving) {
        if (!codehook_is_importing() && can_suspend()) {
            suspend(READY, NULL, 0);
            return 1;
        }
        _Py_Ticker = SOON;
        if (leaving++ < LOOKS)
            return 0;
        leaving = 1;
    }
    signal_waits = current != &main_thread && rounds_left < TURN - LAST_ROUNDS && codehook_signal_tripped();
    if (--rounds_left >= 0 && !signal_waits)
        return 0;
    rounds_left = TURN;
    /* Another thread must not find a module half imported. */
    if (codehook_is_importing())
        return 0;
    if (can_suspend()) {
        if (!signal_waits && !thread_below_is_runnable(current) && next_runnable() == NULL)
            return 0;
        suspend(READY, NULL, 0);
        return 1;
    }
    if (!signal_waits)
        run_others();
    return 0;
}

/* Starting */

long codehook_start_thread(PyObject *func, PyObject *args, PyObject *keyw)
{
    green_thread *t = PyMem_Malloc(sizeof(green_thread)), **link;

    if (t == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(t, 0, sizeof(green_thread));
    if (main_thread.tstate == NULL)
        main_thread.tstate = PyThreadState_GET();
    PyEval_InitThreads();
    t->tstate = _PyThreadState_Prealloc(main_thread.tstate->interp);
    if (t->tstate == NULL) {
        PyMem_Free(t);
        PyErr_NoMemory();
        return -1;
    }
    t->ident = t->tstate->thread_id = ++last_ident;
    Py_INCREF(func);
    Py_INCREF(args);
    Py_XINCREF(keyw);
    t->func = func;
    t->args = args;
    t->keyw = keyw;
    t->state = NEW;
    for (link = &first; *link != NULL; link = &(*link)->next)
        ;
    *link = t;
    ring_size++;
    if (!(codehook_watch & CODEHOOK_WATCH_THREADS))
        rounds_left = TURN;
    codehook_watch |= CODEHOOK_WATCH_THREADS;
    return t->ident;
}
