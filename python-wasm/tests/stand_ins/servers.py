"""Where the servers of the tests are: BASE_URL and TLS_URL as the runner put them in front of the test, or its arguments."""
import sys


def urls(given):
    """(the http server, the https server), without a slash at the end"""
    if 'BASE_URL' in given:
        return given['BASE_URL'], given.get('TLS_URL')
    return sys.argv[1], sys.argv[2]


def host_and_port(url):
    """What connect() takes, of such a URL"""
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)
