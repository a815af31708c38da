im = sample()
for mode in 'CMYK YCbCr HSV RGBA'.split():
    print('convert', mode, crc(im.convert(mode)))
print('convert', [crc(grey().convert(mode)) for mode in '1 I F LA RGB'.split()], im.convert('L').getpixel((50, 30)))
kernel = ImageFilter.Kernel((3, 3), (1, 2, 1, 0, 1, 0, -1, -2, -1), 3, 10)
for kind in [ImageFilter.GaussianBlur(2.5), ImageFilter.BoxBlur(3), ImageFilter.UnsharpMask(2, 120, 3), ImageFilter.MedianFilter(5),
             ImageFilter.MinFilter(3), ImageFilter.ModeFilter(3), ImageFilter.FIND_EDGES, ImageFilter.EMBOSS, kernel]:
    print(getattr(kind, 'name', '?'), crc(im.filter(kind)))
for name in 'add subtract multiply screen difference lighter darker'.split():
    print(name, crc(getattr(ImageChops, name)(im, im.transpose(Image.ROTATE_180))))
for name in 'autocontrast equalize invert mirror posterize solarize'.split():
    arguments = (3,) if name == 'posterize' else ()
    print(name, crc(getattr(ImageOps, name)(im, *arguments)))
print('enhance', crc(ImageEnhance.Contrast(im).enhance(1.7)), crc(ImageEnhance.Sharpness(im).enhance(2)))
print('blend', crc(Image.blend(im, im.transpose(Image.ROTATE_180), 0.3)), crc(Image.composite(im, ImageOps.invert(im), grey())))
print('point', crc(im.point([255 - n // 2 for n in range(256)] * 3)), crc(Image.merge('RGB', im.split()[::-1])))
quantized = im.quantize(20)
print('quantize', crc(quantized), len(quantized.getcolors()))
print('histogram', sum(n * v for n, v in enumerate(im.histogram())), round(grey().entropy(), 6), im.getextrema())
print('stat', [round(v, 6) for v in ImageStat.Stat(im).mean], [round(v, 6) for v in ImageStat.Stat(im).stddev])
a, b = grey(), grey().transpose(Image.ROTATE_180)
print('math', crc(ImageMath.eval('convert(min(a, b) * 2 - (a ^ b) / 3, "I")', a=a, b=b)), crc(ImageMath.eval('float(a) ** 0.5 + abs(b - 99)', a=a, b=b)))
edge = ImageMorph.MorphOp(op_name='edge')
count, shape = edge.apply(a.point(lambda v: 255 * (v > 120)))
print('morph', count, crc(shape), len(edge.match(a.point(lambda v: 255 * (v > 120)))))
