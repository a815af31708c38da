/* The scheduler: whose turn it is, and what becomes of a wait. codehook_threads.h says how a thread steps aside.
 *
 * Threads that have stepped aside, or have not begun, stand in a ring. The others lie on the one stack: the main thread at the
 * bottom, and above it those whose turn it is and those that could not step aside. Who waits and cannot step aside gives turns
 * to the ring until its wait is over. It never waits for what cannot come: when nobody can go on and no time limit is set,
 * thread.error says so. */
#include "codehook_threads.h"

#include "codehook_green.h"
#include "codehook_locks.h"

#include <stddef.h>
#include <time.h>

/* A turn lasts this many rounds of the eval loop's ticker (100 instructions each): a few milliseconds. */
#define TURN 1000
/* What is left of a turn once somebody else's wait is over: enough to leave the function that ended it. */
#define LAST_ROUNDS 2
/* A thread that is to leave looks every so many instructions whether it can, and takes every so many looks for a round. */
#define SOON 10
#define LOOKS 10
/* After so many rounds the eval loop looks whether the alarm is due, or the end of somebody's wait. */
#define CLOCK_ROUNDS 4
/* How many turns others get before a signal handler runs in a wait for a lock. Its exception must not come out of an acquire() that
 * takes back a mutex which is only held for a moment. */
#define GRACE 4

PyObject *codehook_resume_value;
struct _frame *codehook_suspending;
int codehook_may_suspend, codehook_watch;
PyObject *codehook_thread_error;

static green main_green = {.ident = 1, .state = RUNS};
static green *current = &main_green;
static green *first, *last_turn;
static long last_ident = 1;
static int ring_size, rounds_left, stepped_aside;
/* Not 0 while the running thread is to step aside as soon as it can: 1 and the looks it has taken. */
static int leaving;

long PyThread_get_thread_ident(void) { return current->ident; }
int codehook_thread_count(void) { return ring_size; }
int codehook_threads_were_started(void) { return last_ident > 1; }

static int can_go_on(green *t)
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

static green *after(green *t) { return t->next != NULL ? t->next : first; }

/* The next of the ring, after the one whose turn was last, that can go on. */
static green *next_in_ring(void)
{
    green *t = last_turn != NULL ? after(last_turn) : first;
    int i;

    for (i = 0; i < ring_size; i++, t = after(t))
        if (!t->on_stack && can_go_on(t))
            return t;
    return NULL;
}

static int somebody_below_can_go_on(green *t)
{
    for (t = t->below; t != NULL; t = t->below)
        if (can_go_on(t))
            return 1;
    return 0;
}

/* The sooner of two times, either of which may be none: 0. */
static double sooner(double one, double other) { return one == 0 || (other != 0 && other < one) ? other : one; }

/* When the first wait of a thread that has stepped aside is over, or 0. */
static double soonest_in_ring(void)
{
    double soonest = 0;
    green *t;

    for (t = first; t != NULL; t = t->next)
        if (!t->on_stack && t->state == WAITS)
            soonest = sooner(soonest, t->until);
    return soonest;
}

/* Whether somebody waits whose time is over. A hundred instructions can take long, where they are calls of much work, and so can a turn. */
static int a_time_has_come(void)
{
    double soonest = soonest_in_ring();
    green *t;

    for (t = current->below; t != NULL; t = t->below)
        if (t->state == WAITS)
            soonest = sooner(soonest, t->until);
    return soonest != 0 && codehook_now() >= soonest;
}

static void end_turn_soon(void)
{
    if (rounds_left > LAST_ROUNDS)
        rounds_left = LAST_ROUNDS;
}

/* A lock was released that somebody waits for. */
void codehook_lock_is_free(void) { end_turn_soon(); }

/* Stepping aside */

static int can_step_aside(void)
{
    return current != &main_green && current->tstate == _PyThreadState_Current && current->tstate->frame != NULL &&
        codehook_frames_are_soft(current->tstate);
}

static void step_aside(enum state state, codehook_lock *lock, double until)
{
    current->state = state;
    current->lock = lock;
    current->until = until;
    current->frame = current->tstate->frame;
    Py_INCREF(current->frame);
    codehook_suspending = current->frame;
    stepped_aside = 1;
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

static void end_thread(green *t, PyObject *result)
{
    green **link;

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
    /* The turn after this one's is that of the thread after it. */
    if (last_turn == t)
        last_turn = link == &first ? NULL : (green *)((char *)link - offsetof(green, next));
    ring_size--;
    if (ring_size == 0)
        codehook_watch &= ~CODEHOOK_WATCH_THREADS;
    PyThreadState_Clear(t->tstate);
}

static PyObject *begin(green *t)
{
    return codehook_call_softly(t->func, t->args, t->keyw);
}

/* From the innermost frame outwards, as far as this turn gets. */
static PyObject *go_on(green *t, PyObject *value)
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
        if (stepped_aside || back == NULL) {
            Py_XDECREF(back);
            return value;
        }
        f = back;
    }
}

/* What the call that put it aside answers. */
static PyObject *answer(green *t)
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

static void take_turn(green *t)
{
    green *me = current;
    PyThreadState *before = PyThreadState_Swap(t->tstate);
    struct _frame *outer_suspending = codehook_suspending;
    int outer_stepped_aside = stepped_aside, ended;
    PyObject *result;

    stepped_aside = 0;
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
        result = begin(t);
    }
    else {
        PyObject *value = answer(t);
        t->state = RUNS;
        result = go_on(t, value);
    }
    ended = !stepped_aside;
    if (ended)
        end_thread(t, result);
    else
        t->tstate->frame = t->frame;    /* for sys._current_frames() */
    t->on_stack = 0;
    stepped_aside = outer_stepped_aside;
    codehook_suspending = outer_suspending;
    PyThreadState_Swap(before);
    if (ended) {
        PyThreadState_Delete(t->tstate);
        PyMem_Free(t);
    }
    current = me;
    rounds_left = TURN;
    leaving = 0;
    if (me == &main_green && codehook_signal_tripped())
        _Py_Ticker = 0;
}

/* One turn for each that can go on now. */
static void give_turns(void)
{
    int turns = ring_size;
    enum state before = current->state;
    green *me = current, *t;

    me->state = READY;
    while (turns-- > 0 && (t = next_in_ring()) != NULL)
        take_turn(t);
    me->state = before;
}

/* Sleeps until the first time at which anything can happen: 0 when nothing ever will. */
static int idle(void)
{
    double until = sooner(sooner(current->until, soonest_in_ring()), codehook_alarm_at()), pause;
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

/* Waiting without stepping aside */

enum end { DONE, TIMED_OUT, INTERRUPTED, FAILED };
/* What a signal does to a wait: the handler runs and the wait goes on, or it ends the wait. */
enum on_signal { HANDLE, RETURN };

static enum end wait_here(codehook_lock *lock, double until, enum on_signal on_signal)
{
    green *me = current, before = *me, *t;
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
        if (me == &main_green && codehook_signal_tripped()) {
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
        if ((t = next_in_ring()) != NULL)
            take_turn(t);
        else if (me == &main_green && codehook_signal_tripped())
            grace = 0;
        else if (!idle()) {
            end = FAILED;
            if (_PyThreadState_Current != NULL)
                codehook_raise_stuck(me, first, somebody_below_can_go_on(me));
            break;
        }
    }
    if (lock != NULL)
        lock->awaited--;
    /* Whoever is below could go on, but not before this one steps aside. Its turn may never end if it waits again and again in calls
       that hold it, with others' turns in between: it steps aside at the first instruction at which it can. */
    if ((leaving = somebody_below_can_go_on(me)) && _Py_Ticker > SOON)
        _Py_Ticker = SOON;
    me->lock = before.lock;
    me->until = before.until;
    me->state = before.state;
    return end;
}

/* For C code, which has no way to hear of a failure but the 0. */
int codehook_wait_for_lock(codehook_lock *lock) { return wait_here(lock, 0, HANDLE) == DONE; }

PyObject *codehook_acquire(PyThread_type_lock handle, int wait, int direct)
{
    codehook_lock *lock = handle;

    if (lock->held && wait) {
        if (direct && can_step_aside()) {
            lock->awaited++;
            step_aside(WAITS, lock, 0);
            return NULL;
        }
        if (wait_here(lock, 0, HANDLE) != DONE)
            return NULL;
        Py_RETURN_TRUE;
    }
    return PyBool_FromLong(PyThread_acquire_lock(handle, 0));
}

PyObject *codehook_sleep(double seconds, int direct)
{
    double until = codehook_now() + seconds;

    if (direct && can_step_aside()) {
        step_aside(WAITS, NULL, until);
        return NULL;
    }
    if (seconds == 0)
        give_turns();
    else
        switch (wait_here(NULL, until, RETURN)) {
        case INTERRUPTED:
            /* A handler's exception comes out here; otherwise the sleep is over early. */
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

/* The eval loop asks now and then: 1 when the running thread is to step aside. */
int codehook_tick(void)
{
    static int rounds_to_clock;
    int hurry;

    /* The time is a call of the host, so it is not asked for every time. */
    if (--rounds_to_clock < 0) {
        rounds_to_clock = CLOCK_ROUNDS;
        if (codehook_watch & CODEHOOK_WATCH_ALARM)
            codehook_check_alarm();
        if (rounds_left > LAST_ROUNDS && first != NULL && a_time_has_come())
            end_turn_soon();
    }
    if (first == NULL || current->tstate != _PyThreadState_Current)
        return 0;
    /* A signal is the main thread's to handle; but a turn that makes no headway at all would let nobody out of a lock. */
    if (leaving) {
        if (!codehook_is_importing() && can_step_aside()) {
            step_aside(READY, NULL, 0);
            return 1;
        }
        _Py_Ticker = SOON;
        if (leaving++ < LOOKS)
            return 0;
        leaving = 1;
    }
    hurry = current != &main_green && rounds_left < TURN - LAST_ROUNDS && codehook_signal_tripped();
    if (--rounds_left >= 0 && !hurry)
        return 0;
    rounds_left = TURN;
    /* Nobody may find a module half imported. */
    if (codehook_is_importing())
        return 0;
    if (can_step_aside()) {
        if (!hurry && !somebody_below_can_go_on(current) && next_in_ring() == NULL)
            return 0;
        step_aside(READY, NULL, 0);
        return 1;
    }
    if (!hurry)
        give_turns();
    return 0;
}

/* Starting */

long codehook_start_thread(PyObject *func, PyObject *args, PyObject *keyw)
{
    green *t = PyMem_Malloc(sizeof(green)), **link;

    if (t == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(t, 0, sizeof(green));
    if (main_green.tstate == NULL)
        main_green.tstate = PyThreadState_GET();
    PyEval_InitThreads();
    t->tstate = _PyThreadState_Prealloc(main_green.tstate->interp);
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
