"""Recognises files by their first bytes, with python-magic's functions and libmagic's words for what it finds.

It owns a table of signatures of the kinds of files that scripts send about: documents, pictures, archives, text. It
refuses nothing: what it does not know is data ('application/octet-stream'). It is no libmagic: descriptions name the
kind and do not go into details such as sizes, and there are no magic files to choose.
"""
import os
import re

# How much of a file is looked at: libmagic's own tests of text look further, and the kinds here show themselves early.
_LOOK = 64 * 1024


class MagicException(Exception):
    """What python-magic raises for a file that cannot be examined."""

    def __init__(self, message):
        Exception.__init__(self, message)
        self.message = message


class Magic(object):
    """One way of asking: for MIME types, for the encoding of text, or for descriptions."""

    def __init__(self, mime=False, magic_file=None, mime_encoding=False, keep_going=False, uncompress=False, raw=False,
                 extension=False):
        self._mime = mime
        self._mime_encoding = mime_encoding

    def from_buffer(self, buf):
        """What the bytes are."""
        description, mime, encoding = _identify(_bytes(buf)[:_LOOK])
        if self._mime and self._mime_encoding:
            return '%s; charset=%s' % (mime, encoding)
        return encoding if self._mime_encoding else mime if self._mime else description

    def from_file(self, filename):
        """What the file of that name is."""
        if os.path.isdir(filename):
            return 'inode/directory' if self._mime else 'directory'
        with open(filename, 'rb') as stream:
            data = stream.read(_LOOK)
        # libmagic calls an empty file and an empty buffer different things.
        return 'inode/x-empty' if self._mime and not data else self.from_buffer(data)

    def from_descriptor(self, fd):
        """What the open file of that number is."""
        return self.from_buffer(os.read(fd, _LOOK))


def from_buffer(buffer, mime=False):
    """What the bytes are: a description, or a MIME type."""
    return Magic(mime=mime).from_buffer(buffer)


def from_file(filename, mime=False):
    """What the file of that name is: a description, or a MIME type."""
    return Magic(mime=mime).from_file(filename)


def from_descriptor(fd, mime=False):
    """What the open file of that number is: a description, or a MIME type."""
    return Magic(mime=mime).from_descriptor(fd)


def _bytes(data):
    if isinstance(data, unicode):
        return data.encode('utf-8')
    return data if isinstance(data, str) else str(bytearray(data))


# ---------------------------------------------------------------------------------------------------------------------
# Signatures: (offset, bytes, description, MIME type), the first that fits

_SIGNATURES = [
    (0, '\x89PNG\r\n\x1a\n', 'PNG image data', 'image/png'),
    (0, '\xff\xd8\xff', 'JPEG image data', 'image/jpeg'),
    (0, 'GIF87a', 'GIF image data, version 87a', 'image/gif'),
    (0, 'GIF89a', 'GIF image data, version 89a', 'image/gif'),
    (0, 'II*\0', 'TIFF image data, little-endian', 'image/tiff'),
    (0, 'MM\0*', 'TIFF image data, big-endian', 'image/tiff'),
    (8, 'WEBP', 'RIFF (little-endian) data, Web/P image', 'image/webp'),
    (0, '8BPS', 'Adobe Photoshop Image', 'image/vnd.adobe.photoshop'),
    (0, '\0\0\1\0', 'MS Windows icon resource', 'image/vnd.microsoft.icon'),
    (0, '{\\rtf1', 'Rich Text Format data, version 1', 'text/rtf'),
    (0, '\x1f\x8b', 'gzip compressed data', 'application/gzip'),
    (0, 'BZh', 'bzip2 compressed data', 'application/x-bzip2'),
    (0, '\xfd7zXZ\0', 'XZ compressed data', 'application/x-xz'),
    (0, "7z\xbc\xaf'\x1c", '7-zip archive data', 'application/x-7z-compressed'),
    (0, 'Rar!\x1a\x07', 'RAR archive data', 'application/x-rar'),
    (257, 'ustar', 'POSIX tar archive', 'application/x-tar'),
    (0, 'MSCF\0\0\0\0', 'Microsoft Cabinet archive data', 'application/vnd.ms-cab-compressed'),
    (0, 'ID3', 'Audio file with ID3', 'audio/mpeg'),
    (0, 'OggS', 'Ogg data', 'application/ogg'),
    (0, 'fLaC', 'FLAC audio bitstream data', 'audio/flac'),
    (8, 'WAVE', 'RIFF (little-endian) data, WAVE audio', 'audio/x-wav'),
    (8, 'AVI ', 'RIFF (little-endian) data, AVI', 'video/x-msvideo'),
    (4, 'ftyp', 'ISO Media', 'video/mp4'),
    (0, '\x1aE\xdf\xa3', 'Matroska data', 'video/x-matroska'),
    (0, '\x7fELF', 'ELF', 'application/x-executable'),
    (0, '\0asm', 'WebAssembly (wasm) binary module', 'application/wasm'),
    (0, '\xca\xfe\xba\xbe', 'compiled Java class data', 'application/x-java-applet'),
    (0, 'SQLite format 3\0', 'SQLite 3.x database', 'application/x-sqlite3'),
    (0, '\x03\xf3\r\n', 'python 2.7 byte-compiled', 'application/octet-stream'),
    (0, 'wOFF', 'Web Open Font Format', 'font/woff'),
    (0, 'OTTO', 'OpenType font data', 'application/vnd.ms-opentype'),
    (0, '\0\1\0\0\0', 'TrueType Font data', 'font/sfnt'),
]

# Of pictures the RIFF ones, and of fonts and films the weakest: the first bytes have to agree as well.
_ALSO = {'WEBP': 'RIFF', 'WAVE': 'RIFF', 'AVI ': 'RIFF'}

_OFFICE_PARTS = [
    ('word/', 'Microsoft Word 2007+', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'),
    ('xl/', 'Microsoft Excel 2007+', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'),
    ('ppt/', 'Microsoft PowerPoint 2007+',
     'application/vnd.openxmlformats-officedocument.presentationml.presentation'),
]

_OPEN_DOCUMENTS = {
    'application/vnd.oasis.opendocument.text': 'OpenDocument Text',
    'application/vnd.oasis.opendocument.spreadsheet': 'OpenDocument Spreadsheet',
    'application/vnd.oasis.opendocument.presentation': 'OpenDocument Presentation',
    'application/epub+zip': 'EPUB document',
}

# The names of an OLE file's streams are UTF-16; each kind of document has one of its own.
_OLE_STREAMS = [
    (u'WordDocument', 'application/msword'),
    (u'Workbook', 'application/vnd.ms-excel'),
    (u'PowerPoint Document', 'application/vnd.ms-powerpoint'),
    (u'__substg1.0_', 'application/vnd.ms-outlook'),
]


def _identify(data):
    """(description, MIME type, encoding)"""
    if not data:
        return 'empty', 'application/x-empty', 'binary'
    found = _binary_kind(data)
    if found is not None:
        return found + ('binary',)
    encoding, words, text = _text_encoding(data)
    if encoding is None:
        return 'data', 'application/octet-stream', 'binary'
    description, mime = _text_kind(text, words)
    return description, mime, encoding


def _binary_kind(data):
    match = re.match(r'%PDF-(\d\.\d)', data)
    if match:
        return 'PDF document, version ' + match.group(1), 'application/pdf'
    match = re.match(r'(?:\x04|\x1b%-12345X[^%]{0,512})?%!PS-Adobe-(\d\.\d)', data)
    if match:
        return 'PostScript document text conforming DSC level ' + match.group(1), 'application/postscript'
    if data.startswith('%!'):
        return 'PostScript document text', 'application/postscript'
    if data.startswith('PK\x03\x04'):
        return _zip_kind(data)
    if data.startswith('PK\x05\x06'):
        return 'Zip archive data (empty)', 'application/zip'
    if data.startswith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'):
        for name, mime in _OLE_STREAMS:
            if name.encode('utf-16-le') in data:
                return 'Composite Document File V2 Document', mime
        return 'Composite Document File V2 Document', 'application/x-ole-storage'
    if data.startswith('BM') and data[6:10] == '\0\0\0\0' and len(data) >= 26:
        return 'PC bitmap', 'image/bmp'
    for offset, signature, description, mime in _SIGNATURES:
        if data.startswith(signature, offset) and data.startswith(_ALSO.get(signature, '')):
            return description, mime
    return None


def _zip_kind(data):
    name_length = ord(data[26]) + 256 * ord(data[27]) if len(data) > 27 else 0
    first = data[30:30 + name_length]
    if first == 'mimetype':
        for mime in _OPEN_DOCUMENTS:
            if data.startswith(mime, 30 + name_length) and data[30 + name_length + len(mime):][:2] == 'PK':
                return _OPEN_DOCUMENTS[mime], mime
    if first.startswith('META-INF/'):
        return 'Java archive data (JAR)', 'application/java-archive'
    if first == '[Content_Types].xml' or first.startswith(('_rels/', 'docProps/', 'word/', 'xl/', 'ppt/')):
        for folder, description, mime in _OFFICE_PARTS:
            # A local file header, and the name 30 bytes into it.
            if re.search('PK\x03\x04.{26}' + folder, data, re.S):
                return description, mime
        return 'Microsoft OOXML', 'application/octet-stream'
    return 'Zip archive data', 'application/zip'


# ---------------------------------------------------------------------------------------------------------------------
# Text

# Control characters that stand in text: bell, backspace, tab, line ends, form feed, escape, next line.
_NOT_TEXT = re.compile(r'[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]')


def _text_encoding(data):
    """(name for MIME, name in a description, text without its mark), or three times None for what is no text."""
    if data.startswith('\xef\xbb\xbf'):
        return 'utf-8', 'UTF-8 Unicode (with BOM)', data[3:]
    for mark, codec in (('\xff\xfe', 'utf-16le'), ('\xfe\xff', 'utf-16be')):
        if data.startswith(mark):
            endian = 'Little' if codec == 'utf-16le' else 'Big'
            return codec, '%s-endian UTF-16 Unicode' % endian, data[2:].decode(codec, 'replace').encode('utf-8')
    if _NOT_TEXT.search(data):
        return None, None, None
    if not re.search('[\x80-\xff]', data):
        return 'us-ascii', 'ASCII', data
    if _is_utf8(data):
        return 'utf-8', 'UTF-8 Unicode', data
    if not re.search('[\x80-\x84\x86-\x9f]', data):
        return 'iso-8859-1', 'ISO-8859', data
    return 'unknown-8bit', 'Non-ISO extended-ASCII', data


# The beginning of a character of which the end of the buffer has cut the rest off.
_CUT_CHARACTER = re.compile('(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\\Z')


def _is_utf8(data):
    whole = _CUT_CHARACTER.sub('', data)
    try:
        whole.decode('utf-8')
    except UnicodeDecodeError:
        return False
    # A lone beginning proves nothing: it is a letter in other encodings.
    return whole == data or re.search('[\x80-\xff]', whole) is not None


def _text_kind(text, words):
    start = text.lstrip()[:4096]
    lower = start.lower()
    if re.match(r'<\?xml\b', lower):
        if '<svg' in lower:
            return 'SVG Scalable Vector Graphics image', 'image/svg+xml'
        match = re.match(r"""<\?xml\s+version\s*=\s*["'](1\.\d)["']""", start)
        if '<!doctype html' in lower or '<html' in lower:
            return 'XML %s document, %s text' % (match.group(1) if match else '1.0', words), 'text/html'
        return 'XML %s document, %s text' % (match.group(1) if match else '1.0', words), 'text/xml'
    if re.match(r'<svg[\s>]', lower):
        return 'SVG Scalable Vector Graphics image', 'image/svg+xml'
    if re.match(r'(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|title|body|script|style|table|h1|a href=)', lower, re.S):
        return 'HTML document, %s text%s' % (words, _line_ends(text)), 'text/html'
    match = re.match(r'#!\s*(\S+)(?:[ \t]+(\S+))?', text)
    if match:
        return _script_kind(match, words)
    if re.match(r'(?:from|received|return-path|mime-version|message-id): ?', lower):
        return 'news or mail, %s text%s' % (words, _line_ends(text)), 'message/rfc822'
    if re.match(r'begin:vcard', lower):
        return 'vCard visiting card', 'text/vcard'
    if re.match(r'begin:vcalendar', lower):
        return 'vCalendar calendar file', 'text/calendar'
    if _is_json(text):
        return 'JSON data', 'application/json'
    return '%s text%s' % (words, _line_ends(text)), 'text/plain'


def _script_kind(match, words):
    program = os.path.basename(match.group(1))
    if program == 'env' and match.group(2):
        program = os.path.basename(match.group(2))
    if program.startswith('python'):
        return 'Python script, %s text executable' % words, 'text/x-python'
    if program in ('sh', 'bash', 'dash', 'ksh', 'zsh'):
        name = 'POSIX shell' if program in ('sh', 'dash') else 'Bourne-Again shell' if program == 'bash' else program
        return '%s script, %s text executable' % (name, words), 'text/x-shellscript'
    if program.startswith('perl'):
        return 'Perl script text executable', 'text/x-perl'
    return 'a %s script, %s text executable' % (match.group(1), words), 'text/plain'


def _is_json(text):
    # As libmagic: an object or an array that is whole. A longer text than was looked at stays plain text.
    if len(text) >= _LOOK or text.lstrip()[:1] not in ('{', '['):
        return False
    import json
    try:
        json.loads(text)
    except (ValueError, RuntimeError):
        return False
    return True


def _line_ends(text):
    if '\r\n' in text:
        return ', with CRLF, LF line terminators' if re.search('(?<!\r)\n', text) else ', with CRLF line terminators'
    if '\n' in text:
        return ''
    return ', with CR line terminators' if '\r' in text else ', with no line terminators'
