/* Soft calls: finds the Python function inside a callable, and tells which frames can be left and entered again. See
 * codehook_threads.h. */
#include "codehook_threads.h"

#include "frameobject.h"
#include "opcode.h"

/* A tuple with one more item in front. */
static PyObject *with_first(PyObject *first, PyObject *rest)
{
    Py_ssize_t i, size = PyTuple_GET_SIZE(rest);
    PyObject *all = PyTuple_New(size + 1);

    if (all == NULL)
        return NULL;
    Py_INCREF(first);
    PyTuple_SET_ITEM(all, 0, first);
    for (i = 0; i < size; i++) {
        PyObject *item = PyTuple_GET_ITEM(rest, i);
        Py_INCREF(item);
        PyTuple_SET_ITEM(all, i + 1, item);
    }
    return all;
}

/* The function of a callable that only adds its self, and that self; or NULL. */
static PyObject *wrapped_function(PyObject *func, PyObject *args, PyObject **self)
{
    static PyObject *call_name;

    *self = NULL;
    if (PyMethod_Check(func)) {
        PyObject *klass = PyMethod_GET_CLASS(func);
        *self = PyMethod_GET_SELF(func);
        if (*self != NULL)
            return PyMethod_GET_FUNCTION(func);
        /* Class.method(instance, ...). The ordinary call reports an instance of another class. */
        if (klass != NULL && PyType_Check(klass) && PyTuple_GET_SIZE(args) > 0 &&
            PyType_IsSubtype(Py_TYPE(PyTuple_GET_ITEM(args, 0)), (PyTypeObject *)klass))
            return PyMethod_GET_FUNCTION(func);
        return NULL;
    }
    if (Py_TYPE(func)->tp_flags & Py_TPFLAGS_HEAPTYPE && !PyType_Check(func)) {
        PyObject *method;
        if (call_name == NULL && (call_name = PyString_InternFromString("__call__")) == NULL) {
            PyErr_Clear();
            return NULL;
        }
        method = _PyType_Lookup(Py_TYPE(func), call_name);
        if (method != NULL && PyFunction_Check(method)) {
            *self = func;
            return method;
        }
    }
    return NULL;
}

/* functools.partial: its function, with its arguments before and its keywords below those given. 0 when it is none. */
static int unwrap_partial(PyObject **func, PyObject **args, PyObject **kw)
{
    PyObject *inner, *first, *keywords, *all = NULL, *merged = NULL;

    if (strcmp(Py_TYPE(*func)->tp_name, "functools.partial") != 0)
        return 0;
    inner = PyObject_GetAttrString(*func, "func");
    first = inner ? PyObject_GetAttrString(*func, "args") : NULL;
    keywords = first ? PyObject_GetAttrString(*func, "keywords") : NULL;
    if (keywords != NULL)
        all = PySequence_Concat(first, *args);
    if (all != NULL) {
        merged = keywords == Py_None ? PyDict_New() : PyDict_Copy(keywords);
        if (merged != NULL && *kw != NULL && PyDict_Merge(merged, *kw, 1) != 0)
            Py_CLEAR(merged);
    }
    Py_XDECREF(first);
    Py_XDECREF(keywords);
    if (merged == NULL) {
        Py_XDECREF(inner);
        Py_XDECREF(all);
        return -1;
    }
    Py_SETREF(*func, inner);
    Py_SETREF(*args, all);
    Py_XSETREF(*kw, merged);
    return 1;
}

/* Unwraps bound methods, callable instances and partials, down to the function that is called in the end. *args may be
 * NULL before and is a tuple after; all three are new references. Returns -1 on failure, without references. */
int codehook_unwrap(PyObject **func, PyObject **args, PyObject **kw)
{
    PyObject *self, *inner, *all;
    int partial;

    if (*args == NULL) {
        if ((*args = PyTuple_New(0)) == NULL)
            return -1;
    }
    else
        Py_INCREF(*args);
    Py_INCREF(*func);
    Py_XINCREF(*kw);
    while (!PyFunction_Check(*func) && !PyCFunction_Check(*func)) {
        inner = wrapped_function(*func, *args, &self);
        if (inner != NULL) {
            if (self != NULL) {
                if ((all = with_first(self, *args)) == NULL)
                    goto failed;
                Py_SETREF(*args, all);
            }
            Py_INCREF(inner);
            Py_SETREF(*func, inner);
            continue;
        }
        partial = unwrap_partial(func, args, kw);
        if (partial < 0)
            goto failed;
        if (partial == 0)
            break;
    }
    return 0;
failed:
    Py_DECREF(*func);
    Py_DECREF(*args);
    Py_XDECREF(*kw);
    return -1;
}

/* Keys and values alternately, as PyEval_EvalCodeEx() takes them. */
PyObject *codehook_keyword_array(PyObject *kw)
{
    Py_ssize_t position = 0, i = 0;
    PyObject *key, *value, *array = PyTuple_New(2 * PyDict_Size(kw));

    if (array == NULL)
        return NULL;
    while (PyDict_Next(kw, &position, &key, &value)) {
        Py_INCREF(key);
        Py_INCREF(value);
        PyTuple_SET_ITEM(array, i++, key);
        PyTuple_SET_ITEM(array, i++, value);
    }
    return array;
}

/* Whether the current instruction is that of a `for` loop over this iterator, without any C call between the two. */
int codehook_is_looped_over(PyObject *iterator)
{
    PyFrameObject *f = PyThreadState_GET()->frame;
    PyTryBlock *block;
    unsigned char instruction;

    if (!codehook_watch || f == NULL || f->f_iblock == 0 || f->f_lasti < 0)
        return 0;
    block = &f->f_blockstack[f->f_iblock - 1];
    instruction = (unsigned char)PyString_AS_STRING(f->f_code->co_code)[f->f_lasti];
    /* The eval loop may take GET_ITER and FOR_ITER for one instruction; the former calls nothing that iterates. */
    return (instruction == FOR_ITER || instruction == GET_ITER) && block->b_type == SETUP_LOOP &&
        f->f_valuestack[block->b_level] == iterator;
}

int codehook_frames_are_soft(PyThreadState *tstate)
{
    PyFrameObject *f;

    if (tstate->use_tracing)
        return 0;
    for (f = tstate->frame; f != NULL; f = f->f_back)
        if (!(f->f_soft & CODEHOOK_SOFT))
            return 0;
    return 1;
}
