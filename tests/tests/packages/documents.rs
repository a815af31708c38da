//! Documents: markup, templates, feeds, tables, PDF.

use crate::{Use, prints};

pub(crate) const USES: &[Use] = &[
    (
        "backports.functools_lru_cache",
        the_backported_cache_counts_hits,
    ),
    ("beautifulsoup4", beautiful_soup_reads_with_both_parsers),
    ("docutils", docutils_makes_html_of_restructured_text),
    ("feedparser", feedparser_reads_rss_and_atom),
    ("html5lib", html5lib_mends_and_serialises),
    ("Jinja2", jinja_renders_and_escapes),
    ("Markdown", markdown_makes_html_with_extensions),
    ("MarkupSafe", markupsafe_escapes_what_is_not_markup),
    ("PyPDF2", pypdf_splits_and_merges),
    ("reportlab", reportlab_draws_text_tables_and_codes),
    ("soupsieve", soupsieve_selects),
    ("tabulate", tabulate_aligns),
    ("webencodings", webencodings_decodes_as_browsers_do),
    ("xhtml2pdf", xhtml_becomes_a_pdf_with_its_text),
];

#[test]
fn docutils_makes_html_of_restructured_text() {
    prints(
        r#"
from docutils.core import publish_parts
text = u'''Alert
=====

User *Zo\xeb* has ``risk``:

- one
- two

.. note:: call `us <https://example.com/>`__
'''
parts = publish_parts(text, writer_name='html')
print parts['title'], parts['html_body'].count('<li>'), '<em>Zo\xc3\xab</em>' in parts['html_body'].encode('utf-8')
print 'href="https://example.com/"' in parts['html_body'], 'class="admonition note"' in parts['html_body']
print publish_parts('*x*', writer_name='latex')['body'].strip(), publish_parts('*x*', writer_name='pseudoxml')['whole'].split()
try:
    publish_parts('.. include:: /hook/none', settings_overrides={'report_level': 5, 'halt_level': 4})
except Exception as error:
    print type(error).__name__
"#,
        "Alert 2 True\nTrue True\n\\emph{x} [u'<document', u'source=\"<string>\">', u'<paragraph>', u'<emphasis>', u'x']\nSystemMessage\n",
    );
}

#[test]
fn markdown_makes_html_with_extensions() {
    prints(
        r#"
import markdown
print markdown.markdown(u'# Alert\n\nUser **Zo\xeb** & [us](https://example.com "t")').encode('utf-8')
print markdown.markdown('a | b\n--|--\n1 | 2\n\n```python\nx\n```', extensions=['tables', 'markdown.extensions.fenced_code']).replace('\n', '')
"#,
        "<h1>Alert</h1>\n<p>User <strong>Zoë</strong> &amp; <a href=\"https://example.com\" title=\"t\">us</a></p>\n\
         <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table><pre><code class=\"python\">x</code></pre>\n",
    );
}

#[test]
fn jinja_renders_and_escapes() {
    prints(
        r#"
import jinja2
environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined, loader=jinja2.DictLoader({
    'base': '<ul>{% block rows %}{% endblock %}</ul>',
    'page': '{% extends "base" %}{% block rows %}{% for u in users|sort(attribute="name") %}<li>{{ loop.index }} {{ u.name }}</li>{% endfor %}{% endblock %}',
}))
print environment.get_template('page').render(users=[{'name': u'Zo\xeb <z>'}, {'name': 'Ann'}]).encode('utf-8')
print environment.from_string('{% macro m(x) %}[{{ x|upper }}]{% endmacro %}{{ m("a") }}{{ "%.1f"|format(2.25) }}').render()
import sys, traceback
try:
    environment.from_string('a\n{% macro m() %}\n{{ nobody }}{% endmacro %}\n{{ m() }}').render()
except jinja2.UndefinedError as error:
    print error, [frame[1] for frame in traceback.extract_tb(sys.exc_info()[2]) if frame[0] == '<template>']
try:
    environment.from_string('a\n{% if %}')
except jinja2.TemplateSyntaxError as error:
    print error.lineno
"#,
        "<ul><li>1 Ann</li><li>2 Zoë &lt;z&gt;</li></ul>\n[A]2.2\n'nobody' is undefined [4, 3]\n2\n",
    );
}

#[test]
fn markupsafe_escapes_what_is_not_markup() {
    prints(
        r#"
from markupsafe import Markup, escape
print escape('<a href="x">\'&\''), Markup('<b>%s</b>') % '<i>', Markup('a &lt; b').unescape(), Markup('<b>x</b> y').striptags()
print repr(escape(Markup('<b>')) + '<')
"#,
        "&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#39; <b>&lt;i&gt;</b> a < b x y\nMarkup(u'<b>&lt;')\n",
    );
}

#[test]
fn beautiful_soup_reads_with_both_parsers() {
    prints(
        r#"
from bs4 import BeautifulSoup
page = '<html><body><p class="a b">One<p id=two>Two <a href="/x?a=1&amp;b=2">link</a></body>'
for parser in ('html.parser', 'html5lib'):
    soup = BeautifulSoup(page, parser)
    print parser, soup.find(id='two').a['href'], soup.p['class'], len(soup.find('p').find_all('p')), soup.get_text('|')
soup = BeautifulSoup(u'<p>Zo\xeb</p>'.encode('latin-1'), 'html.parser', from_encoding='latin-1')
soup.p.append(soup.new_tag('br'))
print soup.original_encoding, str(soup)
"#,
        "html.parser /x?a=1&b=2 [u'a', u'b'] 1 One|Two |link\nhtml5lib /x?a=1&b=2 [u'a', u'b'] 0 One|Two |link\n\
         latin-1 <p>Zoë<br/></p>\n",
    );
}

#[test]
fn soupsieve_selects() {
    prints(
        r#"
import soupsieve
from bs4 import BeautifulSoup
soup = BeautifulSoup('<table><tr><td>a<td class=x>b<tr><td>c<td class="x y">d</table>', 'html5lib')
print [cell.text for cell in soup.select('tr:nth-of-type(2) > td.x, td:not(.x)')], soup.select_one('td:contains("b")')['class']
print soupsieve.match('td.y', soup.find_all('td')[3]), soupsieve.closest('table', soup.td).name
try:
    soup.select('td[')
except soupsieve.SelectorSyntaxError as error:
    print type(error).__name__
"#,
        "[u'a', u'c', u'd'] [u'x']\nTrue table\nSelectorSyntaxError\n",
    );
}

#[test]
fn the_backported_cache_counts_hits() {
    prints(
        r#"
from backports.functools_lru_cache import lru_cache
@lru_cache(maxsize=2)
def square(n):
    return n * n
print [square(n) for n in (2, 2, 3, 4, 2)], square.cache_info()
"#,
        "[4, 4, 9, 16, 4] _CacheInfo(hits=1, misses=4, maxsize=2, currsize=2)\n",
    );
}

#[test]
fn html5lib_mends_and_serialises() {
    prints(
        r#"
import html5lib
tree = html5lib.parse('<p>a<b>c</p>d', treebuilder='etree', namespaceHTMLElements=False)
print html5lib.serialize(tree, omit_optional_tags=False, quote_attr_values='always')
fragment = html5lib.parseFragment('<a onclick=x href="javascript:y">t</a>', treebuilder='dom')
print fragment.firstChild.toxml()
"#,
        "<html><head></head><body><p>a<b>c</b></p><b>d</b></body></html>\n<a href=\"javascript:y\" onclick=\"x\">t</a>\n",
    );
}

#[test]
fn webencodings_decodes_as_browsers_do() {
    prints(
        r#"
import webencodings
print webencodings.lookup('latin1').name, repr(webencodings.decode('\x80', 'iso-8859-1')[0]), webencodings.decode('\xef\xbb\xbfx', 'latin1')[1].name
print repr(webencodings.encode(u'\u20ac', 'windows-1252')), webencodings.lookup('no such')
"#,
        "windows-1252 u'\\u20ac' utf-8\n'\\x80' None\n",
    );
}

#[test]
fn feedparser_reads_rss_and_atom() {
    prints(
        r#"
import feedparser
rss = feedparser.parse('''<?xml version="1.0"?><rss version="2.0"><channel><title>Advisories</title>
<item><title>CVE-2024-1 &amp; more</title><link>https://example.com/1</link><pubDate>Tue, 14 May 2024 09:00:00 +0200</pubDate>
<description>&lt;b&gt;bad&lt;/b&gt;&lt;script&gt;x&lt;/script&gt;</description></item></channel></rss>''')
entry = rss.entries[0]
print rss.version, rss.feed.title, entry.title, entry.link, tuple(entry.published_parsed)[:5], entry.summary, rss.bozo
atom = feedparser.parse('''<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Zo\xc3\xab</title>
<updated>2024-05-14T09:00:00Z</updated><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry></feed>''')
print atom.version, repr(atom.entries[0].title), atom.entries[0].updated_parsed.tm_hour, atom.entries[0].content[0].value
print feedparser.parse('<rss><channel><title>cut').bozo
"#,
        "rss20 Advisories CVE-2024-1 & more https://example.com/1 (2024, 5, 14, 7, 0) <b>bad</b> 0\n\
         atom10 u'Zo\\xeb' 9 <p>x</p>\n1\n",
    );
}

#[test]
fn tabulate_aligns() {
    prints(
        r#"
from tabulate import tabulate
rows = [['ann', 1.5, None], [u'Zo\xeb', 92, 'x']]
print tabulate(rows, headers=['user', 'risk', 'note'], tablefmt='grid')
print tabulate({'a': [1, 10]}, headers='keys', tablefmt='html').replace('\n', '')
"#,
        "+--------+--------+--------+\n| user   |   risk | note   |\n+========+========+========+\n\
         | ann    |    1.5 |        |\n+--------+--------+--------+\n| Zoë    |   92   | x      |\n+--------+--------+--------+\n\
         <table><thead><tr><th style=\"text-align: right;\">  a</th></tr></thead><tbody><tr><td style=\"text-align: right;\">  1</td></tr>\
         <tr><td style=\"text-align: right;\"> 10</td></tr></tbody></table>\n",
    );
}

#[test]
fn pypdf_splits_and_merges() {
    prints(
        r#"
from io import BytesIO
from PyPDF2 import PdfFileMerger, PdfFileReader, PdfFileWriter
from reportlab.pdfgen import canvas

def document(*texts):
    made = BytesIO()
    page = canvas.Canvas(made)
    for text in texts:
        page.drawString(72, 700, text)
        page.showPage()
    page.save()
    return BytesIO(made.getvalue())

def texts(stream):
    reader = PdfFileReader(stream)
    return [page.extractText().strip() for page in reader.pages]

merger = PdfFileMerger()
merger.append(document('one', 'two', 'three'), pages=(1, 3))
merger.append(document('four'))
merged = BytesIO()
merger.write(merged)
print texts(merged)
writer = PdfFileWriter()
writer.addPage(PdfFileReader(merged).getPage(2))
writer.addMetadata({'/Title': 'Split'})
split = BytesIO()
writer.write(split)
reader = PdfFileReader(split)
print reader.getNumPages(), reader.documentInfo.title, texts(split), reader.isEncrypted
"#,
        "[u'two', u'three', u'four']\n1 Split [u'four'] False\n",
    );
}

#[test]
fn reportlab_draws_text_tables_and_codes() {
    prints(
        r#"
from io import BytesIO
from PyPDF2 import PdfFileReader
from reportlab.graphics.barcode import qr, createBarcodeDrawing
from reportlab.lib import colors, pagesizes
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, PageBreak
pdfmetrics.registerFont(TTFont('Vera', 'Vera.ttf'))
style = getSampleStyleSheet()['Normal']
table = Table([['user', 'risk'], ['ann', '92']], style=[('GRID', (0, 0), (-1, -1), 1, colors.black)])
made = BytesIO()
SimpleDocTemplate(made, pagesize=pagesizes.A4, title='Alert').build([
    Paragraph('Dear <b>Ann</b>', style), table, PageBreak(), Paragraph('<font name="Vera">Vera text</font>', style),
    createBarcodeDrawing('Code128', value='HOOK-1')])
reader = PdfFileReader(made)
first = reader.getPage(0)
print reader.getNumPages(), reader.documentInfo.title, [int(side) for side in first.mediaBox.upperRight]
print 'Ann' in first.extractText(), 'risk' in first.extractText()
fonts = [font.getObject()['/BaseFont'] for font in reader.getPage(1)['/Resources']['/Font'].values()]
print any('Vera' in name for name in fonts), round(pdfmetrics.stringWidth('hook', 'Helvetica', 10), 2)
"#,
        "2 Alert [595, 841]\nTrue True\nTrue 21.68\n",
    );
}

#[test]
fn xhtml_becomes_a_pdf_with_its_text() {
    prints(
        r#"
from io import BytesIO
from PyPDF2 import PdfFileReader
from xhtml2pdf import pisa
made = BytesIO()
status = pisa.CreatePDF('''<html><head><style>@page {size: a5} h1 {color: #c00; font-size: 20pt}</style></head>
<body><h1>Alert</h1><table border="1"><tr><td>user</td><td>ann</td></tr></table><pdf:nextpage/><p>second page</p></body></html>''', dest=made)
reader = PdfFileReader(made)
pages = [page.extractText() for page in reader.pages]
print status.err, len(pages), 'Alert' in pages[0], 'ann' in pages[0], 'second' in pages[1], [int(side) for side in reader.getPage(0).mediaBox.upperRight]
"#,
        "0 2 True True True [419, 595]\n",
    );
}
