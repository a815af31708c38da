//! What the eval loop works out by itself is what the types' own functions would have answered.

use codehook_tests::prints;

#[test]
fn a_float_that_somebody_holds_keeps_its_value() {
    prints(
        "def f(a, held):\n\
         \x20   b = a\n\
         \x20   a += 1.0\n\
         \x20   a *= 2.0\n\
         \x20   a -= 0.5\n\
         \x20   a /= 4.0\n\
         \x20   return a, b, held[0] + 1.5 - held[0], held, (lambda x=2.5: (x * 2.0, x - 1.0, x))()\n\
         print f(1.5, [0.25])\n\
         print f(1.5, [0.25])\n\
         x = 3.0\n\
         print x * x, x + x, x - x, x / x, x, (x + 1.0) * (x + 2.0) - (x / 2.0)\n",
        "(1.125, 1.5, 1.5, [0.25], (5.0, 1.5, 2.5))\n\
         (1.125, 1.5, 1.5, [0.25], (5.0, 1.5, 2.5))\n\
         9.0 6.0 0.0 1.0 3.0 18.5\n",
    );
}

#[test]
fn classes_derived_from_numbers_and_strings_keep_their_own_operators() {
    prints(
        "class F(float):\n\
         \x20   def __add__(self, other): return 'added'\n\
         \x20   def __rmul__(self, other): return 'multiplied'\n\
         \x20   def __lt__(self, other): return 'less'\n\
         class S(str):\n\
         \x20   def __eq__(self, other): return 'equal'\n\
         \x20   __hash__ = str.__hash__\n\
         print F(1.0) + 2.0, 2.0 * F(1.0), F(1.0) < 2.0, F(3.0) - 1.0, S('a') == 'b', 'a' == S('b'), 'a' == u'a', 'a' != 'a'\n",
        "added multiplied less 2.0 equal equal True False\n",
    );
}

#[test]
fn division_by_zero_and_numbers_that_are_none_behave_as_ever() {
    prints(
        "from __future__ import division\n\
         nan, inf = float('nan'), float('inf')\n\
         print nan == nan, nan != nan, nan < 1.0, 1.0 >= nan, inf > 1e308, -0.0 == 0.0, 1e308 * 10.0, inf - inf, nan is nan\n\
         for attempt in (lambda: 1.0 / 0.0, lambda: 1 / 0.0, lambda: 0.0 / -0.0):\n\
         \x20   try:\n\
         \x20       print attempt()\n\
         \x20   except ZeroDivisionError as error:\n\
         \x20       print error\n\
         print 1.0 / 4.0, 7 / 2, 7.5 // 2.0, 7.5 % 2.0\n",
        "False True False False True True inf nan True\n\
         float division by zero\nfloat division by zero\nfloat division by zero\n\
         0.25 3.5 3.0 1.5\n",
    );
}

#[test]
fn products_of_ints_are_exact_whatever_their_size() {
    prints(
        "small, large = 2**31 - 1, 2**31\n\
         print repr(small * small), repr(-large * large), repr(large * large), repr(large * large * 2), repr(-large * 2**32)\n\
         n = 1\n\
         for k in range(1, 22):\n\
         \x20   n *= k\n\
         print repr(n), repr(True * 3), repr(3 * 'ab'), repr([0] * 2)\n",
        "4611686014132420609 -4611686018427387904 4611686018427387904 9223372036854775808L -9223372036854775808\n\
         51090942171709440000L 3 'ababab' [0, 0]\n",
    );
}
