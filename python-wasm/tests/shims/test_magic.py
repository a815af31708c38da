# -*- coding: utf-8 -*-
"""The kinds of files that `magic` knows, in libmagic's words."""
import gzip
import StringIO
import sys
import tempfile
import unittest
import zipfile

import magic


def archive(*names):
    stream = StringIO.StringIO()
    with zipfile.ZipFile(stream, 'w') as out:
        for name in names:
            name, _, content = name.partition('=')
            out.writestr(name, content or 'x')
    return stream.getvalue()


OOXML = 'application/vnd.openxmlformats-officedocument.'
KINDS = [
    ('%PDF-1.4\n%\xe2\xe3', 'PDF document, version 1.4', 'application/pdf'),
    ('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'PNG image data', 'image/png'),
    ('\xff\xd8\xff\xe0\0\x10JFIF', 'JPEG image data', 'image/jpeg'),
    ('GIF89a\1\0\1\0', 'GIF image data, version 89a', 'image/gif'),
    ('II*\0\x08\0\0\0', 'TIFF image data, little-endian', 'image/tiff'),
    ('MM\0*\0\0\0\x08', 'TIFF image data, big-endian', 'image/tiff'),
    ('RIFF\x10\0\0\0WEBPVP8 ', 'RIFF (little-endian) data, Web/P image', 'image/webp'),
    ('{\\rtf1\\ansi', 'Rich Text Format data, version 1', 'text/rtf'),
    ('%!PS-Adobe-3.0\n', 'PostScript document text conforming DSC level 3.0', 'application/postscript'),
    ('\x1f\x8b\x08\0', 'gzip compressed data', 'application/gzip'),
    (archive('a.txt'), 'Zip archive data', 'application/zip'),
    (archive('[Content_Types].xml', 'word/document.xml'), 'Microsoft Word 2007+', OOXML + 'wordprocessingml.document'),
    (archive('[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml'), 'Microsoft Excel 2007+', OOXML + 'spreadsheetml.sheet'),
    (archive('mimetype=application/vnd.oasis.opendocument.text', 'content.xml'), 'OpenDocument Text',
     'application/vnd.oasis.opendocument.text'),
    ('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + '\0' * 600 + u'WordDocument'.encode('utf-16-le'), 'Composite Document File V2 Document',
     'application/msword'),
    ('<!DOCTYPE html>\n<html>', 'HTML document, ASCII text', 'text/html'),
    ('  <html><body>\xc3\xa9</body></html>\n', 'HTML document, UTF-8 Unicode text', 'text/html'),
    ('<?xml version="1.0"?>\n<a/>\n', 'XML 1.0 document, ASCII text', 'text/xml'),
    ('{"a": 1}', 'JSON data', 'application/json'),
    ('plain text\n', 'ASCII text', 'text/plain'),
    ('plain text', 'ASCII text, with no line terminators', 'text/plain'),
    ('two\r\nlines\r\n', 'ASCII text, with CRLF line terminators', 'text/plain'),
    ('caf\xc3\xa9\n', 'UTF-8 Unicode text', 'text/plain'),
    ('caf\xc3', 'ISO-8859 text, with no line terminators', 'text/plain'),
    ('\xc3\xa9caf\xc3', 'UTF-8 Unicode text, with no line terminators', 'text/plain'),
    ('caf\xe9\n', 'ISO-8859 text', 'text/plain'),
    ('\xef\xbb\xbfx\n', 'UTF-8 Unicode (with BOM) text', 'text/plain'),
    ('#!/usr/bin/env python\nprint 1\n', 'Python script, ASCII text executable', 'text/x-python'),
    ('\0\1\2\3', 'data', 'application/octet-stream'),
    ('', 'empty', 'application/x-empty'),
]


class Magic(unittest.TestCase):
    def test_kinds(self):
        for data, description, mime in KINDS:
            self.assertEqual((magic.from_buffer(data), magic.from_buffer(data, True)), (description, mime), data[:40])
            self.assertEqual(magic.from_buffer(bytearray(data), mime=True), mime)

    def test_files(self):
        with tempfile.NamedTemporaryFile() as stream:
            stream.write('%PDF-1.7')
            stream.flush()
            self.assertEqual(magic.from_file(stream.name, mime=True), 'application/pdf')
            self.assertEqual(magic.Magic().from_file(stream.name), 'PDF document, version 1.7')
        self.assertRaises(IOError, magic.from_file, '/no/such/file')
        self.assertEqual(magic.Magic(mime=True).from_file('/tmp'), 'inode/directory')

    def test_encoding(self):
        self.assertEqual(magic.Magic(mime_encoding=True).from_buffer('a'), 'us-ascii')
        self.assertEqual(magic.Magic(mime=True, mime_encoding=True).from_buffer('\xc3\xa9'), 'text/plain; charset=utf-8')
        self.assertEqual(magic.Magic(mime_encoding=True).from_buffer('%PDF-1.4'), 'binary')


unittest.main(argv=sys.argv[:1])
