/* The exceptions for waits that cannot end. */
#include "codehook_green_thread.h"

/* The most threads that an error's text lists. */
#define LISTED 5

static int is_library(const char *path) { return strncmp(path, "/usr/lib/", 9) == 0; }

static PyObject *attribute_of_thread(green_thread *t, const char *name)
{
    PyObject *self = t->func != NULL && PyMethod_Check(t->func) ? PyMethod_GET_SELF(t->func) : NULL;
    PyObject *value = self != NULL ? PyObject_GetAttrString(self, (char *)name) : NULL;

    if (value == NULL)
        PyErr_Clear();
    return value;
}

/* Whether threading would not wait for the thread at exit; true for threads that were started without threading. */
static int is_daemon(green_thread *t)
{
    PyObject *value = attribute_of_thread(t, "daemon");
    int daemon = value == NULL || PyObject_IsTrue(value) != 0;

    PyErr_Clear();
    Py_XDECREF(value);
    return daemon;
}

/* "; Thread-1 waits in hook.py, line 7": the place is the innermost frame that is the script's. */
static void append_place(PyObject **text, green_thread *t)
{
    PyFrameObject *f = t->tstate->frame, *shown = f;
    PyObject *name = attribute_of_thread(t, "name");
    PyObject *piece;

    while (f != NULL && is_library(PyString_AS_STRING(f->f_code->co_filename)))
        f = f->f_back;
    if (f != NULL)
        shown = f;
    piece = PyString_FromFormat("; %s waits at %s, line %d",
                                name != NULL && PyString_Check(name) ? PyString_AS_STRING(name) : "a thread",
                                shown ? PyString_AS_STRING(shown->f_code->co_filename) : "?",
                                shown ? PyFrame_GetLineNumber(shown) : 0);
    Py_XDECREF(name);
    PyString_ConcatAndDel(text, piece);
}

/* A daemon that can never resume gets SystemExit, which threading and thread ignore. */
void codehook_raise_deadlock(green_thread *waiting, green_thread *ring, int holds)
{
    PyObject *text;
    green_thread *t;
    int listed = 0;

    if (holds) {
        if (is_daemon(waiting)) {
            PyErr_SetNone(PyExc_SystemExit);
            return;
        }
        PyErr_SetString(codehook_thread_error,
                        "this wait cannot be made here: a thread that waits inside a class's __init__, an import or a "
                        "function that C code calls (a sort's key, map) keeps those that could end its wait from "
                        "going on; wait in a plain function instead");
        return;
    }
    text = PyString_FromString(
        "this wait would never end: no thread is left that could release the lock, fill the queue or set the event. "
        "Put an end marker into the queue, make the thread a daemon, or wait with a timeout");
    for (t = ring; t != NULL && listed < LISTED && text != NULL; t = t->next)
        if (t != waiting) {
            append_place(&text, t);
            listed++;
        }
    if (text != NULL) {
        PyErr_SetObject(codehook_thread_error, text);
        Py_DECREF(text);
    }
}
