//! Blocks of memory are copied, moved and filled to the last byte, whatever their length and however they overlap.
//!
//! Bytes are compared one by one with what they have to be, so that the comparison itself copies nothing.

use codehook_tests::prints;

const LENGTHS: &str = "lengths = range(70) + [127, 128, 129, 255, 256, 257, 600, 767, 768, 769, 784, 1023, 1024, 1025, 5000]\n\
                       value = lambda i: i * 7 % 251\n\
                       content = lambda n: bytearray(value(i) for i in xrange(n))\n";

fn finds_nothing_wrong(script: &str) {
    prints(&format!("{LENGTHS}{script}"), "ok\n");
}

#[test]
fn copies_have_every_byte_and_not_one_more() {
    finds_nothing_wrong(
        "for n in lengths:\n\
         \x20   for start in (0, 1, 3, 8, 13):\n\
         \x20       whole = content(n + 40)\n\
         \x20       piece = whole[start:start + n]\n\
         \x20       assert len(piece) == n\n\
         \x20       assert [i for i in xrange(n) if piece[i] != value(start + i)] == [], (n, start)\n\
         \x20       target = bytearray('.' * (n + 40))\n\
         \x20       target[start:start + n] = piece\n\
         \x20       assert len(target) == n + 40\n\
         \x20       for i in xrange(n + 40):\n\
         \x20           expected = value(i) if start <= i < start + n else 46\n\
         \x20           assert target[i] == expected, (n, start, i)\n\
         print 'ok'\n",
    );
}

#[test]
fn moves_to_both_sides_keep_what_they_move() {
    finds_nothing_wrong(
        "for n in lengths:\n\
         \x20   for shift in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 200):\n\
         \x20       up = content(n)\n\
         \x20       up[0:0] = '.' * shift\n\
         \x20       assert len(up) == n + shift\n\
         \x20       assert [i for i in xrange(n) if up[shift + i] != value(i)] == [], (n, shift)\n\
         \x20       down = content(n + shift)\n\
         \x20       down[0:shift] = ''\n\
         \x20       assert len(down) == n\n\
         \x20       assert [i for i in xrange(n) if down[i] != value(shift + i)] == [], (n, shift)\n\
         objects = [object() for _ in range(300)]\n\
         for n in range(0, 300, 7):\n\
         \x20   for shift in (1, 2, 5):\n\
         \x20       up = objects[:n]\n\
         \x20       up[0:0] = [None] * shift\n\
         \x20       assert [i for i in range(n) if up[shift + i] is not objects[i]] == [], (n, shift)\n\
         \x20       del up[0:shift]\n\
         \x20       assert [i for i in range(n) if up[i] is not objects[i]] == [], (n, shift)\n\
         print 'ok'\n",
    );
}

#[test]
fn fills_reach_from_end_to_end() {
    finds_nothing_wrong(
        "for n in lengths:\n\
         \x20   empty = bytearray(n)\n\
         \x20   assert [i for i in xrange(n) if empty[i] != 0] == [], n\n\
         \x20   for inner in (0, 1, 5, 16):\n\
         \x20       text = ('<' * inner).ljust(n + inner, '\\xe9') + '>'\n\
         \x20       assert len(text) == n + inner + 1 and text[-1] == '>'\n\
         \x20       assert [i for i in xrange(inner) if text[i] != '<'] == [], (n, inner)\n\
         \x20       assert [i for i in xrange(n) if text[inner + i] != '\\xe9'] == [], (n, inner)\n\
         print 'ok'\n",
    );
}
