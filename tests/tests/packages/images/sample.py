# -*- coding: utf-8 -*-
# What the scripts beside this begin with. They run under Python 2 and 3: what they must print (NAME.txt) was printed by Debian 12's
# python3-pil 9.4.0, which has the same FreeType and libjpeg-turbo.
from __future__ import print_function
import io, zlib
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageMath, ImageMorph, ImageOps, ImageStat

FONTS = '/usr/lib/python2.7/dist-packages/reportlab/fonts/'

def checksum(data):
    return '%08x' % (zlib.crc32(data) & 0xffffffff)

def crc(image):
    return checksum(image.tobytes())

def sample(size=(97, 61)):
    # Smooth in one band, sharp edges in another, noise in the third.
    data = bytearray()
    for y in range(size[1]):
        for x in range(size[0]):
            data += bytearray([x * 255 // size[0], 200 if (x // 7 + y // 5) % 2 else 30, (x * x * 7 + y * y * 13 + x * y) % 256])
    return Image.frombytes('RGB', size, bytes(data))

def grey():
    return sample().split()[0]

def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()

def loaded(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
