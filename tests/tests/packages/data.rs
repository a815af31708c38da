//! Formats, structures and small tools.

use crate::{Use, prints};

pub(crate) const USES: &[Use] = &[
    ("cached-property", cached_property_computes_once),
    ("cachetools", cachetools_forgets_the_least_used),
    ("chardet", chardet_names_an_encoding),
    ("configparser", configparser_reads_as_python_3_does),
    ("enum34", enum_members_have_names_values_and_order),
    ("futures", an_executor_maps_in_order_and_carries_exceptions),
    ("idna", idna_encodes_host_names),
    ("ijson", ijson_takes_items_out_of_a_stream),
    ("inflection", inflection_turns_names),
    ("jmespath", jmespath_filters_and_projects),
    ("pbr", pbr_and_pkg_resources_know_the_installed_versions),
    ("pyparsing", pyparsing_evaluates_a_grammar),
    ("PyYAML", yaml_loads_and_dumps),
    (
        "setuptools",
        pbr_and_pkg_resources_know_the_installed_versions,
    ),
    ("simplejson", simplejson_keeps_decimals_exact),
    ("six", six_bridges_the_versions),
    ("typing", typing_describes_without_checking),
    ("xmltodict", xmltodict_goes_there_and_back),
    ("defusedxml", defusedxml_refuses_entities),
];

#[test]
fn simplejson_keeps_decimals_exact() {
    prints(
        r#"
import simplejson
from decimal import Decimal
read = simplejson.loads('{"price": 1.10, "n": [1, 2.5e3], "name": "Zo\\u00eb"}', use_decimal=True)
print repr(read['price']), repr(read['price'] * 3), read['n'], repr(read['name'])
print simplejson.dumps({'total': Decimal('0.10'), 'b': [True, None], 'a': u'\u20ac'}, sort_keys=True)
print simplejson.dumps([float('nan')], ignore_nan=True), simplejson.dumps(('a', 1), indent='  ')
try:
    simplejson.loads('{"a": 1,}')
except simplejson.JSONDecodeError as error:
    print error.lineno, error.colno, error
"#,
        "Decimal('1.10') Decimal('3.30') [1, Decimal('2.5E+3')] u'Zo\\xeb'\n\
         {\"a\": \"\\u20ac\", \"b\": [true, null], \"total\": 0.10}\n\
         [null] [\n  \"a\",\n  1\n]\n\
         1 8 Illegal trailing comma before end of object: line 1 column 8 (char 7)\n",
    );
}

#[test]
fn yaml_loads_and_dumps() {
    prints(
        r#"
import yaml
text = """
users: &all
  - {name: "Zo\\u00eb", risk: 92.5}
  - name: Ann
    since: 2024-05-14
    notes: |
      two
      lines
again: *all
on: yes
"""
read = yaml.safe_load(text)
print read['users'] is read['again'], read['users'][1]['since'].isoformat(), repr(read['users'][1]['notes']), read[True]
print repr(read['users'][0]['name']), read['users'][0]['risk']
print yaml.safe_dump({'b': [1, 2.5, None, 'x: y'], 'a': {'k': True}}, default_flow_style=False),
print [token['n'] for token in yaml.safe_load_all('n: 1\n---\nn: 2\n')]
try:
    yaml.safe_load('!!python/object/apply:os.getcwd []')
except yaml.YAMLError as error:
    print type(error).__name__
"#,
        "True 2024-05-14 'two\\nlines\\n' True\nu'Zo\\xeb' 92.5\n\
         a:\n  k: true\nb:\n- 1\n- 2.5\n- null\n- 'x: y'\n[1, 2]\nConstructorError\n",
    );
}

#[test]
fn jmespath_filters_and_projects() {
    prints(
        r#"
import jmespath, json
data = {'users': [{'name': 'ann', 'risk': 10, 'groups': ['a']}, {'name': 'zoe', 'risk': 92, 'groups': ['a', 'b']}]}
print json.dumps(jmespath.search('users[?risk > `50`].{who: name, n: length(groups)}', data), sort_keys=True)
print jmespath.search('max_by(users, &risk).name', data), jmespath.search('users[].groups[] | join(`,`, @)', data)
print jmespath.search('nobody', data)
try:
    jmespath.compile('users[?')
except jmespath.exceptions.ParseError:
    print 'refused'
"#,
        "[{\"n\": 2, \"who\": \"zoe\"}]\nzoe a,a,b\nNone\nrefused\n",
    );
}

#[test]
fn xmltodict_goes_there_and_back() {
    prints(
        r#"
import xmltodict
read = xmltodict.parse('<a id="1"><b>one</b><b>two</b><c/><d k="v">text</d></a>')
print read['a']['@id'], read['a']['b'], read['a']['c'], read['a']['d']['#text'], read['a']['d']['@k']
print xmltodict.unparse(read)
"#,
        "1 [u'one', u'two'] None text v\n\
         <?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <a id=\"1\"><b>one</b><b>two</b><c></c><d k=\"v\">text</d></a>\n",
    );
}

#[test]
fn defusedxml_refuses_entities() {
    prints(
        r#"
from defusedxml import ElementTree, EntitiesForbidden
print ElementTree.fromstring('<a><b x="1">t</b></a>').find('b').attrib
try:
    ElementTree.fromstring('<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>')
except EntitiesForbidden as error:
    print error.name
"#,
        "{'x': '1'}\ne\n",
    );
}

#[test]
fn ijson_takes_items_out_of_a_stream() {
    prints(
        r#"
import ijson
from io import BytesIO
text = b'{"result": [{"n": 1, "s": "a"}, {"n": 2.50, "s": "\\u00eb"}], "more": false}'
print [(item['n'], item['s']) for item in ijson.items(BytesIO(text), 'result.item')]
print [(prefix, event) for prefix, event, _ in ijson.parse(BytesIO(text))][-2:]
try:
    list(ijson.items(BytesIO(b'{"result": ['), 'result.item'))
except ijson.JSONError as error:
    print type(error).__name__
"#,
        "[(1, u'a'), (Decimal('2.50'), u'\\xeb')]\n\
         [(u'more', u'boolean'), ('', u'end_map')]\nIncompleteJSONError\n",
    );
}

#[test]
fn configparser_reads_as_python_3_does() {
    prints(
        r#"
import configparser
from backports import configparser as same
config = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
config.read_string(u'[paths]\nhome = /tmp\nlog = ${home}/log\n[limits]\nrisk = 90\nstrict = yes\n')
print config['paths']['log'], config['limits'].getint('risk') + 1, config.getboolean('limits', 'strict')
print config.sections(), config.get('limits', 'none', fallback='-'), same.ConfigParser is configparser.ConfigParser
"#,
        "/tmp/log 91 True\n[u'paths', u'limits'] - True\n",
    );
}

#[test]
fn enum_members_have_names_values_and_order() {
    prints(
        r#"
from enum import Enum, IntEnum, unique
class Risk(IntEnum):
    low = 1
    high = 2
@unique
class State(Enum):
    active = 'ACTIVE'
    suspended = 'SUSPENDED'
print Risk.low < Risk.high, Risk(2).name, State('ACTIVE'), State['suspended'].value, [member.name for member in Risk]
try:
    State('GONE')
except ValueError as error:
    print error
"#,
        "True high State.active SUSPENDED ['low', 'high']\nGONE is not a valid State\n",
    );
}

#[test]
fn an_executor_maps_in_order_and_carries_exceptions() {
    prints(
        r#"
from concurrent.futures import ThreadPoolExecutor, as_completed
with ThreadPoolExecutor(max_workers=3) as pool:
    print list(pool.map(lambda n: n * n, range(5)))
    futures = [pool.submit(int, text) for text in ('7', 'x')]
    print sorted(type(f.exception()).__name__ for f in as_completed(futures)), futures[0].result()
"#,
        "[0, 1, 4, 9, 16]\n['NoneType', 'ValueError'] 7\n",
    );
}

#[test]
fn chardet_names_an_encoding() {
    prints(
        r#"
import chardet
print chardet.detect(u'Zo\xeb \u2013 \u20ac'.encode('utf-8'))['encoding'], chardet.detect('plain')['encoding']
russian = u'\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430? \u0412\u0441\u0451 \u0445\u043e\u0440\u043e\u0448\u043e.'
print chardet.detect(russian.encode('koi8-r') * 3)['encoding'], chardet.detect(u'\ufeffx'.encode('utf-16-le'))['encoding']
"#,
        "utf-8 ascii\nKOI8-R UTF-16\n",
    );
}

#[test]
fn idna_encodes_host_names() {
    prints(
        r#"
import idna
print idna.encode(u'b\xfccher.example'), repr(idna.decode('xn--bcher-kva.example')), idna.encode(u'Fa\xdf.de', uts46=True)
try:
    idna.encode(u'a_b\u2044.example')
except idna.IDNAError as error:
    print type(error).__name__
"#,
        "xn--bcher-kva.example u'b\\xfccher.example' xn--fa-hia.de\nInvalidCodepoint\n",
    );
}

#[test]
fn inflection_turns_names() {
    prints(
        "import inflection\nprint inflection.camelize('user_name', False), inflection.underscore('UserName'), inflection.pluralize('policy')\n",
        "userName user_name policies\n",
    );
}

#[test]
fn cached_property_computes_once() {
    prints(
        r#"
from cached_property import cached_property
class Client(object):
    calls = 0
    @cached_property
    def token(self):
        self.calls += 1
        return 'token-%d' % self.calls
client = Client()
print client.token, client.token, client.calls
del client.token
print client.token
"#,
        "token-1 token-1 1\ntoken-2\n",
    );
}

#[test]
fn cachetools_forgets_the_least_used() {
    prints(
        r#"
import cachetools
cache = cachetools.LRUCache(maxsize=2)
calls = []
@cachetools.cached(cache)
def square(n):
    calls.append(n)
    return n * n
print [square(n) for n in (1, 2, 1, 3, 1, 2)], calls
clock = [0]
brief = cachetools.TTLCache(maxsize=9, ttl=10, timer=lambda: clock[0])
brief['k'] = 'v'
clock[0] = 9
print 'k' in brief,
clock[0] = 11
print 'k' in brief
"#,
        "[1, 4, 1, 9, 1, 4] [1, 2, 3, 2]\nTrue False\n",
    );
}

#[test]
fn pyparsing_evaluates_a_grammar() {
    prints(
        r#"
from pyparsing import Word, nums, oneOf, infixNotation, opAssoc, ParseException
number = Word(nums).setParseAction(lambda t: int(t[0]))
def fold(tokens):
    items = tokens[0]
    value = items[0]
    for sign, right in zip(items[1::2], items[2::2]):
        value = {'+': value + right, '-': value - right, '*': value * right}[sign]
    return value
expression = infixNotation(number, [('*', 2, opAssoc.LEFT, fold), (oneOf('+ -'), 2, opAssoc.LEFT, fold)])
print expression.parseString('2 + 3 * (4 - 1)', parseAll=True)[0]
try:
    expression.parseString('2 + ', parseAll=True)
except ParseException as error:
    print error.lineno, error.col
"#,
        "11\n1 3\n",
    );
}

#[test]
fn six_bridges_the_versions() {
    prints(
        r#"
import six
from six.moves import range, urllib, configparser, StringIO
from six.moves.urllib.parse import urlencode, urlparse
class Meta(type):
    pass
@six.add_metaclass(Meta)
class Base(object):
    pass
print six.PY2, type(Base) is Meta, six.ensure_text(b'Zo\xc3\xab') == u'Zo\xeb', list(six.iteritems({1: 2})), len(range(3))
print urlencode({'q': 'a b'}), urlparse('https://h/p').netloc, urllib.parse.quote('/x y')
try:
    six.raise_from(ValueError('v'), None)
except ValueError as error:
    print error
"#,
        "True True True [(1, 2)] 3\nq=a+b h /x%20y\nv\n",
    );
}

#[test]
fn typing_describes_without_checking() {
    prints(
        r#"
from typing import Dict, List, NamedTuple, Optional, Union, cast, get_type_hints
User = NamedTuple('User', [('name', str), ('risk', float)])
def pick(users, limit=None):
    # type: (List[User], Optional[float]) -> Dict[str, float]
    return dict((user.name, user.risk) for user in users if limit is None or user.risk > limit)
print pick([User('ann', 1.0), User('zoe', 92.5)], 50), User._field_types == {'name': str, 'risk': float}
print Optional[int] == Union[int, None], cast(int, 'x'), List[int].__args__
"#,
        "{'zoe': 92.5} True\nTrue x (<type 'int'>,)\n",
    );
}

#[test]
fn pbr_and_pkg_resources_know_the_installed_versions() {
    prints(
        r#"
import pkg_resources
from pbr.version import VersionInfo
print pkg_resources.get_distribution('requests').version, VersionInfo('jira').release_string(), VersionInfo('tabulate').release_string()
print pkg_resources.parse_version('1.10') > pkg_resources.parse_version('1.9'), 'idna' in [r.key for r in pkg_resources.get_distribution('requests').requires()]
print len(list(pkg_resources.iter_entry_points('markdown.extensions'))) > 10
print pkg_resources.resource_string('certifi', 'cacert.pem').count('BEGIN CERTIFICATE') > 100
"#,
        "2.27.1 2.0.0 0.8.10\nTrue True\nTrue\nTrue\n",
    );
}
