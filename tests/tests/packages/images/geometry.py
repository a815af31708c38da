im = sample()
for name in 'NEAREST BOX BILINEAR HAMMING BICUBIC LANCZOS'.split():
    print('resize', name, crc(im.resize((40, 33), getattr(Image, name))), crc(im.resize((150, 70), getattr(Image, name))))
for name in 'NEAREST BILINEAR BICUBIC'.split():
    print('rotate', name, crc(im.rotate(33, getattr(Image, name))), im.rotate(33, expand=True).size)
for name in 'FLIP_LEFT_RIGHT FLIP_TOP_BOTTOM ROTATE_90 ROTATE_180 ROTATE_270 TRANSPOSE TRANSVERSE'.split():
    print(name, crc(im.transpose(getattr(Image, name))))
print('crop', crc(im.crop((10, 5, 60, 40))), im.crop((-5, -5, 5, 5)).getpixel((0, 0)))
print('affine', crc(im.transform((80, 50), Image.AFFINE, (1, 0.2, -3, 0.1, 1.1, 2), Image.BICUBIC)))
print('perspective', crc(im.transform((80, 50), Image.PERSPECTIVE, (1, 0.2, -3, 0.1, 1.1, 2, 0.001, 0.002))))
canvas = Image.new('RGB', (120, 80), (9, 8, 7))
canvas.paste(im, (11, 7), grey())
print('paste', crc(canvas), canvas.getbbox())
