for name in ('Vera', 'VeraBd', 'VeraIt'):
    for points in (8, 17, 30):
        font = ImageFont.truetype(FONTS + name + '.ttf', points, layout_engine=0)
        mask = font.getmask(u'H\xe9llo, W\xf6rld & Co.')
        print(name, points, font.getmetrics(), font.getsize(u'H\xe9llo, W\xf6rld & Co.'), mask.size, checksum(bytes(bytearray(mask))))
print(font.getname())
image = Image.new('RGB', (300, 200), 'white')
draw = ImageDraw.Draw(image)
draw.line((5, 5, 290, 150), fill=(200, 0, 0), width=4)
draw.rectangle((20, 30, 90, 80), fill='#abcdef', outline='navy')
draw.polygon([(100, 20), (150, 90), (110, 120)], fill=(0, 128, 0))
draw.point([(1, 1), (2, 2)], fill='red')
print('shapes', crc(image))
font = ImageFont.truetype(FONTS + 'Vera.ttf', 20, layout_engine=0)
blank = Image.new('L', (200, 60))
ImageDraw.Draw(blank).text((10, 20), u'\u0394\u03a9 fi', font=font, fill=255)
print('text', crc(blank), blank.getbbox())
ImageDraw.Draw(blank).text((2, 2), 'built in', fill=99)
print('own font', crc(blank))
# Large glyphs are drawn in bands. Sums are rounded: where `long` has 32 bits, FreeType divides in another way and some pixels differ by one.
for letters in '@&%', 'Qg':
    large = ImageFont.truetype(FONTS + 'Vera.ttf', 400, layout_engine=0).getmask(letters)
    print('large', large.size, int(round(sum(large) / 2550.)))
