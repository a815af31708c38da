/* What the eval loop calls of codehook_threads.c and codehook_calls.c, for the training build: it has one thread, so none of it is
   called for more than an answer that says so. Appended to ceval.c. */
int codehook_watch;
int codehook_may_suspend;
PyObject *codehook_resume_value;
struct _frame *codehook_suspending;

int codehook_tick(void) { return 0; }
void codehook_yield_now(void) {}
int codehook_loop_is_bounded(void) { return 0; }
int codehook_unwrap(PyObject **func, PyObject **args, PyObject **kw) { return 0; }
PyObject *codehook_keyword_array(PyObject *kw) { return NULL; }
int codehook_is_looped_over(PyObject *iterator) { return 0; }
