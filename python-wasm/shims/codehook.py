"""A hook's own run: which attempt it is, and whether another attempt follows.

    import codehook

    codehook.attempt            1 in the first attempt, 2 in the second, ...
    codehook.run_id             the run's identifier, the same in all attempts; None where the hook is only tried out
    codehook.retry(after=60, reason='Okta answers 503')
    codehook.abort('there is no such user')

A run may begin again after a crash of the machine: use run_id as the key by which other systems tell a repetition.
"""
import json as _json

import _codehook

_info = _json.loads(_codehook.run_info())
attempt = _info['attempt']
run_id = _info['run_id']
if run_id is not None:
    run_id = str(run_id)

_RETRY, _ABORT = 0, 1


class Retry(SystemExit):
    """Ends the script with exit code 75 (EX_TEMPFAIL of sysexits.h); another attempt follows."""


class Abort(SystemExit):
    """Ends the script with exit code 1; no attempt follows."""


def retry(after=None, reason=''):
    """Ends the script and asks for another attempt, unless all that the hook may have are used up.

    after: seconds, or a datetime.timedelta; at most a week. Without it the hook's own delay counts.
    """
    milliseconds = -1
    if after is not None:
        if hasattr(after, 'total_seconds'):
            after = after.total_seconds()
        milliseconds = long(float(after) * 1000)
        if milliseconds < 0:
            raise ValueError('codehook.retry: after is negative')
    _codehook.run_directive(_RETRY, min(milliseconds, 7 * 24 * 3600 * 1000), _bytes(reason))
    raise Retry(75)


def abort(reason=''):
    """Ends the script as failed, and asks that no further attempt be made."""
    _codehook.run_directive(_ABORT, -1, _bytes(reason))
    raise Abort(1)


def _bytes(reason):
    return reason.encode('utf-8') if isinstance(reason, unicode) else str(reason)
