"""Names, addresses and byte order, as `_socket` has them. Only the host looks names up: a name stands for its own
address.
"""
import errno as _errno
import re as _re
import struct as _struct

from _codehook_socket_base import *
from _codehook_socket_base import _refusal

_HOST = _re.compile(r'[A-Za-z0-9_.-]+\Z')


def _checked_name(host):
    """The host as bytes, an IPv6 address without brackets. What could change the meaning of a URL is refused."""
    if isinstance(host, unicode):
        host = host.encode('idna')
    elif not isinstance(host, str):
        raise TypeError('a host name is a string, not %s' % type(host).__name__)
    if not _HOST.match(host) and not _is_ipv6(host):
        raise gaierror(EAI_NONAME, 'Name or service not known: %r is no host name' % host)
    return host


# ---------------------------------------------------------------------------------------------------------------------
# Names. Only the host looks names up: a name stands for its own address.

_SERVICES = {
    'ftp': 21, 'ssh': 22, 'telnet': 23, 'smtp': 25, 'domain': 53, 'http': 80, 'pop3': 110, 'ntp': 123, 'imap': 143,
    'imap2': 143, 'ldap': 389, 'https': 443, 'submission': 587, 'ldaps': 636, 'imaps': 993, 'pop3s': 995, 'http-alt': 8080,
}
_PROTOCOLS = {'ip': 0, 'icmp': 1, 'tcp': 6, 'udp': 17, 'ipv6': 41}
_OWN_NAME = 'codehook'
_LOOPBACK_NAMES = ('', _OWN_NAME, 'localhost', 'localhost.localdomain')


def getaddrinfo(host, port, family=AF_UNSPEC, socktype=0, proto=0, flags=0):
    """getaddrinfo(host, port[, family, socktype, proto, flags]) -> [(family, socktype, proto, canonname, sockaddr)]

    One entry, with the name itself in the place of its address: a socket connects to it as to any address."""
    if host is None:
        host = '0.0.0.0' if flags & AI_PASSIVE else '127.0.0.1'
    host = _checked_name(host)
    if flags & AI_NUMERICHOST and not _is_numeric(host):
        raise gaierror(EAI_NONAME, 'Name or service not known')
    port = _port_number(port)
    canonical = host if flags & AI_CANONNAME else ''
    socktype = socktype or SOCK_STREAM
    proto = proto or {SOCK_STREAM: IPPROTO_TCP, SOCK_DGRAM: IPPROTO_UDP}.get(socktype, 0)
    if _is_ipv6(host) or (family == AF_INET6 and not _is_ipv4(host)):
        return [(AF_INET6, socktype, proto, canonical, (host, port, 0, 0))]
    if family not in (AF_UNSPEC, AF_INET):
        raise gaierror(EAI_FAMILY, 'ai_family not supported')
    return [(AF_INET, socktype, proto, canonical, (host, port))]


def _port_number(port):
    if port is None:
        return 0
    if isinstance(port, (int, long)):
        return int(port) & 0xffff
    if not isinstance(port, basestring):
        raise error('Int or String expected')
    if port.isdigit():
        return int(port) & 0xffff
    if port in _SERVICES:
        return _SERVICES[port]
    raise gaierror(EAI_SERVICE, 'Servname not supported for ai_socktype')


def gethostbyname(host):
    """gethostbyname(host) -> address, for addresses and for this machine's own names only.

    An address that is made up would end up in somebody's records, so for other names it is an error."""
    name = _checked_name(host) if host else ''
    if name.lower() in _LOOPBACK_NAMES:
        return '127.0.0.1'
    if _is_ipv4(name):
        return name
    raise gaierror(EAI_FAIL, 'a hook never learns the address of %s: use the name itself, in the URL or in connect()' % name)


def gethostbyname_ex(host):
    """gethostbyname_ex(host) -> (name, aliaslist, addresslist)"""
    return host, [], [gethostbyname(host)]


def gethostbyaddr(host):
    """gethostbyaddr(host) -> (name, aliaslist, addresslist), for this machine's own address only."""
    if host.lower() in _LOOPBACK_NAMES or host in ('127.0.0.1', '::1', '0.0.0.0'):
        return _OWN_NAME, [], ['127.0.0.1']
    raise herror(1, 'a hook never learns the name of %s' % host)


def gethostname():
    """gethostname() -> 'codehook'"""
    return _OWN_NAME


def getnameinfo(sockaddr, flags):
    """getnameinfo(sockaddr, flags) -> (host, port): the address itself."""
    host, port = sockaddr[:2]
    if not flags & NI_NUMERICSERV:
        try:
            return host, getservbyport(port)
        except error:
            pass
    return host, str(port)


def getservbyname(name, protocol='tcp'):
    """getservbyname(name[, protocol]) -> port"""
    if name not in _SERVICES or protocol not in ('tcp', 'udp'):
        raise error('service/proto not found')
    return _SERVICES[name]


def getservbyport(port, protocol='tcp'):
    """getservbyport(port[, protocol]) -> name"""
    for name in sorted(_SERVICES):
        if _SERVICES[name] == port and protocol in ('tcp', 'udp'):
            return name
    raise error('port/proto not found')


def getprotobyname(name):
    """getprotobyname(name) -> number"""
    if name not in _PROTOCOLS:
        raise error('protocol not found')
    return _PROTOCOLS[name]


def fromfd(fd, family, type, proto=0):
    """fromfd(fd, family, type[, proto]): refused, no file is a socket."""
    raise _refusal(_errno.ENOTSOCK, 'no file number is a socket')


def socketpair(family=None, type=SOCK_STREAM, proto=0):
    """socketpair(): refused, there is no second process or thread to talk to."""
    raise _refusal(_errno.EACCES, 'there is no other process or thread to talk to')


# ---------------------------------------------------------------------------------------------------------------------
# Numbers and addresses in network form

def ntohs(number):
    """ntohs(number) -> 16-bit number in the machine's order (which is little-endian)"""
    if not 0 <= number <= 0xffff:
        raise OverflowError('16-bit unsigned integer expected')
    return _struct.unpack('<H', _struct.pack('>H', number))[0]


def ntohl(number):
    """ntohl(number) -> 32-bit number in the machine's order"""
    if not 0 <= number <= 0xffffffff:
        raise OverflowError('32-bit unsigned integer expected')
    return _struct.unpack('<I', _struct.pack('>I', number))[0]


def htons(number):
    """htons(number) -> 16-bit number in network order"""
    return ntohs(number)


def htonl(number):
    """htonl(number) -> 32-bit number in network order"""
    return ntohl(number)


def inet_aton(text):
    """inet_aton(text) -> 4 bytes. One to four parts, each decimal, octal or hexadecimal."""
    parts = text.split('.')
    try:
        numbers = [int(part, 16 if part[:2] in ('0x', '0X') else 8 if part[:1] == '0' else 10) for part in parts]
        if len(parts) > 4 or not all(part.isalnum() for part in parts) or max(numbers[:-1] or [0]) > 255:
            raise ValueError
        last_bytes = 5 - len(parts)
        if numbers[-1] >= 256 ** last_bytes:
            raise ValueError
    except ValueError:
        raise error('illegal IP address string passed to inet_aton')
    return ''.join(map(chr, numbers[:-1])) + _struct.pack('>I', numbers[-1])[4 - last_bytes:]


def inet_ntoa(packed):
    """inet_ntoa(4 bytes) -> text"""
    if len(packed) != 4:
        raise error('packed IP wrong length')
    return '.'.join(str(ord(byte)) for byte in packed)


_IPV4 = _re.compile(r'(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}\Z')


def inet_pton(family, text):
    """inet_pton(family, text) -> packed address"""
    if family == AF_INET:
        if not _IPV4.match(text):
            raise error('illegal IP address string passed to inet_pton')
        return inet_aton(text)
    if family != AF_INET6:
        raise error(_errno.EAFNOSUPPORT, 'Address family not supported by protocol')
    packed = _pack_ipv6(text)
    if packed is None:
        raise error('illegal IP address string passed to inet_pton')
    return packed


def _pack_ipv6(text):
    head, gap, tail = text.partition('::')
    groups = []
    for part in (head, tail):
        packed = ''
        words = part.split(':') if part else []
        for index, word in enumerate(words):
            if '.' in word and index == len(words) - 1 and (part is tail or not gap) and _IPV4.match(word):
                packed += inet_aton(word)
            elif 1 <= len(word) <= 4 and all(c in '0123456789abcdefABCDEF' for c in word):
                packed += _struct.pack('>H', int(word, 16))
            else:
                return None
        groups.append(packed)
    missing = 16 - len(groups[0]) - len(groups[1])
    if missing < 2 if gap else missing:
        return None
    return groups[0] + '\0' * missing + groups[1]


def inet_ntop(family, packed):
    """inet_ntop(family, packed address) -> text"""
    if family == AF_INET:
        if len(packed) != 4:
            raise ValueError('invalid length of packed IP address string')
        return inet_ntoa(packed)
    if family != AF_INET6:
        raise ValueError('unknown address family %s' % family)
    if len(packed) != 16:
        raise ValueError('invalid length of packed IP address string')
    if packed[:12] == '\0' * 10 + '\xff\xff':
        return '::ffff:' + inet_ntoa(packed[12:])
    words = ['%x' % word for word in _struct.unpack('>8H', packed)]
    # RFC 5952: the first of the longest runs of two or more zeros is left out.
    best_start, best_length = 0, 1
    for start in range(8):
        length = 0
        while start + length < 8 and words[start + length] == '0':
            length += 1
        if length > best_length:
            best_start, best_length = start, length
    if best_length < 2:
        return ':'.join(words)
    return ':'.join(words[:best_start]) + '::' + ':'.join(words[best_start + best_length:])


def _is_ipv4(host):
    return _IPV4.match(host) is not None


def _is_ipv6(host):
    return ':' in host and _pack_ipv6(host) is not None


def _is_numeric(host):
    return _is_ipv4(host) or _is_ipv6(host)
