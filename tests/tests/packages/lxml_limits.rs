//! Documents made to do harm end as an exception in the script, or end its run. They reach no network and no other run.

use codehook_sandbox::Outcome;
use codehook_tests::{TestRun, stderr, stdout};

use crate::{printed_with_server, prints};

#[test]
fn entities_that_multiply_are_refused() {
    prints(
        r#"
from lxml import etree
bombs = ['<!DOCTYPE l [<!ENTITY a0 "ha">' + ''.join('<!ENTITY a%d "%s">' % (n, ('&a%d;' % (n - 1)) * 10) for n in range(1, 15)) + ']>' + use for use in ('<l>&a14;</l>', '<l x="&a14;"/>')]
bombs.append('<!DOCTYPE l [<!ENTITY a "&b;"><!ENTITY b "&a;">]><l>&a;</l>')
bombs.append('<!DOCTYPE l [<!ENTITY a0 "ha">' + ''.join('<!ENTITY a%d "&a%d;">' % (n, n - 1) for n in range(1, 5000)) + ']><l>&a4999;</l>')
for bomb in bombs:
    for parser in etree.XMLParser(), etree.XMLParser(resolve_entities=True), etree.XMLParser(load_dtd=True, dtd_validation=True):
        try:
            print etree.fromstring(bomb, parser)
        except etree.XMLSyntaxError as error:
            assert 'entity reference loop' in str(error), error
try:
    print etree.fromstring('<!DOCTYPE l [<!ENTITY a "%s">]><l>%s</l>' % ('x' * 100000, '&a;' * 100000))
except etree.XMLSyntaxError as error:
    print 'refused'
"#,
        "refused\n",
    );
}

#[test]
fn external_entities_are_read_on_demand_from_files_and_never_from_the_network() {
    let printed = printed_with_server(
        r#"
from lxml import etree
with open('/tmp/part.txt', 'w') as part: part.write('from a file')
for where in '/tmp/part.txt', 'file:///tmp/part.txt', '{http}/bytes/5', '{https}/bytes/5', 'ftp://localhost/x', '/etc/passwd':
    document = '<!DOCTYPE r [<!ENTITY e SYSTEM "%s">]><r>&e;</r>' % where
    shown = []
    for options in {}, {'resolve_entities': True, 'no_network': False}, {'resolve_entities': True, 'no_network': False, 'recover': True}:
        try:
            shown.append(etree.fromstring(document, etree.XMLParser(**options)).text)
        except etree.XMLSyntaxError as error:
            shown.append('refused')
    print where.split(':')[0], shown
"#,
    );
    assert_eq!(
        printed,
        "/tmp/part.txt ['refused', 'from a file', 'from a file']\n\
         file ['refused', 'from a file', 'from a file']\n\
         http ['refused', None, None]\n\
         https ['refused', None, None]\n\
         ftp ['refused', None, None]\n\
         /etc/passwd ['refused', None, None]\n"
    );
}

#[test]
fn depth_is_limited_unless_a_script_asks_for_more() {
    prints(
        r#"
from lxml import etree, html
try:
    etree.fromstring('<a>' * 100000)
except etree.XMLSyntaxError as error:
    print str(error).split(':')[0]
print len(list(html.fromstring('<div>' * 100000).iter()))
deep = etree.fromstring('<a>' * 100000 + '</a>' * 100000, etree.XMLParser(huge_tree=True))
print len(etree.tostring(deep)), repr(deep.xpath('string()'))
for path in '(' * 100000 + '1' + ')' * 100000, '-' * 100000 + '1', 'a' + '[a' * 50000 + ']' * 50000:
    try:
        print deep.xpath(path)
    except etree.XPathEvalError:
        print 'refused'
copy = etree.XSLT(etree.XML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/" name="t"><xsl:call-template name="t"/></xsl:template></xsl:stylesheet>'))
try:
    copy(deep)
except etree.XSLTApplyError:
    print 'refused'
"#,
        "Excessive depth in document\n255\n699997 ''\nrefused\n1.0\nrefused\nrefused\n",
    );
}

/// What libxml2 does by recursion without a limit overflows the guest's stack, which is all that it does.
#[test]
fn a_stack_overflow_in_libxml2_ends_the_run_only() {
    let source = "
import copy
from lxml import etree
deep = etree.fromstring('<a>' * 500000 + '</a>' * 500000, etree.XMLParser(huge_tree=True))
print 'parsed'
copy.deepcopy(deep)
";
    let report = TestRun::new(source).run();
    assert_eq!(stdout(&report), "parsed\n");
    assert_eq!(report.outcome, Outcome::Crashed, "{}", stderr(&report));
    prints("from lxml import etree\nprint etree.XML('<a/>').tag", "a\n");
}

#[test]
fn a_document_too_large_for_the_memory_is_an_error_and_the_next_one_is_parsed() {
    // lxml's own error where libxml2 is the first to find none left, and enough is left to say so; as on Linux.
    let mut run = TestRun::new(
        "
from lxml import etree
text = '<r>' + '<a b=\"c\">text</a>' * 1000000 + '</r>'
try:
    etree.fromstring(text)
except (MemoryError, etree.XMLSyntaxError):
    print 'refused'
print etree.XML('<a/>').tag
",
    );
    run.limits.memory_bytes = 128 << 20;
    let report = run.run();
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    assert_eq!(stdout(&report), "refused\na\n");
}

#[test]
fn ten_thousand_documents_leave_no_memory_behind() {
    let mut run = TestRun::new(
        r#"
from lxml import etree, html, objectify
document = '<r xmlns:x="urn:x">' + '<x:i n="1">some text<!-- c --></x:i>' * 100 + '</r>'
style = etree.XSLT(etree.XML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><o><xsl:copy-of select="*/*[1]"/></o></xsl:template></xsl:stylesheet>'))
for number in xrange(10000):
    root = etree.fromstring(document)
    assert len(root.xpath('//x:i', namespaces={'x': 'urn:x'})) == 100
    if number % 10 == 0:
        style(root), etree.tostring(root), html.fromstring(document), objectify.fromstring(document)
        try:
            etree.fromstring(document[:-5])
        except etree.XMLSyntaxError:
            pass
print 'done'
"#,
    )
    .within(std::time::Duration::from_secs(120));
    // Half of what one of them takes would add up to more.
    run.limits.memory_bytes = 64 << 20;
    let report = run.run();
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    assert_eq!(stdout(&report), "done\n");
}
