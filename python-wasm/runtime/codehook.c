/* _codehook: the host calls as a Python module (docs/guest-abi.md). Requests are streamed in both directions:
 *
 *     h = _codehook.http_open(method, url, headers, framing, size, timeout_ms)
 *     _codehook.http_write(h, piece) ...
 *     head = _codehook.http_finish(h)        status line and headers, as on the wire
 *     piece = _codehook.http_read(h, n) ...  '' at the end of the body
 *     _codehook.http_close(h)
 *
 * The module `codehook` uses these for what a script can learn and request about its own run:
 *
 *     _codehook.run_info()                                  JSON: {"attempt": 1, "run_id": null}
 *     _codehook.run_directive(directive, after_ms, reason)  0 retry, 1 abort
 *
 * Each failure raises _codehook.error(code, text); the codes are the module's ERR_* constants.
 *
 * While an alarm is set (signal.alarm), a wait ends at the latest when the alarm is due. The alarm's handler then runs,
 * and the wait continues unless the handler raised an exception. */
#include "Python.h"
#include "codehook_threads.h"

#include <math.h>

#define HOST(name) __attribute__((import_module("codehook"), import_name(name)))

HOST("http_open")
extern int host_http_open(const char *method, int method_len, const char *url, int url_len,
                          const char *headers, int headers_len, int framing, long long size,
                          long long timeout_ms);
HOST("http_write") extern int host_http_write(int handle, const char *piece, int len);
HOST("http_finish") extern int host_http_finish(int handle);
HOST("http_head") extern int host_http_head(int handle, char *out, int cap);
HOST("http_read") extern int host_http_read(int handle, char *out, int cap);
HOST("http_timeout") extern int host_http_timeout(int handle, long long timeout_ms);
HOST("http_close") extern void host_http_close(int handle);
HOST("error_text") extern int host_error_text(char *out, int cap);

HOST("run_info") extern int host_run_info(char *out, int cap);
HOST("run_directive")
extern int host_run_directive(int directive, long long after_ms, const char *reason, int len);

/* The host's code for a wait that took as long as its timeout. */
#define ERR_TIMEOUT -6

static PyObject *HostError;

/* The host keeps the text of its last refusal; the length comes first, so no buffer is guessed. */
static PyObject *raise_host_error(int code)
{
    int len = host_error_text(NULL, 0);
    PyObject *text, *args;

    if (len < 0)
        len = 0;
    text = PyString_FromStringAndSize(NULL, len);
    if (text == NULL)
        return NULL;
    if (len > 0)
        host_error_text(PyString_AS_STRING(text), len);
    args = Py_BuildValue("(iN)", code, text);
    if (args == NULL)
        return NULL;
    PyErr_SetObject(HostError, args);
    Py_DECREF(args);
    return NULL;
}

/* The timeouts of open exchanges as the script set them; -1 is none. */
typedef struct exchange {
    struct exchange *next;
    int handle;
    PY_LONG_LONG timeout_ms;
} exchange;

static exchange *exchanges;

static exchange **find_exchange(int handle)
{
    exchange **link;
    for (link = &exchanges; *link != NULL; link = &(*link)->next)
        if ((*link)->handle == handle)
            break;
    return link;
}

static void remember_exchange(int handle, PY_LONG_LONG timeout_ms)
{
    exchange *opened = malloc(sizeof(exchange));
    if (opened == NULL)
        return;     /* an alarm will not cut its waits short */
    *opened = (exchange){.next = exchanges, .handle = handle, .timeout_ms = timeout_ms};
    exchanges = opened;
}

static void forget_exchange(int handle)
{
    exchange **link = find_exchange(handle), *closed = *link;
    if (closed != NULL) {
        *link = closed->next;
        free(closed);
    }
}

/* The shorter of a timeout and the time that is left until the alarm. */
static PY_LONG_LONG until_alarm(PY_LONG_LONG timeout_ms)
{
    double at = codehook_alarm_at(), left;
    if (at == 0)
        return timeout_ms;
    left = ceil((at - codehook_now()) * 1000);
    if (left < 1)
        left = 1;
    return timeout_ms < 0 || left < timeout_ms ? (PY_LONG_LONG)left : timeout_ms;
}

static void limit_wait(int handle)
{
    exchange *waits = *find_exchange(handle);
    if (waits != NULL)
        host_http_timeout(handle, until_alarm(waits->timeout_ms));
}

enum cut { NOT_CUT, GO_ON, RAISED };

/* After a wait that limit_wait() preceded: whether the alarm cut it short, and what its handler made of it. */
static enum cut cut_short(int handle, int result)
{
    exchange *waits = *find_exchange(handle);
    double alarm = codehook_alarm_at();

    if (waits != NULL)
        host_http_timeout(handle, waits->timeout_ms);
    if (result != ERR_TIMEOUT || alarm == 0 || codehook_now() < alarm)
        return NOT_CUT;
    codehook_check_alarm();
    return PyErr_CheckSignals() < 0 ? RAISED : GO_ON;
}

/* Runs `call`, which waits for the exchange and sets `result`, again and again if alarms cut it short. */
#define WAIT(handle, result, call) \
    if (codehook_alarm_at() == 0) \
        result = call; \
    else { \
        enum cut cut; \
        do { \
            limit_wait(handle); \
            result = call; \
            cut = cut_short(handle, result); \
        } while (cut == GO_ON); \
        if (cut == RAISED) \
            return NULL; \
    }

PyDoc_STRVAR(http_open_doc,
"http_open(method, url, headers, framing, size, timeout_ms) -> handle\n\n"
"headers: 'Name: value\\r\\n' lines. framing: 0 no body, 1 size bytes, 2 chunked.\n"
"timeout_ms: the socket's timeout, -1 for none.");

static PyObject *codehook_http_open(PyObject *self, PyObject *args)
{
    const char *method, *url, *headers;
    int method_len, url_len, headers_len, framing, handle;
    PY_LONG_LONG size, timeout_ms;

    if (!PyArg_ParseTuple(args, "s#s#s#iLL:http_open", &method, &method_len, &url, &url_len, &headers,
                          &headers_len, &framing, &size, &timeout_ms))
        return NULL;
    /* No exchange yet whose timeout could be changed; a connection that the alarm cut short is begun anew. */
    WAIT(0, handle, host_http_open(method, method_len, url, url_len, headers, headers_len, framing, size,
                                   until_alarm(timeout_ms)));
    if (handle < 0)
        return raise_host_error(handle);
    if (until_alarm(timeout_ms) != timeout_ms)
        host_http_timeout(handle, timeout_ms);
    remember_exchange(handle, timeout_ms);
    return PyInt_FromLong(handle);
}

PyDoc_STRVAR(http_write_doc, "http_write(handle, piece): send a piece of the request's body.");

static PyObject *codehook_http_write(PyObject *self, PyObject *args)
{
    int handle, result;
    Py_buffer piece;

    if (!PyArg_ParseTuple(args, "is*:http_write", &handle, &piece))
        return NULL;
    if (codehook_alarm_at() == 0)
        result = host_http_write(handle, piece.buf, (int)piece.len);
    else {
        limit_wait(handle);
        result = host_http_write(handle, piece.buf, (int)piece.len);
        /* It is unknown how much was sent, so the exchange has failed even if the handler lets the script continue. */
        if (cut_short(handle, result) == RAISED) {
            PyBuffer_Release(&piece);
            return NULL;
        }
    }
    PyBuffer_Release(&piece);
    if (result < 0)
        return raise_host_error(result);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(http_finish_doc,
"http_finish(handle) -> head\n\nEnds the request's body and waits for the response's status line and headers.");

static PyObject *codehook_http_finish(PyObject *self, PyObject *args)
{
    int handle, len;
    PyObject *head;

    if (!PyArg_ParseTuple(args, "i:http_finish", &handle))
        return NULL;
    WAIT(handle, len, host_http_finish(handle));
    if (len < 0)
        return raise_host_error(len);
    head = PyString_FromStringAndSize(NULL, len);
    if (head == NULL)
        return NULL;
    len = host_http_head(handle, PyString_AS_STRING(head), len);
    if (len < 0) {
        Py_DECREF(head);
        return raise_host_error(len);
    }
    return head;
}

/* Not a code of the host: a signal handler's exception is set. */
#define INTERRUPTED -1000

static int read_piece(int handle, char *out, int cap)
{
    int len;
    enum cut cut;

    if (codehook_alarm_at() == 0)
        return host_http_read(handle, out, cap);
    do {
        limit_wait(handle);
        len = host_http_read(handle, out, cap);
        cut = cut_short(handle, len);
    } while (cut == GO_ON);
    return cut == RAISED ? INTERRUPTED : len;
}

PyDoc_STRVAR(http_read_doc, "http_read(handle, n) -> at most n bytes of the response's body, '' at its end.");

static PyObject *codehook_http_read(PyObject *self, PyObject *args)
{
    int handle, cap, len;
    PyObject *piece;

    if (!PyArg_ParseTuple(args, "ii:http_read", &handle, &cap))
        return NULL;
    if (cap < 0) {
        PyErr_SetString(PyExc_ValueError, "http_read: n is negative");
        return NULL;
    }
    piece = PyString_FromStringAndSize(NULL, cap);
    if (piece == NULL)
        return NULL;
    len = read_piece(handle, PyString_AS_STRING(piece), cap);
    if (len == INTERRUPTED) {
        Py_DECREF(piece);
        return NULL;
    }
    if (len < 0) {
        Py_DECREF(piece);
        return raise_host_error(len);
    }
    if (len != cap && _PyString_Resize(&piece, len) < 0)
        return NULL;
    return piece;
}

PyDoc_STRVAR(http_timeout_doc,
"http_timeout(handle, timeout_ms): the socket's timeout for the waits to come, -1 for none.");

static PyObject *codehook_http_timeout(PyObject *self, PyObject *args)
{
    int handle, result;
    PY_LONG_LONG timeout_ms;
    if (!PyArg_ParseTuple(args, "iL:http_timeout", &handle, &timeout_ms))
        return NULL;
    result = host_http_timeout(handle, timeout_ms);
    if (result < 0)
        return raise_host_error(result);
    if (*find_exchange(handle) != NULL)
        (*find_exchange(handle))->timeout_ms = timeout_ms;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(http_close_doc, "http_close(handle): end the exchange, whatever its state.");

static PyObject *codehook_http_close(PyObject *self, PyObject *args)
{
    int handle;
    if (!PyArg_ParseTuple(args, "i:http_close", &handle))
        return NULL;
    forget_exchange(handle);
    host_http_close(handle);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(run_info_doc, "run_info() -> JSON text: which attempt of which run this is.");

static PyObject *codehook_run_info(PyObject *self, PyObject *unused)
{
    int len = host_run_info(NULL, 0);
    PyObject *text = PyString_FromStringAndSize(NULL, len < 0 ? 0 : len);

    if (text != NULL && len > 0)
        host_run_info(PyString_AS_STRING(text), len);
    return text;
}

PyDoc_STRVAR(run_directive_doc,
"run_directive(directive, after_ms, reason): what follows this run if it fails; the last call counts.\n\n"
"directive: 0 retry, after after_ms milliseconds or, if they are negative, the hook's delay; 1 abort.");

static PyObject *codehook_run_directive(PyObject *self, PyObject *args)
{
    int directive, len;
    PY_LONG_LONG after_ms;
    const char *reason;

    if (!PyArg_ParseTuple(args, "iLs#:run_directive", &directive, &after_ms, &reason, &len))
        return NULL;
    if (host_run_directive(directive, after_ms, reason, len) < 0) {
        PyErr_SetString(PyExc_ValueError, "run_directive: directive is 0 or 1");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef codehook_methods[] = {
    {"http_open", codehook_http_open, METH_VARARGS, http_open_doc},
    {"http_write", codehook_http_write, METH_VARARGS, http_write_doc},
    {"http_finish", codehook_http_finish, METH_VARARGS, http_finish_doc},
    {"http_read", codehook_http_read, METH_VARARGS, http_read_doc},
    {"http_timeout", codehook_http_timeout, METH_VARARGS, http_timeout_doc},
    {"http_close", codehook_http_close, METH_VARARGS, http_close_doc},
    {"run_info", codehook_run_info, METH_NOARGS, run_info_doc},
    {"run_directive", codehook_run_directive, METH_VARARGS, run_directive_doc},
    {NULL, NULL, 0, NULL},
};

/* The numbers are the host's (`Code` in crates/codehook-sandbox); tests/shims/test_error_codes.py compares them. */
static const struct { const char *name; int code; } error_codes[] = {
    {"ERR_INVALID", -1},
    {"ERR_DENIED", -2},
    {"ERR_NAME", -3},
    {"ERR_REFUSED", -4},
    {"ERR_TLS", -5},
    {"ERR_TIMEOUT", ERR_TIMEOUT},
    {"ERR_LIMIT", -7},
    {"ERR_PROTOCOL", -8},
    {"ERR_HANDLE", -9},
};

PyMODINIT_FUNC init_codehook(void)
{
    size_t i;
    PyObject *m = Py_InitModule3("_codehook", codehook_methods, "HTTP through the host: the sandbox's one door.");
    if (m == NULL)
        return;
    HostError = PyErr_NewException("_codehook.error", NULL, NULL);
    if (HostError == NULL)
        return;
    Py_INCREF(HostError);
    PyModule_AddObject(m, "error", HostError);
    for (i = 0; i < sizeof(error_codes) / sizeof(error_codes[0]); i++)
        PyModule_AddIntConstant(m, error_codes[i].name, error_codes[i].code);
}
