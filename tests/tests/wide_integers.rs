//! Numbers are those of 64-bit Linux: an int holds 64 bits, and so do hashes and C's long.

use codehook_tests::prints;

#[test]
fn an_int_holds_64_bits_and_a_long_follows() {
    prints(
        "import sys\n\
         print sys.maxint, repr(2**31), type(2**62).__name__, type(2**63).__name__, repr(-2**63), repr(-sys.maxint - 1)\n\
         print repr(int('9223372036854775807')), repr(int('9223372036854775808')), repr(0x7fffffffffffffff), repr(int(1e15))\n\
         print sys.maxint + 1, sys.maxint * 2, -sys.maxint - 2, (2**40) // 3, 2**40 % 7, 2**40 << 10, -2**40 >> 3\n",
        "9223372036854775807 2147483648 int long -9223372036854775808L -9223372036854775808\n\
         9223372036854775807 9223372036854775808L 9223372036854775807 1000000000000000\n\
         9223372036854775808 18446744073709551614 -9223372036854775809 366503875925 2 1125899906842624 -137438953472\n",
    );
}

#[test]
fn time_stamps_in_milliseconds_are_plain_integers() {
    prints(
        "import json, time, datetime\n\
         now = int(time.time() * 1000)\n\
         print isinstance(now, int), 'L' in repr([now]), repr(json.loads('1577934245123')), repr([1577934245123])\n\
         print datetime.datetime.strptime('2020-01-02 03:04:05.678901', '%Y-%m-%d %H:%M:%S.%f')\n",
        "True False 1577934245123 [1577934245123]\n2020-01-02 03:04:05.678901\n",
    );
}

#[test]
fn hashes_and_the_order_of_dictionaries_are_those_of_64_bits() {
    // Each value as printed by CPython 2.7.18 on x86-64 Linux.
    prints(
        "print hash('a'), hash('codehook'), hash(u'codehook'), hash(2**40), hash(1.5), hash((1, 'a')), hash(2**70)\n\
         print dict.fromkeys('UserEmail UserName EventTime Severity Risk Source Target Detail Extra'.split()).keys()\n\
         print set('user%d' % n for n in range(12))\n",
        "12416037344 -5387630829762762154 -5387630829762762154 1099511627776 1610645504 3703129313087942906 64\n\
         ['UserName', 'UserEmail', 'Risk', 'Extra', 'EventTime', 'Detail', 'Source', 'Target', 'Severity']\n\
         set(['user6', 'user7', 'user4', 'user5', 'user2', 'user3', 'user0', 'user1', 'user8', 'user9', 'user10', 'user11'])\n",
    );
}

#[test]
fn native_sizes_of_c_long_are_eight_bytes() {
    prints(
        "import struct, array\n\
         print struct.calcsize('l'), struct.calcsize('bl'), array.array('l').itemsize, struct.calcsize('<l'), struct.calcsize('i')\n\
         print struct.unpack('l', struct.pack('l', -2**62))[0], array.array('L', [2**63])[0], struct.calcsize('P')\n",
        "8 16 8 4 4\n-4611686018427387904 9223372036854775808 4\n",
    );
}

#[test]
fn numbers_are_formatted_and_parsed_in_full() {
    prints(
        "n = 1234567890123456\n\
         print '%d %i %x %X %#o %+d %020d' % (n, n, n, n, n, n, n), u'%d %x' % (n, n), '{:,} {:x}'.format(n, n), str(n), hex(n), oct(n)\n\
         import marshal, cPickle, pickle\n\
         print marshal.loads(marshal.dumps(n)) == n, cPickle.loads(cPickle.dumps(n, 2)), pickle.loads(pickle.dumps(-n)), repr(n), n.bit_length()\n\
         import itertools\n\
         print list(itertools.islice(itertools.count(2**31 - 2), 4)), sum([2**40, 2**40]), max(2**33, 2**32), divmod(-n, 10**6)\n",
        "1234567890123456 1234567890123456 462d53c8abac0 462D53C8ABAC0 043055247442535300 +1234567890123456 00001234567890123456 \
         1234567890123456 462d53c8abac0 1,234,567,890,123,456 462d53c8abac0 1234567890123456 0x462d53c8abac0 043055247442535300\n\
         True 1234567890123456 -1234567890123456 1234567890123456 51\n\
         [2147483646, 2147483647, 2147483648, 2147483649] 2199023255552 8589934592 (-1234567891, 876544)\n",
    );
}

#[test]
fn an_index_too_large_for_memory_is_an_error_and_a_slice_is_clipped() {
    prints(
        "items = [1, 2, 3]\n\
         text = 'abc'\n\
         big = 2**32\n\
         for attempt in (lambda: items[big], lambda: items[-big], lambda: text[big + 1], lambda: (1, 2)[big]):\n\
         \x20   try:\n\
         \x20       result = attempt()\n\
         \x20   except IndexError as error:\n\
         \x20       print 'IndexError',\n\
         print\n\
         print items[:big], items[-big:big], text[1:2**62], items[big:], text[-2**33:2], items[::big], xrange(0, 2**40, 2**39)[1]\n\
         for attempt in (lambda: 'a' * big, lambda: [0] * (big + 1), lambda: bytearray(big), lambda: list(xrange(big)), lambda: range(big)):\n\
         \x20   try:\n\
         \x20       result = attempt()\n\
         \x20   except (OverflowError, MemoryError) as error:\n\
         \x20       print type(error).__name__,\n",
        "IndexError IndexError IndexError IndexError\n\
         [1, 2, 3] [1, 2, 3] bc [] ab [1] 549755813888\n\
         MemoryError MemoryError OverflowError MemoryError MemoryError",
    );
}

#[test]
fn an_xrange_is_as_long_as_it_likes() {
    prints(
        "import itertools, sys\n\
         r = xrange(-5, sys.maxint - 7)\n\
         print len(r) == sys.maxint - 2, r[0], r[2**40], r[-1] == sys.maxint - 8, r[sys.maxint - 3] == r[-1]\n\
         print list(itertools.islice(r, 3)), next(reversed(r)) == r[-1]\n\
         for attempt in (lambda: r[sys.maxint - 2], lambda: r[-sys.maxint], lambda: r[2**70], lambda: r['a'], lambda: r[1:2],\n\
         \x20       lambda: xrange(2**63), lambda: xrange(-2**62, 2**62 + 1), lambda: tuple(r), lambda: 'a' * 2**70):\n\
         \x20   try:\n\
         \x20       attempt()\n\
         \x20   except (IndexError, MemoryError, OverflowError, TypeError) as error:\n\
         \x20       print type(error).__name__,\n\
         print repr('' * 2**40), [] * 2**40, () * -2**40, repr('ab' * -2**40)\n",
        "True -5 1099511627771 True True\n\
         [-5, -4, -3] True\n\
         IndexError IndexError IndexError TypeError TypeError OverflowError OverflowError MemoryError OverflowError '' [] () ''\n",
    );
}
