/* The interpreter as a reactor: what the host calls, and in which order.
 *
 *     codehook_init()            once, when the snapshot is made: starts Python, imports the preloaded modules
 *     codehook_alloc(size)       in a run: memory for the script's path
 *     codehook_run(path)         runs the script as __main__
 *     codehook_check(path)       compiles it only
 *
 * run and check answer the exit code in the low byte, plus CODEHOOK_MEMORY_ERROR when the script died of
 * an uncaught MemoryError. Python is not finalised: the instance is thrown away as a whole. */
#include "Python.h"
#include "Python-ast.h"
#include "node.h"
#include "grammar.h"
#include "parsetok.h"
#include "errcode.h"
#include "codehook_threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define CODEHOOK_MEMORY_ERROR 0x100
#define EXIT_FAILURE_CODE 1

static PyObject *restore_hook;

/* The C modules of the packages; build/steps/link.sh writes the table. */
extern struct _inittab codehook_extensions[];

static void die(const char *what)
{
    if (PyErr_Occurred())
        PyErr_Print();
    fprintf(stderr, "codehook_init: %s\n", what);
    abort();
}

static void set_environment(void)
{
    setenv("HOME", "/tmp", 1);
    setenv("TMPDIR", "/tmp", 1);
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    setenv("LANG", "en_US.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    setenv("USER", "codehook", 1);
    /* print u'...' must not depend on whether a terminal is attached; see docs/writing-hooks.md. */
    setenv("PYTHONIOENCODING", "UTF-8", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
}

/* Memory for small runs, so that theirs does not have to grow. */
#define ROOM_FOR_RUNS (1 << 20)
#define LARGEST_HOLE (1 << 16)
#define SMALLEST_HOLE 16

/* Allocates the free blocks between malloc's allocations, as _PyObject_CompactBeforeSnapshot does for Python's objects:
 * later allocations are adjacent, at the end. */
static void fill_holes(void)
{
    /* volatile: a compiler may leave out allocations that nobody uses. */
    char *volatile end = malloc(ROOM_FOR_RUNS);
    size_t size;

    free(end);
    for (size = LARGEST_HOLE; end != NULL && size >= SMALLEST_HOLE; size /= 2) {
        for (;;) {
            char *volatile hole = malloc(size);
            if (hole == NULL || hole >= end) {
                free(hole);
                break;
            }
        }
    }
}

EXPORT("codehook_init") void codehook_init(void)
{
    char *argv[] = {"", NULL};
    PyObject *boot;

    set_environment();
    chdir("/tmp");
    Py_SetProgramName("/usr/bin/python2.7");
    Py_NoUserSiteDirectory = 1;
    if (PyImport_ExtendInittab(codehook_extensions) != 0)
        die("no memory for the table of modules");
    Py_InitializeEx(0);
    /* A line at a time: what a script said before a limit stopped it is not lost. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    PySys_SetArgvEx(1, argv, 0);

    boot = PyImport_ImportModule("_codehook_boot");
    if (boot == NULL)
        die("cannot import _codehook_boot");
    restore_hook = PyObject_GetAttrString(boot, "restore");
    Py_DECREF(boot);
    if (restore_hook == NULL)
        die("_codehook_boot has no restore()");
    PyGC_Collect();
    fflush(NULL);
    _PyObject_CompactBeforeSnapshot();
    fill_holes();
}

EXPORT("codehook_alloc") void *codehook_alloc(int size)
{
    return size < 0 ? NULL : malloc((size_t)size);
}

/* What handle_system_exit in pythonrun.c does, without leaving the process. */
static int system_exit_code(PyObject *value)
{
    PyObject *code = value;
    int result;

    if (value != NULL && PyExceptionInstance_Check(value)) {
        code = PyObject_GetAttrString(value, "code");
        if (code == NULL) {
            PyErr_Clear();
            return 0;
        }
    }
    if (code == NULL || code == Py_None)
        return 0;
    if (PyInt_Check(code) || PyLong_Check(code)) {
        /* As with a C long of 64 bits: -1 for a number that does not fit. */
        result = (int)(PyInt_Check(code) ? PyInt_AS_LONG(code) : PyLong_AsLongLong(code)) & 0xff;
        PyErr_Clear();
        return result;
    }
    {
        PyObject *out = PySys_GetObject("stderr");
        if (out == NULL || PyFile_WriteObject(code, out, Py_PRINT_RAW) != 0)
            PyErr_Clear();
        PySys_WriteStderr("\n");
    }
    return EXIT_FAILURE_CODE;
}

static int report_exception(void)
{
    int flags = 0;
    if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyErr_NormalizeException(&type, &value, &trace);
        return system_exit_code(value);
    }
    if (PyErr_ExceptionMatches(PyExc_MemoryError))
        flags = CODEHOOK_MEMORY_ERROR;
    PyErr_Print();
    return EXIT_FAILURE_CODE | flags;
}

/* Waits for threads that are no daemons, as a native interpreter does at exit. A deadlock is a failure. */
static int wait_for_threads(int status)
{
    PyObject *threading, *result = NULL;

    if (!codehook_threads_were_started())
        return status;
    threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    if (threading == NULL)
        return status;
    Py_INCREF(threading);
    result = PyObject_CallMethod(threading, "_shutdown", "");
    Py_DECREF(threading);
    if (result == NULL) {
        PyErr_Print();
        return (status & 0xff) ? status : status | EXIT_FAILURE_CODE;
    }
    Py_DECREF(result);
    return status;
}

/* Threads, atexit functions, then the script's own globals (for their __del__), then what stdio still holds. */
static int finish_script(int status)
{
    PyObject *exitfunc, *main_module;

    status = wait_for_threads(status);
    exitfunc = PySys_GetObject("exitfunc");

    if (exitfunc != NULL) {
        PyObject *result;
        Py_INCREF(exitfunc);
        PySys_SetObject("exitfunc", NULL);
        result = PyEval_CallObject(exitfunc, NULL);
        if (result == NULL) {
            if (PyErr_ExceptionMatches(PyExc_SystemExit))
                PyErr_Clear();
            else
                PyErr_Print();
        }
        Py_XDECREF(result);
        Py_DECREF(exitfunc);
    }
    main_module = PyImport_AddModule("__main__");
    if (main_module != NULL)
        _PyModule_Clear(main_module);
    PyErr_Clear();
    fflush(NULL);
    return status;
}

static FILE *open_script(const char *path)
{
    FILE *fp = fopen(path, "r");
    if (fp == NULL)
        PyErr_SetFromErrnoWithFilename(PyExc_IOError, (char *)path);
    return fp;
}

static int prepare(const char *path, PyObject **globals)
{
    PyObject *main_module = PyImport_AddModule("__main__");
    PyObject *name = PyString_FromString(path);
    PyObject *done;
    char *argv[] = {(char *)path, NULL};

    codehook_start_clock();
    if (main_module == NULL || name == NULL)
        return -1;
    *globals = PyModule_GetDict(main_module);
    if (PyDict_SetItemString(*globals, "__file__", name) != 0)
        return -1;
    Py_DECREF(name);
    PySys_SetArgvEx(1, argv, 1);
    done = PyObject_CallFunctionObjArgs(restore_hook, NULL);
    if (done == NULL)
        return -1;
    Py_DECREF(done);
    return 0;
}

EXPORT("codehook_run") int codehook_run(const char *path)
{
    PyObject *globals, *result;
    FILE *fp;

    if (prepare(path, &globals) != 0 || (fp = open_script(path)) == NULL)
        return finish_script(report_exception());
    result = PyRun_FileExFlags(fp, path, Py_file_input, globals, globals, 1, NULL);
    if (result == NULL)
        return finish_script(report_exception());
    Py_DECREF(result);
    return finish_script(0);
}

EXPORT("codehook_check") int codehook_check(const char *path)
{
    PyCompilerFlags flags = {0};
    PyArena *arena;
    PyCodeObject *code = NULL;
    mod_ty module;
    FILE *fp = open_script(path);

    if (fp == NULL)
        return finish_script(report_exception());
    arena = PyArena_New();
    if (arena == NULL)
        return finish_script(report_exception());
    module = PyParser_ASTFromFile(fp, path, Py_file_input, 0, 0, &flags, NULL, arena);
    if (module != NULL)
        code = PyAST_Compile(module, path, &flags, arena);
    if (code == NULL)
        return finish_script(report_exception());
    Py_DECREF(code);
    return finish_script(0);
}
