//! sqlite3 in a hook: in memory and in files below /tmp, as natively.

use codehook_sandbox::Outcome;
use codehook_tests::{run, stderr, stdout};

/// A script and what it prints.
fn prints(source: &str, expected: &str) {
    let report = run(source);
    assert_eq!(stdout(&report), expected, "{source}\n{}", stderr(&report));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
}

#[test]
fn a_database_in_memory() {
    prints(
        "
import sqlite3
print sqlite3.sqlite_version, sqlite3.version, sqlite3.threadsafety, sqlite3.paramstyle
c = sqlite3.connect(':memory:')
c.row_factory = sqlite3.Row
c.execute('create table users (id integer primary key, name text, score real, picture blob)')
c.executemany('insert into users (name, score, picture) values (?, ?, ?)', [(u'Ren\\xe9', 1.5, buffer('a\\0b')), ('ann', None, None)])
c.commit()
row = c.execute('select * from users where name = :name', {'name': u'Ren\\xe9'}).fetchone()
print row.keys(), len(row), repr(row['name']), row[2], str(row['picture']) == 'a\\0b', row == row
print [tuple(r) for r in c.execute('select id, name from users order by name desc')], c.total_changes
c.isolation_level = None
print c.isolation_level
big = 2 ** 63 - 1
print c.execute('select ?', (big,)).fetchone()[0] == big
try: c.execute('select ?', (2 ** 63,))
except OverflowError as e: print 'OverflowError'
try: c.execute('insert into users values (1, 0, 0, 0)')
except sqlite3.IntegrityError as e: print e
",
        "3.40.1 2.6.0 1 qmark\n['id', 'name', 'score', 'picture'] 4 u'Ren\\xe9' 1.5 True True\n\
         [(2, u'ann'), (1, u'Ren\\xe9')] 2\nNone\nTrue\nOverflowError\nUNIQUE constraint failed: users.id\n",
    );
}

#[test]
fn functions_of_a_script_in_sql() {
    prints(
        "
import sqlite3
class Longest(object):
    def __init__(self): self.best = ''
    def step(self, text): self.best = max(self.best, text, key=len)
    def finalize(self): return self.best
c = sqlite3.connect(':memory:')
c.create_function('rot', 1, lambda text: text.encode('rot13'))
c.create_aggregate('longest', 1, Longest)
c.create_collation('backwards', lambda a, b: cmp(b, a))
steps = []
c.set_progress_handler(lambda: steps.append(1), 10)
c.set_authorizer(lambda *about: sqlite3.SQLITE_OK)
c.execute('create table t (w)')
c.executemany('insert into t values (?)', [('a',), ('ccc',), ('bb',)])
print c.execute('select group_concat(rot(w)), longest(w) from t').fetchone()
print c.execute('select w from t order by w collate backwards').fetchall(), len(steps) > 0
def fails(x): raise ValueError(x)
c.create_function('fails', 1, fails)
try: c.execute('select fails(1)').fetchone()
except sqlite3.OperationalError as e: print e
print list(c.iterdump())[1]
",
        "(u'n,ppp,oo', u'ccc')\n[(u'ccc',), (u'bb',), (u'a',)] True\nuser-defined function raised exception\nCREATE TABLE t (w);\n",
    );
}

#[test]
fn what_debians_sqlite_offers_to_sql() {
    prints(
        "
import sqlite3
c = sqlite3.connect(':memory:')
for table in ('fts3(x)', 'fts4(x)', 'fts5(x)', 'rtree(id, a, b)'):
    c.execute('create virtual table t_%s using %s' % (table[:4], table))
c.execute(\"insert into t_fts5 values ('the quick brown fox')\")
print c.execute(\"select * from t_fts5 where t_fts5 match 'quick'\").fetchall()
print c.execute(\"select json_extract('{\\\"a\\\": [1, 2]}', '$.a[1]'), soundex('hook'), sqrt(16), upper('x')\").fetchone()
c.execute('create table n (i)')
c.executemany('insert into n values (?)', [(i,) for i in range(10)])
print c.execute('delete from n order by i desc limit 3').rowcount, c.execute('select max(i), sum(max(i)) over () from n').fetchone()
print c.execute('with recursive r(i) as (select 1 union all select i + 1 from r where i < 1000) select sum(i) from r').fetchone()
print len(set(c.execute('select hex(randomblob(16))').fetchone()[0] for _ in range(5)))
",
        "[(u'the quick brown fox',)]\n(2, u'H200', 4.0, u'X')\n3 (6, 6)\n(500500,)\n5\n",
    );
}

#[test]
fn random_numbers_differ_from_run_to_run() {
    let draw = || {
        stdout(&run(
            "import sqlite3; print sqlite3.connect(':memory:').execute('select hex(randomblob(16))').fetchone()[0]",
        ))
    };
    let (first, second) = (draw(), draw());
    assert_eq!(first.len(), 33, "{first}");
    assert_ne!(first, second);
}

#[test]
fn a_database_in_a_file() {
    prints(
        "
import os, sqlite3
path = '/tmp/a.db'
c = sqlite3.connect(path)
c.execute('create table t (i, text)')
with c:
    c.executemany('insert into t values (?, ?)', [(i, 'x' * 500) for i in range(2000)])
try:
    with c:
        c.execute('delete from t')
        raise KeyError
except KeyError: pass
c.execute('create index by_text on t (text, i)')
print c.execute('select count(*), sum(i) from t').fetchone(), os.path.getsize(path) > 10 ** 6
c.execute('vacuum')
c.close()
print open(path, 'rb').read(15), os.listdir('/tmp')
again = sqlite3.connect(path)
print again.execute('pragma integrity_check').fetchone(), again.execute('select count(*) from t').fetchone()
try: sqlite3.connect('/usr/lib/new.db').execute('create table t (i)')
except sqlite3.OperationalError as e: print e
print again.execute('pragma journal_mode=wal').fetchone()
other = sqlite3.connect(path)
with again: again.execute('insert into t values (-1, 0)')
print other.execute('select count(*) from t where i < 0').fetchone(), sorted(os.listdir('/tmp'))
",
        "(2000, 1999000) True\nSQLite format 3 ['a.db']\n(u'ok',) (2000,)\nunable to open database file\n(u'wal',)\n(1,) ['a.db', 'a.db-wal']\n",
    );
}

#[test]
fn connections_lock_each_other_out() {
    prints(
        "
import sqlite3, time
one, two = [sqlite3.connect('/tmp/a.db', timeout=0.2) for _ in range(2)]
with one: one.execute('create table t (i)')
one.execute('insert into t values (1)')
print two.execute('select count(*) from t').fetchone()
start = time.time()
try: two.execute('insert into t values (2)')
except sqlite3.OperationalError as e: print e, 0.1 < time.time() - start < 2
one.commit()
two.execute('insert into t values (2)')
two.commit()
print one.execute('select count(*) from t').fetchone()
",
        "(0,)\ndatabase is locked True\n(2,)\n",
    );
}

#[test]
fn a_thread_that_waits_for_a_lock_lets_the_others_release_it() {
    prints(
        "
import sqlite3, threading, time
path = '/tmp/a.db'
with sqlite3.connect(path) as c: c.execute('create table t (who, i)')
def add(who):
    c = sqlite3.connect(path, timeout=20)
    for i in range(5):
        with c:
            c.execute('insert into t values (?, ?)', (who, i))
            time.sleep(0.01)
    c.close()
threads = [threading.Thread(target=add, args=(n,)) for n in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print c.execute('select who, count(*) from t group by who').fetchall()
def elsewhere():
    try: c.execute('select 1')
    except sqlite3.ProgrammingError as e: print str(e)[:60]
t = threading.Thread(target=elsewhere); t.start(); t.join()
",
        "[(0, 5), (1, 5), (2, 5)]\nSQLite objects created in a thread can only be used in that \n",
    );
}

#[test]
fn there_are_no_extensions_to_load() {
    prints(
        "
import sqlite3
c = sqlite3.connect(':memory:')
print hasattr(c, 'enable_load_extension'), hasattr(c, 'load_extension')
try: c.execute(\"select load_extension('x')\")
except sqlite3.OperationalError as e: print e
",
        "False False\nno such function: load_extension\n",
    );
}
