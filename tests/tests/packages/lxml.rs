//! lxml over libxml2 and libxslt, as they are linked into the interpreter.

use crate::{Use, printed_with_server, prints};

pub(crate) const USES: &[Use] = &[
    ("lxml", a_document_is_read_queried_changed_and_written),
    ("cssselect", css_selectors_find_what_xpath_finds),
];

#[test]
fn a_document_is_read_queried_changed_and_written() {
    prints(
        r#"
from lxml import etree
root = etree.fromstring('<r xmlns="urn:a" xmlns:x="urn:x"><i n="1">Zo\xc3\xab</i>tail<x:i n="2"/><!-- c --><?p q?></r>')
print root.tag, sorted(root.nsmap.items()), repr(root[0].text), repr(root[0].tail), [type(child).__name__ for child in root]
print root.find('{urn:x}i').get('n'), root.findtext('{urn:a}i') == u'Zo\xeb', root.getroottree().getpath(root[1])
print root.xpath('count(//*)'), root.xpath('//a:i/@n', namespaces={'a': 'urn:a'}), root.xpath('//*[@n = $n]/@n', n='2')
made = etree.SubElement(root, '{urn:x}made', attrib={'{urn:x}k': 'a<b"c'})
made.text = u'\u20ac & <'
root.remove(root[0])
print etree.tostring(root)
print etree.tostring(etree.XML('<a><b><c/></b></a>'), pretty_print=True, xml_declaration=True, encoding='utf-8'),
print repr(etree.tostring(etree.XML('<a>\xe2\x82\xac</a>'), encoding=unicode))
root.getroottree().write('/tmp/out.xml', encoding='utf-8', compression=9)
print open('/tmp/out.xml', 'rb').read(2) == '\x1f\x8b', etree.tostring(etree.parse('/tmp/out.xml')) == etree.tostring(root)
"#,
        "{urn:a}r [(None, 'urn:a'), ('x', 'urn:x')] u'Zo\\xeb' 'tail' ['_Element', '_Element', '_Comment', '_ProcessingInstruction']\n\
         2 True /*/x:i\n\
         3.0 ['1'] ['2']\n\
         <r xmlns=\"urn:a\" xmlns:x=\"urn:x\"><x:i n=\"2\"/><!-- c --><?p q?><x:made x:k=\"a&lt;b&quot;c\">&#8364; &amp; &lt;</x:made></r>\n\
         <?xml version='1.0' encoding='utf-8'?>\n<a>\n  <b>\n    <c/>\n  </b>\n</a>\n\
         u'<a>\\u20ac</a>'\n\
         True True\n",
    );
}

#[test]
fn xpath_takes_variables_and_calls_functions_in_python() {
    prints(
        r#"
from lxml import etree
functions = etree.FunctionNamespace('urn:f')
functions.prefix = 'f'
@functions('twice')
def twice(context, text): return text * 2
@functions('longest')
def longest(context, nodes): return max(nodes, key=lambda node: len(node.text))
@functions('fails')
def fails(context): raise KeyError('from Python')
root = etree.XML('<r><i>a</i><i>bbb</i><i>cc</i></r>')
print root.xpath('f:twice("ab")'), root.xpath('f:longest(//i)')[0].text, root.xpath('string(f:longest(//i[. != $not]))', **{'not': 'bbb'})
try:
    root.xpath('f:fails()')
except KeyError as error:
    print repr(error)
for wrong in '//i[', 'nothing()', '//p:i':
    try:
        root.xpath(wrong)
    except etree.XPathError as error:
        print type(error).__name__, error
find = etree.XPath('//i[re:test(., $what)]/text()', namespaces={'re': 'http://exslt.org/regular-expressions'})
print find(root, what='^b+$'), etree.ETXPath('count(//i)')(root), root.xpath('true()'), root.xpath('sum(//i[. = "x"]) + 1.5')
"#,
        "abab bbb cc\n\
         KeyError('from Python',)\n\
         XPathEvalError Invalid expression\n\
         XPathEvalError Unregistered function\n\
         XPathEvalError Undefined namespace prefix\n\
         ['bbb'] 3.0 True 1.5\n",
    );
}

#[test]
fn xslt_takes_parameters_and_calls_functions_and_elements_in_python() {
    prints(
        r#"
from lxml import etree
class Shout(etree.XSLTExtension):
    def execute(self, context, self_node, input_node, output_parent):
        loud = etree.Element('loud')
        loud.text = input_node.get('n').upper()
        output_parent.append(loud)
style = etree.XML('''
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:f="urn:f" xmlns:e="urn:e" xmlns:str="http://exslt.org/strings"
    extension-element-prefixes="e" exclude-result-prefixes="f str">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:param name="who"/>
  <xsl:key name="by" match="i" use="@n"/>
  <xsl:template match="/r"><out who="{$who}"><xsl:apply-templates><xsl:sort select="@n" order="descending"/></xsl:apply-templates>
    <xsl:value-of select="f:join(i/@n)"/>|<xsl:value-of select="count(str:tokenize('a,b,c', ','))"/>|<xsl:value-of select="format-number(1234.5, '#,##0.00')"/>
    <xsl:value-of select="name(key('by', 'b'))"/><xsl:message>said</xsl:message></out></xsl:template>
  <xsl:template match="i"><e:shout/></xsl:template>
</xsl:stylesheet>''')
transform = etree.XSLT(style, extensions={('urn:f', 'join'): lambda context, nodes: '+'.join(nodes), ('urn:e', 'shout'): Shout()})
result = transform(etree.XML('<r><i n="a"/><i n="b"/></r>'), who=etree.XSLT.strparam('an "x"'))
print ' '.join(str(result).split())
print [entry.message for entry in transform.error_log]
try:
    etree.XSLT(etree.XML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="a["/></xsl:stylesheet>'))
except etree.XSLTParseError as error:
    print error
stop = etree.XSLT(etree.XML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:message terminate="yes">no further</xsl:message></xsl:template></xsl:stylesheet>'))
try:
    stop(etree.XML('<a/>'))
except etree.XSLTApplyError as error:
    print error
"#,
        "<out who=\"an &quot;x&quot;\"><loud>B</loud><loud>A</loud>a+b|3|1,234.50i</out>\n\
         [u'said']\n\
         xsltCompilePattern : failed to compile 'a['\n\
         no further\n",
    );
}

#[test]
fn schemas_of_every_kind_accept_and_refuse_with_a_reason() {
    prints(
        r#"
import StringIO
from lxml import etree, isoschematron
good, bad = etree.XML('<p id="7"><n>Ann</n></p>'), etree.XML('<p id="x">\n<m>Ann</m></p>')
rng = etree.RelaxNG(etree.XML('<element name="p" xmlns="http://relaxng.org/ns/structure/1.0" datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"><attribute name="id"><data type="int"/></attribute><element name="n"><text/></element></element>'))
xsd = etree.XMLSchema(etree.XML('''<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="p"><s:complexType><s:sequence><s:element name="n"><s:simpleType><s:restriction base="s:string">
  <s:pattern value="[A-Z][a-z]{1,9}"/></s:restriction></s:simpleType></s:element></s:sequence><s:attribute name="id" type="s:int"/></s:complexType></s:element></s:schema>'''))
dtd = etree.DTD(StringIO.StringIO('<!ELEMENT p (n)><!ELEMENT n (#PCDATA)><!ATTLIST p id CDATA #REQUIRED>'))
rules = '<schema xmlns="%s"><pattern name="p" id="p"><rule context="p"><assert test="number(@id) &gt; 0">no number</assert></rule></pattern></schema>'
iso = isoschematron.Schematron(etree.XML(rules.replace(' name="p"', '') % 'http://purl.oclc.org/dsdl/schematron'), store_report=True)
old = etree.Schematron(etree.XML(rules % 'http://www.ascc.net/xml/schematron'))
for schema in rng, xsd, dtd, iso, old:
    print type(schema).__name__, schema.validate(good), schema.validate(bad)
    if schema not in (iso, old):
        print ' ', schema.error_log[0].line, schema.error_log[0].message
print iso.validation_report.xpath('string(//s:failed-assert)', namespaces={'s': 'http://purl.oclc.org/dsdl/svrl'})
try:
    xsd.assertValid(bad)
except etree.DocumentInvalid as error:
    print error
try:
    etree.fromstring('<p><m/></p>', etree.XMLParser(schema=xsd))
except etree.XMLSyntaxError as error:
    print error
"#,
        "RelaxNG True False\n  1 Type int doesn't allow value 'x'\n\
         XMLSchema True False\n  1 Element 'p', attribute 'id': 'x' is not a valid value of the atomic type 'xs:int'.\n\
         DTD True False\n  1 Element p content does not follow the DTD, expecting (n), got (m)\n\
         Schematron True False\nSchematron True False\n\
         no number\n\
         Element 'p', attribute 'id': 'x' is not a valid value of the atomic type 'xs:int'., line 1\n\
         Element 'm': This element is not expected. Expected is ( n ). (line 0)\n",
    );
}

/// The answers are those of the W3C's recommendations: section 3.3 of Canonical XML, section 2.2 of Exclusive XML Canonicalization.
#[test]
fn canonical_xml_is_what_its_recommendation_says() {
    prints(
        r#"
import hashlib
from lxml import etree
source = '''<!DOCTYPE doc [<!ATTLIST e9 attr CDATA "default">]>
<doc>
   <e1   />
   <e2   ></e2>
   <e3   name = "elem3"   id="elem3"   />
   <e4   name="elem4"   id="elem4"   ></e4>
   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"
      xmlns:b="http://www.ietf.org"
      xmlns:a="http://www.w3.org"
      xmlns="http://example.org"/>
   <e6 xmlns="" xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="" xmlns:a="http://www.w3.org">
            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>
         </e8>
      </e7>
   </e6>
</doc>'''
print etree.tostring(etree.fromstring(source, etree.XMLParser(attribute_defaults=True)), method='c14n')
outer = etree.XML('<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n0:local>')
print etree.tostring(outer[0], method='c14n', exclusive=True)
print etree.tostring(outer[0], method='c14n', exclusive=True, inclusive_ns_prefixes=['n0'])
print etree.canonicalize('<a  z="1" y="2"><!-- c --> <b/></a>', strip_text=True)
"#,
        "<doc>\n   <e1></e1>\n   <e2></e2>\n   <e3 id=\"elem3\" name=\"elem3\"></e3>\n   <e4 id=\"elem4\" name=\"elem4\"></e4>\n   \
         <e5 xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" a:attr=\"out\"></e5>\n   \
         <e6 xmlns:a=\"http://www.w3.org\">\n      <e7 xmlns=\"http://www.ietf.org\">\n         <e8 xmlns=\"\">\n            \
         <e9 xmlns:a=\"http://www.ietf.org\" attr=\"default\"></e9>\n         </e8>\n      </e7>\n   </e6>\n</doc>\n\
         <n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>\n\
         <n1:elem2 xmlns:n0=\"foo:bar\" xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>\n\
         <a y=\"2\" z=\"1\"><b></b></a>\n",
    );
}

#[test]
fn broken_html_becomes_a_tree() {
    prints(
        r#"
from lxml import etree, html
from lxml.html import builder, clean, diff, fragments_fromstring
page = html.fromstring('<title>T</title><p>one<p>two <b>bold</i> &nbsp;&euro;<table><tr><td>1<td>2</table><a href=x?a=1&b=2>go</a><br><form action="/f"><input name=u value=1><select name=s><option selected>k</select></form>')
print html.tostring(page)
page.make_links_absolute('https://example.com/d/')
print [link[2] for link in page.iterlinks()], page.forms[0].form_values(), page.text_content()[:6], len(page.cssselect('td + td'))
print clean.clean_html('<div onclick="x()"><script>1</script><a href="javascript:x()">a</a><b>kept</b></div>')
print diff.htmldiff('<p>old text</p>', '<p>new text</p>')
print html.tostring(builder.DIV(builder.CLASS('c'), builder.P(u'\xe9')), encoding='utf-8'), len(fragments_fromstring('<i>1</i><i>2</i>'))
import lxml.html.soupparser, lxml.html.html5parser
from bs4 import BeautifulSoup
print BeautifulSoup('<p>a<p class="k">b', 'lxml').select_one('p.k'), BeautifulSoup('<r><x>1</x></r>', 'xml').x.text
print etree.tostring(lxml.html.soupparser.fromstring('<p>x<b>y')), lxml.html.html5parser.fromstring('<p>z').text
"#,
        "<html><head><title>T</title></head><body><p>one</p><p>two <b>bold &#160;&#8364;<table><tr><td>1</td><td>2</td></tr></table>\
         <a href=\"x?a=1&amp;b=2\">go</a><br><form action=\"/f\"><input name=\"u\" value=\"1\"><select name=\"s\"><option selected>k</option></select></form></b></p></body></html>\n\
         ['https://example.com/d/x?a=1&b=2', 'https://example.com/f'] [('u', '1'), ('s', 'k')] Tonetw 1\n\
         <div><a href=\"\">a</a><b>kept</b></div>\n\
         <p> <ins>new</ins> <del>old</del> text</p>\n\
         <div class=\"c\"><p>\u{e9}</p></div> 2\n\
         <p class=\"k\">b</p> 1\n\
         <html><p>x<b>y</b></p></html> z\n",
    );
}

#[test]
fn css_selectors_find_what_xpath_finds() {
    prints(
        r#"
from lxml import etree
from lxml.cssselect import CSSSelector
from cssselect import HTMLTranslator, SelectorSyntaxError
root = etree.XML('<r><a class="x y" id="1"><b/></a><a class="y" id="2"/></r>')
print [found.get('id') for found in CSSSelector('a.y:not(.x)')(root)], root.cssselect('a > b')[0].getparent().get('id')
print HTMLTranslator().css_to_xpath('li:nth-child(2)')
try:
    root.cssselect('a[')
except SelectorSyntaxError as error:
    print error
"#,
        "['2'] 1\n\
         descendant-or-self::li[count(preceding-sibling::*) = 1]\n\
         Expected ident or '*', got <EOF at 2>\n",
    );
}

#[test]
fn documents_are_read_step_by_step_and_by_targets() {
    prints(
        r#"
import StringIO
from lxml import etree, sax
from xml.sax.handler import ContentHandler
text = '<r>' + ''.join('<i n="%d"><v>%d</v></i>' % (n, n * n) for n in range(20000)) + '</r>'
total = 0
for event, element in etree.iterparse(StringIO.StringIO(text), tag='i'):
    total += int(element.findtext('v'))
    element.clear()
    while element.getprevious() is not None: del element.getparent()[0]
print total
class Names(object):
    def __init__(self): self.names = []
    def start(self, tag, attributes): self.names.append(tag)
    def end(self, tag): self.names.append('/' + tag)
    def data(self, data): self.names.append(data)
    def comment(self, text): self.names.append('#' + text)
    def close(self): return ' '.join(self.names)
print etree.fromstring('<a>t<b/><!--c--></a>', etree.XMLParser(target=Names()))
feed = etree.XMLPullParser(events=('start', 'end', 'start-ns'))
for piece in '<a xmlns="u', 'rn:x"><b', '/></', 'a>': feed.feed(piece)
print [(event, getattr(what, 'tag', what)) for event, what in feed.read_events()]
class Count(ContentHandler):
    count = 0
    def startElementNS(self, name, qname, attributes): self.count += 1
handler = Count()
sax.saxify(etree.XML('<a><b/><c/></a>'), handler)
print handler.count
out = StringIO.StringIO()
with etree.xmlfile(out, encoding='utf-8') as writer:
    with writer.element('r', n='1'):
        writer.write(etree.Element('i'), 'text')
print out.getvalue()
"#,
        "2666466670000\n\
         a t b /b #c /a\n\
         [('start-ns', ('', 'urn:x')), ('start', '{urn:x}a'), ('start', '{urn:x}b'), ('end', '{urn:x}b'), ('end', '{urn:x}a')]\n\
         3\n\
         <r n=\"1\"><i/>text</r>\n",
    );
}

#[test]
fn objectify_gives_python_values() {
    prints(
        r#"
import copy, pickle
from lxml import etree, objectify
root = objectify.fromstring('<r><n>1</n><n>2147483648</n><f>2.5</f><t>true</t><s>text</s><e/></r>')
print root.n + 1, root.n[1] * 2, root.f * 2, bool(root.t), root.s + '!', len(root.n), type(root.n).__name__, root.e == ''
root.made = [1, 'two', None]
root.addattr('k', 'v') if hasattr(root, 'addattr') else root.set('k', 'v')
print objectify.ObjectPath('r.n[1]').find(root), root.k if hasattr(root, 'k') else root.get('k')
print [type(child).__name__ for child in root.made], etree.tostring(copy.deepcopy(root.made[0]), with_tail=False) [:5]
print pickle.loads(pickle.dumps(root)).n[1] == 2147483648
E = objectify.ElementMaker(annotate=False)
print etree.tostring(E.root(E.a(5), E.b('x'), k='v'))
try:
    root.missing
except AttributeError as error:
    print error
"#,
        "2 4294967296 5.0 True text! 2 IntElement True\n\
         2147483648 v\n\
         ['IntElement', 'StringElement', 'NoneElement'] <made\n\
         True\n\
         <root k=\"v\"><a>5</a><b>x</b></root>\n\
         no such child: missing\n",
    );
}

#[test]
fn errors_name_line_column_and_reason() {
    prints(
        r#"
from lxml import etree
for text in '<a>\n <b>\n</a>', '<a>\n&nope;</a>', '', '<a b=1/>', '<a/><b/>', '<x:a/>', u'<?xml version="1.0" encoding="utf-8"?><a/>', '<a>\xff</a>', '<a>\0</a>':
    try:
        etree.fromstring(text)
        print 'read'
    except (etree.XMLSyntaxError, ValueError) as error:
        print getattr(error, 'position', None), str(error).split(', line')[0].split('\n')[0]
parser = etree.XMLParser(recover=True)
print etree.tostring(etree.fromstring('<a><b>x</a>', parser)), parser.error_log[0].type_name, parser.error_log[0].line
try:
    etree.parse('/tmp/not-there.xml')
except IOError as error:
    print error
root = etree.fromstring('\n' * 70000 + '<a>\n<b/></a>')
print root[0].sourceline
"#,
        "(3, 5) Opening and ending tag mismatch: b line 2 and a\n\
         (2, 7) Entity 'nope' not defined\n\
         (1, 1) Document is empty\n\
         (1, 6) AttValue: \" or ' expected\n\
         (1, 5) Extra content at the end of the document\n\
         (1, 5) Namespace prefix x on a is not defined\n\
         None Unicode strings with encoding declaration are not supported. Please use bytes input or XML fragments without declaration.\n\
         (1, 4) Input is not proper UTF-8, indicate encoding !\n\
         (1, 4) Premature end of data in tag a line 1\n\
         <a><b>x</b></a> ERR_TAG_NAME_MISMATCH 1\n\
         Error reading file '/tmp/not-there.xml': failed to load external entity \"/tmp/not-there.xml\"\n\
         70002\n",
    );
}

#[test]
fn encodings_are_read_and_written_without_losing_text() {
    prints(
        r#"
from lxml import etree, html
text = u'\u20ac \xe4 \u65e5\u672c \U0001f600 z'
for name in 'utf-8', 'utf-16', 'utf16', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'koi8-r', 'shift_jis', 'euc-jp', 'us-ascii':
    root = etree.Element('a')
    root.text = text * 3000
    written = etree.tostring(root, encoding=name, xml_declaration=True)
    back = etree.fromstring(written)
    print name, back.text == root.text, back.getroottree().docinfo.encoding, b'*' in written
for name, encoded in ('iso-8859-15', '\xa4'), ('windows-1252', '\x80'), ('shift_jis', '\x93\xfa'), ('gb2312', '\xc8\xd5'), ('big5', '\xa4\xe9'), ('euc-kr', '\xec\xed'), ('windows-1251', '\xc6'):
    print name, repr(etree.fromstring('<?xml version="1.0" encoding="%s"?><a>%s</a>' % (name, encoded)).text), repr(html.fromstring('<meta charset=%s><p>%s' % (name, encoded)).findtext('.//p'))
print etree.tostring(etree.XML(u'<a>\u65e5</a>'), encoding='gb2312').split('\n')[1], repr(etree.tostring(etree.XML(u'<a>\u20ac\u65e5</a>'), encoding='iso-8859-15').split('\n')[1])
try:
    etree.fromstring('<?xml version="1.0" encoding="no-such"?><a/>')
except etree.XMLSyntaxError as error:
    print error
"#,
        "utf-8 True utf-8 False\nutf-16 True utf-16 False\nutf16 True utf16 False\n\
         iso-8859-1 True iso-8859-1 False\niso-8859-15 True iso-8859-15 False\nwindows-1252 True windows-1252 False\n\
         koi8-r True koi8-r False\nshift_jis True shift_jis False\neuc-jp True euc-jp False\nus-ascii True us-ascii False\n\
         iso-8859-15 u'\\u20ac' u'\\u20ac'\nwindows-1252 u'\\u20ac' u'\\u20ac'\nshift_jis u'\\u65e5' u'\\u65e5'\n\
         gb2312 u'\\u65e5' u'\\u65e5'\nbig5 u'\\u65e5' u'\\u65e5'\neuc-kr u'\\u65e5' u'\\u65e5'\nwindows-1251 u'\\u0416' u'\\u0416'\n\
         <a>&#26085;</a> '<a>\\xa4&#26085;</a>'\n\
         Unsupported encoding no-such, line 1, column 39 (line 1)\n",
    );
}

#[test]
fn a_document_comes_over_http_and_includes_come_from_files_only() {
    let printed = printed_with_server(
        r#"
import urllib2
from lxml import etree, html, ElementInclude
sent = '<?xml version="1.0" encoding="iso-8859-1"?><r><i>\xe4</i></r>'
tree = etree.parse(urllib2.urlopen(urllib2.Request('{https}/mirror', sent, {'Content-Type': 'application/xml'})))
print repr(tree.findtext('i')), tree.docinfo.encoding
print html.parse(urllib2.urlopen('{http}/status/203')).findtext('.//p')
with open('/tmp/part.xml', 'w') as part: part.write('<part>p</part>')
include = '<r xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="%s"><i:fallback><none/></i:fallback></i:include></r>'
for where in '/tmp/part.xml', '{http}/mirror':
    root = etree.XML(include % where)
    root.getroottree().xinclude()
    print root[0].tag
ours = etree.XML(include % '/tmp/part.xml')
ElementInclude.include(ours)
print ours[0].tag
class FromHttp(etree.Resolver):
    def resolve(self, url, public_id, context):
        if url.startswith('http:'): return self.resolve_string(urllib2.urlopen(url, '<!ENTITY e "fetched by the script">').read(), context)
parser = etree.XMLParser(load_dtd=True, no_network=False)
document = '<!DOCTYPE r SYSTEM "{http}/mirror"><r>&e;</r>'
try:
    print etree.fromstring(document, parser).text
except etree.XMLSyntaxError as error:
    print error.msg.split(',')[0]
parser.resolvers.add(FromHttp())
print etree.fromstring(document, parser).text
try:
    etree.parse('{http}/status/200', parser=etree.XMLParser(no_network=False))
except IOError as error:
    print str(error).split(':')[0]
"#,
    );
    assert_eq!(
        printed,
        "u'\\xe4' iso-8859-1\nstatus 203\n\npart\nnone\npart\nEntity 'e' not defined\nfetched by the script\nError reading file 'http\n"
    );
}
