/* Signals of a hook: those that it sends to itself, and SIGALRM. There are no other senders.
 *
 * A signal calls its C handler at once. CPython's C handler only sets a flag, and the Python function runs in the main
 * thread between two instructions, as everywhere. The eval loop's ticker, a sleep or a wait for HTTP notices that the
 * alarm is due; while it is not set, the clock is not read. This replaces wasi-libc's emulation, which has neither
 * default actions nor an alarm. */
#include "codehook_threads.h"

#include <math.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* What a shell reports for a program that a signal ended. */
#define EXIT_OF_SIGNAL 128

typedef void (*handler)(int);

static handler handlers[NSIG];
static double alarm_at, alarm_interval;

double codehook_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

handler signal(int sig, handler new_handler)
{
    handler before;

    if (sig < 1 || sig >= NSIG || sig == SIGKILL || sig == SIGSTOP) {
        errno = EINVAL;
        return SIG_ERR;
    }
    before = handlers[sig];
    handlers[sig] = new_handler;
    return before;
}

/* What Linux does with a signal that has no handler (signal(7)). Nothing could ever wake a hook that is stopped. */
static int default_action(int sig)
{
    switch (sig) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return 0;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        errno = ENOSYS;
        return -1;
    default:
        fprintf(stderr, "%s\n", sig == SIGALRM ? "Alarm clock" : strsignal(sig));
        fflush(NULL);
        _exit(EXIT_OF_SIGNAL + sig);
    }
}

int raise(int sig)
{
    if (sig < 1 || sig >= NSIG) {
        errno = EINVAL;
        return -1;
    }
    if (handlers[sig] == SIG_DFL)
        return default_action(sig);
    if (handlers[sig] != SIG_IGN)
        handlers[sig](sig);
    return 0;
}

int codehook_send_signal(int sig) { return raise(sig); }

/* The alarm */

double codehook_alarm_at(void) { return alarm_at; }

static void set_alarm(double seconds, double interval)
{
    alarm_at = seconds > 0 ? codehook_now() + seconds : 0;
    alarm_interval = interval;
    if (alarm_at != 0)
        codehook_watch |= CODEHOOK_WATCH_ALARM;
    else
        codehook_watch &= ~CODEHOOK_WATCH_ALARM;
}

void codehook_check_alarm(void)
{
    if (alarm_at == 0 || codehook_now() < alarm_at)
        return;
    set_alarm(alarm_interval, alarm_interval);
    raise(SIGALRM);
}

static double seconds_left(void)
{
    double left;
    if (alarm_at == 0)
        return 0;
    left = alarm_at - codehook_now();
    /* Due, but not yet noticed: 0 would mean that none is set. */
    return left > 1e-6 ? left : 1e-6;
}

unsigned alarm(unsigned seconds)
{
    double left = seconds_left();
    set_alarm(seconds, 0);
    return (unsigned)ceil(left);
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

static struct timeval time_of(double seconds)
{
    struct timeval time;
    time.tv_sec = (time_t)seconds;
    time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
    return time;
}

int getitimer(int which, struct itimerval *value)
{
    /* The other two count processor time, of which a hook has no clock. */
    if (which != ITIMER_REAL) {
        errno = EINVAL;
        return -1;
    }
    value->it_value = time_of(seconds_left());
    value->it_interval = time_of(alarm_interval);
    return 0;
}

int setitimer(int which, const struct itimerval *value, struct itimerval *before)
{
    struct itimerval ignored;
    if (getitimer(which, before != NULL ? before : &ignored) != 0)
        return -1;
    set_alarm(seconds_of(value->it_value), seconds_of(value->it_interval));
    return 0;
}
