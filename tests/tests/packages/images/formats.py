im = sample()
def sample_in(mode):
    if mode in ('1', 'L', 'LA'):
        return grey().convert(mode)
    return sample().convert(mode)
def same(mode, kind):
    image = sample_in(mode)
    again = loaded(saved(image, kind))
    return again.mode == mode and again.tobytes() == image.tobytes()
for kind, modes in [('PNG', '1 L LA RGB RGBA'), ('BMP', '1 L RGB'), ('TIFF', '1 L RGB RGBA CMYK'), ('PPM', 'L RGB'), ('TGA', 'L RGB RGBA'),
                    ('PCX', 'L RGB'), ('IM', 'L RGB')]:
    print(kind, [same(mode, kind) for mode in modes.split()])
print('PNG of palette', loaded(saved(sample().quantize(60), 'PNG')).convert('RGB').tobytes() == sample().quantize(60).convert('RGB').tobytes())
print('PNG', saved(im, 'PNG', optimize=True)[:8] == b'\x89PNG\r\n\x1a\n', loaded(saved(im, 'PNG', dpi=(300, 300))).info['dpi'][0] in (300, 299.9994))
gif = loaded(saved(sample().quantize(60), 'GIF', transparency=3, interlace=True))
print('GIF', gif.convert('RGB').tobytes() == sample().quantize(60).convert('RGB').tobytes())
frames = [grey().point(lambda v, n=n: v // n) for n in (1, 2, 3)]
movie = Image.open(io.BytesIO(saved(frames[0], 'GIF', save_all=True, append_images=frames[1:], duration=70, loop=0)))
movie.seek(2)
print('animation', movie.n_frames, movie.info['duration'])
icon = Image.open(io.BytesIO(saved(im.resize((64, 64)), 'ICO', sizes=[(16, 16), (32, 32)])))
print('ICO', sorted(icon.info['sizes']))
for options in [{}, {'quality': 95}, {'quality': 30, 'progressive': True}, {'quality': 80, 'optimize': True, 'subsampling': 0}, {'qtables': 'web_high'}]:
    data = saved(im, 'JPEG', **options)
    print('JPEG', sorted(options), len(data), checksum(data), crc(loaded(data)))
for mode in ('L', 'CMYK', 'YCbCr'):
    data = saved(sample_in(mode), 'JPEG')
    print('JPEG', mode, len(data), loaded(data).mode, crc(loaded(data)))
big = sample(size=(400, 300))
draft = Image.open(io.BytesIO(saved(big, 'JPEG')))
draft.draft('RGB', (100, 75))
print('draft', draft.size, crc(draft))
small = Image.open(io.BytesIO(saved(big, 'JPEG')))
small.thumbnail((64, 64))
print('thumbnail', small.size)
