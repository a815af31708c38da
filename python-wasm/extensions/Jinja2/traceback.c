/* jinja2._codehook_traceback: sets what follows in a traceback, a field that Python 2.7 lets nobody write. */
#include "Python.h"
#include "frameobject.h"
#include "traceback.h"

PyDoc_STRVAR(tb_set_next_doc,
"tb_set_next(traceback, next) -> traceback\n\nnext: a traceback, or None for the end. A circle is refused.");

static PyObject *tb_set_next(PyObject *self, PyObject *args)
{
    PyTracebackObject *traceback, *next, *after, *before;
    PyObject *given;

    if (!PyArg_ParseTuple(args, "O!O:tb_set_next", &PyTraceBack_Type, &traceback, &given))
        return NULL;
    if (given != Py_None && !PyTraceBack_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "tb_set_next: next must be a traceback or None");
        return NULL;
    }
    next = given == Py_None ? NULL : (PyTracebackObject *)given;
    /* Whoever walks a traceback trusts that it ends. */
    for (after = next; after != NULL; after = after->tb_next) {
        if (after == traceback) {
            PyErr_SetString(PyExc_ValueError, "tb_set_next: next leads back to the traceback");
            return NULL;
        }
    }
    before = traceback->tb_next;
    Py_XINCREF(next);
    traceback->tb_next = next;
    Py_XDECREF(before);
    Py_INCREF(traceback);
    return (PyObject *)traceback;
}

static PyMethodDef methods[] = {
    {"tb_set_next", tb_set_next, METH_VARARGS, tb_set_next_doc},
    {NULL, NULL, 0, NULL},
};

PyMODINIT_FUNC init_codehook_traceback(void)
{
    Py_InitModule3("_codehook_traceback", methods, "What Jinja2 needs to show a template's own lines in a traceback.");
}
