/* What the generated calls.c is made of: it checks the arguments of one call of a C function of PyCryptodome, and owns the
 * C objects that such functions make.
 *
 * Nothing that a script passes can make the function read or write outside what was passed: a buffer is as long as the
 * function will use it, and a C object is of the kind that the function expects and still alive. No Python code runs
 * between these checks and the call, for numbers are taken from int and long only, never by asking an object.
 *
 * Each step does nothing once one of them has failed, so a call is a plain sequence of steps that ends with finish().
 */
#ifndef NATIVE_CALL_H
#define NATIVE_CALL_H

#include <Python.h>
#include <stdint.h>

#define MAX_BUFFERS 6

/* One kind for every C type of every library: a SHA-256 state is none of SHA-1. */
struct kind {
    const char *name;
    void (*free)(void *);
    /* Any mode of operation takes a block cipher of any kind, and owns it from then on. */
    int block_cipher;
};

/* A C object, or a place for one. The library's own destructor only takes it away from the script: it is freed when the last
 * reference has gone, so that a curve outlives its points. */
typedef struct handle {
    PyObject_HEAD
    void *pointer;
    const struct kind *kind;
    int dropped;
    struct handle *context;
} Handle;

struct call {
    const char *function;
    PyObject *arguments;
    int failed;
    int buffers;
    Py_buffer views[MAX_BUFFERS];
    void *made;
};

static PyTypeObject HandleType;

static void handle_dealloc(Handle *self)
{
    if (self->pointer)
        self->kind->free(self->pointer);
    Py_XDECREF((PyObject *)self->context);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *handle_itself(PyObject *self, PyObject *unused)
{
    Py_INCREF(self);
    return self;
}

static PyMethodDef handle_methods[] = {
    {"get", handle_itself, METH_NOARGS, "The C object, for a function that uses it."},
    {"address_of", handle_itself, METH_NOARGS, "The place, for a function that puts a C object there."},
    {NULL, NULL, 0, NULL}
};

static PyTypeObject HandleType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_pycryptodome.VoidPointer",
    .tp_basicsize = sizeof(Handle),
    .tp_dealloc = (destructor)handle_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "A place for one object of a C function.",
    .tp_methods = handle_methods,
    .tp_new = PyType_GenericNew,
};

static void fail(struct call *call, PyObject *type, const char *name, const char *reason)
{
    if (!call->failed)
        PyErr_Format(type, "%s(): %s %s", call->function, name, reason);
    call->failed = 1;
}

static struct call begin(const char *function, PyObject *arguments, int expected)
{
    struct call call = {.function = function, .arguments = arguments};
    if (PyTuple_GET_SIZE(arguments) != expected) {
        PyErr_Format(PyExc_TypeError, "%s() takes %d arguments (%d given)", function, expected,
                     (int)PyTuple_GET_SIZE(arguments));
        call.failed = 1;
    }
    return call;
}

/* Releases everything that the call held. The result is lost if a step has failed. */
static PyObject *finish(struct call *call, PyObject *result)
{
    for (int i = 0; i < call->buffers; i++)
        PyBuffer_Release(&call->views[i]);
    if (call->failed)
        Py_CLEAR(result);
    return result;
}

static PyObject *argument(struct call *call, int index)
{
    return PyTuple_GET_ITEM(call->arguments, index);
}

static uint64_t number(struct call *call, int index, const char *name, uint64_t least, uint64_t greatest)
{
    if (call->failed)
        return 0;
    PyObject *given = argument(call, index);
    uint64_t value = 0;
    int fits = 1;
    if (PyInt_Check(given)) {
        fits = PyInt_AS_LONG(given) >= 0;
        value = (uint64_t)PyInt_AS_LONG(given);
    } else if (PyLong_Check(given)) {
        value = PyLong_AsUnsignedLongLong(given);
        if (PyErr_Occurred()) {
            PyErr_Clear();
            fits = 0;
        }
    } else {
        fail(call, PyExc_TypeError, name, "must be an integer");
        return 0;
    }
    if (!fits || value < least || value > greatest)
        fail(call, PyExc_OverflowError, name, "is out of range");
    return value;
}

/* Of the given size at least; the caller has taken all numbers before. */
static uint8_t *buffer(struct call *call, int index, const char *name, uint64_t size, int flags)
{
    static uint8_t nothing[1];
    if (call->failed)
        return NULL;
    PyObject *given = argument(call, index);
    if (!PyObject_CheckBuffer(given)) {
        fail(call, PyExc_TypeError, name, "must be a byte string, bytearray or memoryview");
        return NULL;
    }
    if (call->buffers == MAX_BUFFERS) {
        fail(call, PyExc_SystemError, name, "is one buffer too many");
        return NULL;
    }
    Py_buffer *view = &call->views[call->buffers];
    if (PyObject_GetBuffer(given, view, flags) != 0) {
        call->failed = 1;
        return NULL;
    }
    call->buffers++;
    if ((uint64_t)view->len < size) {
        fail(call, PyExc_ValueError, name, "is shorter than the length that was given with it");
        return NULL;
    }
    return view->buf ? view->buf : nothing;
}

static const uint8_t *reads(struct call *call, int index, const char *name, uint64_t size)
{
    return buffer(call, index, name, size, PyBUF_SIMPLE);
}

static const uint8_t *reads_or_none(struct call *call, int index, const char *name, uint64_t size)
{
    return !call->failed && argument(call, index) == Py_None ? NULL : reads(call, index, name, size);
}

static uint8_t *writes(struct call *call, int index, const char *name, uint64_t size)
{
    return buffer(call, index, name, size, PyBUF_WRITABLE);
}

/* For a caller that passes a byte string it has just made, and has it filled: nothing else knows that string yet. */
static uint8_t *fills(struct call *call, int index, const char *name, uint64_t size)
{
    PyStringObject *given = (PyStringObject *)(call->failed ? NULL : argument(call, index));
    if (!given || !PyString_CheckExact((PyObject *)given))
        return writes(call, index, name, size);
    if (given->ob_shash != -1 || given->ob_sstate != SSTATE_NOT_INTERNED || Py_SIZE(given) < 2)
        fail(call, PyExc_BufferError, name, "is a byte string that others may hold");
    else if ((uint64_t)Py_SIZE(given) < size)
        fail(call, PyExc_ValueError, name, "is shorter than the length that was given with it");
    return (uint8_t *)given->ob_sval;
}

static Handle *handle_at(struct call *call, int index, const char *name)
{
    if (call->failed)
        return NULL;
    PyObject *given = argument(call, index);
    if (Py_TYPE(given) != &HandleType) {
        fail(call, PyExc_TypeError, name, "must be a VoidPointer");
        return NULL;
    }
    return (Handle *)given;
}

static Handle *alive(struct call *call, int index, const char *name)
{
    Handle *handle = handle_at(call, index, name);
    if (handle && (!handle->pointer || handle->dropped)) {
        fail(call, PyExc_ValueError, name, "has no C object, or not any more");
        return NULL;
    }
    return handle;
}

static void *uses(struct call *call, int index, const char *name, const struct kind *kind)
{
    Handle *handle = alive(call, index, name);
    if (handle && handle->kind != kind) {
        fail(call, PyExc_TypeError, name, "is the object of another function");
        return NULL;
    }
    return handle ? handle->pointer : NULL;
}

static void *uses_none(struct call *call, int index, const char *name)
{
    if (!call->failed && argument(call, index) != Py_None)
        fail(call, PyExc_TypeError, name, "must be None");
    return NULL;
}

static void *uses_block_cipher(struct call *call, int index, const char *name)
{
    Handle *handle = alive(call, index, name);
    if (handle && !handle->kind->block_cipher) {
        fail(call, PyExc_TypeError, name, "is no block cipher");
        return NULL;
    }
    return handle ? handle->pointer : NULL;
}

/* The object that was made from it will free it. */
static void gave_away(struct call *call, int index)
{
    ((Handle *)argument(call, index))->pointer = NULL;
}

static void *makes(struct call *call, int index, const char *name)
{
    Handle *handle = handle_at(call, index, name);
    if (handle && handle->kind)
        fail(call, PyExc_ValueError, name, "has been used before");
    return &call->made;
}

/* Keeps what the function has made. `context` is the argument that the new object points into: a curve, or a point whose
 * curve it shares; -1 if there is none. */
static void made(struct call *call, int index, const struct kind *kind, int context)
{
    Handle *handle = (Handle *)argument(call, index);
    handle->pointer = call->made;
    handle->kind = kind;
    if (context >= 0 && argument(call, context) != Py_None) {
        Handle *source = (Handle *)argument(call, context);
        handle->context = source->kind == kind ? source->context : source;
        Py_XINCREF((PyObject *)handle->context);
    }
}

static void drops(struct call *call, int index, const char *name, const struct kind *kind)
{
    if (uses(call, index, name, kind))
        ((Handle *)argument(call, index))->dropped = 1;
}

/* A C function given to another one can only be the one that is meant. */
static void calls_back(struct call *call, int index, const char *name, PyCFunction expected)
{
    if (!call->failed && !(PyCFunction_Check(argument(call, index)) &&
                           PyCFunction_GET_FUNCTION(argument(call, index)) == expected))
        fail(call, PyExc_TypeError, name, "must be the C function for this purpose");
}

/* A dictionary of a library's functions. */
static int add_library(PyObject *libraries, const char *name, PyMethodDef *functions)
{
    PyObject *library = PyDict_New();
    if (!library || PyDict_SetItemString(libraries, name, library) != 0) {
        Py_XDECREF(library);
        return -1;
    }
    Py_DECREF(library);
    for (; functions->ml_name; functions++) {
        PyObject *function = PyCFunction_New(functions, NULL);
        if (!function || PyDict_SetItemString(library, functions->ml_name, function) != 0) {
            Py_XDECREF(function);
            return -1;
        }
        Py_DECREF(function);
    }
    return 0;
}

#endif
