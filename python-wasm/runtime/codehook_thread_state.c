/* Variables that the scheduler, soft calls and signals share (codehook_threads.h). */
#include "codehook_threads.h"

PyObject *codehook_resume_value;
struct _frame *codehook_suspending;
int codehook_may_suspend, codehook_watch;
PyObject *codehook_thread_error;
