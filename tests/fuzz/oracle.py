"""Says whether a rendered script is its template with the values in place of the tokens, by CPython 2.7's own parser.

A case is JSON, in hexadecimal. The answer is `same`, `skip` (the template is no Python whatever the values) or what differs. Runs
nothing of the scripts.
"""
import ast
import json
import re
import sys

CODING = re.compile(r'^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)')
IDENTIFIERS = set(['id', 'attr', 'arg', 'name', 'asname', 'module', 'names', 'vararg', 'kwarg'])


def parse(source):
    """The tree of a source as the file tokenizer sees it: every line end is a line feed."""
    source = source.replace('\r\n', '\n').replace('\r', '\n')
    declared = source.startswith('\xef\xbb\xbf') or any(CODING.match(line) for line in source.split('\n')[:2])
    if not declared and any(ord(character) > 127 for character in source):
        raise SyntaxError('Non-ASCII character, but no encoding declared')
    return ast.parse(source)


def substitute(text, values):
    """Left to right in one pass: what was put in is not looked at again."""
    if isinstance(text, str):
        values = dict((marker.encode('ascii'), value.encode('utf-8')) for marker, value in values.items())
        empty = ''
    else:
        empty = u''
    pattern = re.compile('|'.join(values))
    parts, at = [], 0
    for match in pattern.finditer(text):
        parts += [text[at:match.start()], values[match.group(0)]]
        at = match.end()
    return empty.join(parts + [text[at:]])


def fold(node):
    """`-5` is one number or a sign and a number, depending on what stands around it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = fold(node.operand)
        if isinstance(operand, ast.Num) and not isinstance(operand.n, complex):
            return ast.Num(-operand.n)
    return node


def number(value):
    try:
        return ast.parse('(' + value.encode('utf-8') + ')').body[0].value
    except (SyntaxError, TypeError, UnicodeError):
        return None


class Differs(Exception):
    pass


def compare(marked, rendered, values):
    if isinstance(marked, ast.Name) and marked.id in values and isinstance(marked.ctx, ast.Load):
        marked = number(values[marked.id])
    marked, rendered = fold_number(marked, values), fold(rendered)
    if type(marked) is not type(rendered):
        raise Differs('%s became %s' % (type(marked).__name__, type(rendered).__name__))
    if isinstance(marked, ast.AST):
        line = getattr(marked, 'lineno', None)
        if isinstance(marked, ast.Str):
            wanted = substitute(marked.s, values)
            if type(wanted) is not type(rendered.s) or wanted != rendered.s:
                raise Differs('a string is %r and not %r' % (rendered.s, wanted))
        elif isinstance(marked, ast.Num):
            if repr(marked.n) != repr(rendered.n):
                raise Differs('a number is %r and not %r' % (rendered.n, marked.n))
            line = None
        else:
            for field in marked._fields:
                compare(getattr(marked, field), getattr(rendered, field), values)
        if line is not None and line != rendered.lineno:
            raise Differs('line %s became line %s' % (line, rendered.lineno))
    elif isinstance(marked, list):
        if len(marked) != len(rendered):
            raise Differs('%d parts became %d' % (len(marked), len(rendered)))
        for one, other in zip(marked, rendered):
            compare(one, other, values)
    elif marked != rendered:
        raise Differs('%r became %r' % (marked, rendered))


def fold_number(node, values):
    """Folds signs above a marker, as the parser folds them above a number."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = fold_number(node.operand, values)
        if isinstance(operand, ast.Name) and operand.id in values and isinstance(operand.ctx, ast.Load):
            operand = number(values[operand.id])
        if isinstance(operand, ast.Num) and not isinstance(operand.n, complex):
            return ast.Num(-operand.n)
    return node


def names_a_place(tree, values):
    """Whether a marker stands where a number is no Python: Python then refuses the script, and nothing runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            continue
        for field, content in ast.iter_fields(node):
            if field in IDENTIFIERS and any(marker in repr(content) for marker in values):
                return True
    return False


def judge(case):
    values = case['values']
    try:
        marked = parse(case['marked'].decode('hex'))
    except (SyntaxError, TypeError, ValueError, MemoryError, OverflowError, RuntimeError, LookupError):
        return 'skip'
    try:
        rendered = parse(case['rendered'].decode('hex'))
    except SyntaxError as error:
        return 'skip' if names_a_place(marked, values) else 'not Python any more: %s' % error
    try:
        compare(marked, rendered, values)
    except Differs as difference:
        return str(difference)
    except RuntimeError:
        return 'skip'
    return 'same'


def answer(case):
    sys.stdout.write(judge(json.loads(case.decode('hex'))).encode('string_escape'))
