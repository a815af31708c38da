//! Pillow: codecs, operations and text give what another Pillow gives; damaged and oversized images raise; an image that is put into a
//! PDF is found there by a reader.

use std::fs;
use std::process::Command;

use codehook_sandbox::Outcome;
use codehook_tests::{TestRun, stderr, stdout, target};

use super::{Use, prints, succeeded};

pub(crate) const USES: &[Use] = &[("Pillow", image_formats_are_written_and_read)];

const SAMPLE: &str = include_str!("images/sample.py");

#[test]
fn image_formats_are_written_and_read() {
    prints(
        &format!("{SAMPLE}{}", include_str!("images/formats.py")),
        include_str!("images/formats.txt"),
    );
}

#[test]
fn images_are_scaled_turned_cut_and_pasted() {
    prints(
        &format!("{SAMPLE}{}", include_str!("images/geometry.py")),
        include_str!("images/geometry.txt"),
    );
}

#[test]
fn pixels_are_converted_filtered_and_counted() {
    prints(
        &format!("{SAMPLE}{}", include_str!("images/pixels.py")),
        include_str!("images/pixels.txt"),
    );
}

#[test]
fn text_is_measured_and_drawn_with_truetype_fonts() {
    prints(
        &format!("{SAMPLE}{}", include_str!("images/text.py")),
        include_str!("images/text.txt"),
    );
}

/// Appends `script` to the sample and runs it.
fn with_sample(script: &str) -> TestRun {
    TestRun::new(format!("{SAMPLE}{script}"))
}

#[test]
fn a_damaged_jpeg_raises_and_the_next_good_one_is_read() {
    let report = with_sample(
        r"
import random
dice = random.Random(20)
good = saved(sample((200, 160)), 'JPEG', progressive=True)
results = {}
for attempt in range(400):
    data = bytearray(good)
    for n in range(dice.choice([1, 3, 20])):
        data[dice.randrange(2, len(data))] = dice.randrange(256)
    if attempt % 4 == 0:
        del data[dice.randrange(20, len(data)):]
    try:
        loaded(bytes(data))
        results['read'] = results.get('read', 0) + 1
    except (IOError, SyntaxError, ValueError, KeyError, IndexError, struct.error, TypeError, Image.DecompressionBombError) as error:
        results[str(error)[:16]] = results.get(str(error)[:16], 0) + 1
print('broken data stre' in results, 'image file is tr' in results, results.get('read', 0) > 20)
print(crc(loaded(good)) == crc(loaded(saved(loaded(good), 'PNG'))))
"
        .replacen('\n', "\nimport struct\n", 1)
        .as_str(),
    )
    .run();
    assert_eq!(succeeded(report), "True True True\nTrue\n");
}

#[test]
fn an_image_that_jpeg_cannot_hold_raises() {
    let report = with_sample(
        r"
for attempt in range(3):
    try:
        saved(Image.new('L', (66000, 1)), 'JPEG')
    except IOError as error:
        print(error)
print(len(saved(sample(), 'JPEG')))
",
    )
    .run();
    let printed = succeeded(report);
    assert!(
        printed.starts_with(&"encoder error -2 when writing image file\n".repeat(3))
            && printed.ends_with("4095\n"),
        "{printed}"
    );
}

#[test]
fn a_font_with_damaged_tables_raises_or_loses_characters_and_never_ends_the_run() {
    let report = with_sample(
        r"
import random, struct
good = bytearray(open(FONTS + 'Vera.ttf', 'rb').read())
tables = {}
for n in range(struct.unpack_from('>H', bytes(good), 4)[0]):
    tag, _, offset, length = struct.unpack_from('>4sLLL', bytes(good), 12 + 16 * n)
    tables[tag] = offset, length
def outcome(data):
    try:
        font = ImageFont.truetype(io.BytesIO(bytes(data)), 20, layout_engine=0)
        return sum(font.getmask(u'Hamburg'))
    except IOError as error:
        return str(error)

# Every character map claims to be longer than the table.
offset, length = tables['cmap']
data = bytearray(good)
for n in range(struct.unpack_from('>H', bytes(data), offset + 2)[0]):
    start = offset + struct.unpack_from('>L', bytes(data), offset + 8 + 8 * n)[0]
    data[start + 2:start + 4] = b'\xff\xff'
    data[start + 6:start + 8] = b'\xff\xff'
print(type(outcome(data)).__name__)

dice = random.Random(3)
for attempt in range(150):
    data = bytearray(good)
    offset, length = tables[dice.choice(sorted(set(tables) & set(['cmap', 'glyf', 'loca', 'head', 'maxp', 'hmtx', 'fpgm', 'prep', 'name'])))]
    for n in range(dice.choice([1, 5, 50])):
        data[offset + dice.randrange(length)] = dice.randrange(256)
    outcome(data)
print(outcome(good))
",
    )
    .run();
    let printed = succeeded(report);
    assert!(printed.starts_with("int\n"), "{printed}");
}

#[test]
fn exif_and_other_metadata_stay_with_an_image() {
    let report = with_sample(
        r"
import struct
def exif(orientation, maker):
    # Little-endian TIFF: two tags, the maker's name after them.
    maker += b'\0'
    head = b'Exif\0\0II*\0' + struct.pack('<LH', 8, 2)
    return head + struct.pack('<HHLL', 271, 2, len(maker), 38) + struct.pack('<HHLHH', 274, 3, 1, orientation, 0) + struct.pack('<L', 0) + maker
data = saved(sample(), 'JPEG', exif=exif(6, b'Zoetrope'), dpi=(150, 150), icc_profile=b'profile' * 20000)
image = loaded(data)
tags = image._getexif()
print(str(tags[271]), tags[274], image.info['dpi'], len(image.info['icc_profile']), image.getexif()[274])
print(image.size, ImageOps.exif_transpose(image).size)
from PIL import PngImagePlugin
notes = PngImagePlugin.PngInfo()
notes.add_text('Comment', 'plain')
notes.add_itxt('Title', u'Zo\xeb', zip=True)
notes = loaded(saved(sample(), 'PNG', pnginfo=notes)).text
print(str(notes['Comment']), str(notes['Title']).decode('utf-8') == u'Zo\xeb')
",
    )
    .run();
    assert_eq!(
        succeeded(report),
        "Zoetrope 6 (150, 150) 140000 6\n(97, 61) (61, 97)\nplain True\n"
    );
}

#[test]
fn an_image_too_large_for_the_memory_raises_memory_error() {
    let report = with_sample(
        r"
for size in ((12000, 12000), (60000, 60000), (2 ** 31 - 1, 2)):
    try:
        Image.new('RGB', size)
    except (MemoryError, OverflowError, ValueError) as error:
        print(type(error).__name__)
try:
    sample().resize((14000, 14000), Image.BILINEAR)
except MemoryError:
    print('no room to resize')
print(crc(sample()))
Image.new('RGB', (12000, 12000))
",
    )
    .run();
    assert_eq!(report.outcome, Outcome::OutOfMemory, "{}", stderr(&report));
    let printed = stdout(&report);
    assert!(
        printed.starts_with("MemoryError\nMemoryError\n") && printed.contains("no room to resize"),
        "{printed}"
    );
}

#[test]
fn a_small_file_that_claims_to_be_a_huge_image_is_refused() {
    let report = with_sample(
        r"
import struct
def png(width, height):
    chunk = lambda kind, data: struct.pack('>L', len(data)) + kind + data + struct.pack('>L', zlib.crc32(kind + data) & 0xffffffff)
    head = struct.pack('>LLBBBBB', width, height, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(b'\0' * 10000)) + chunk(b'IEND', b'')
try:
    loaded(png(40000, 40000))
except Image.DecompressionBombError:
    print('bomb')
import warnings
warnings.simplefilter('error')
try:
    loaded(png(10000, 10000))
except Image.DecompressionBombWarning:
    print('warning')
",
    )
    .run();
    assert_eq!(succeeded(report), "bomb\nwarning\n");
}

/// Lets poppler take the images out of a PDF that the script printed as base64. Gives their PPM or PGM files, by page order.
fn images_of(pdf_in_base64: &str, name: &str) -> Vec<Vec<u8>> {
    let directory = target().join("test-pdf-images").join(name);
    fs::create_dir_all(&directory).expect("target/ is writable");
    for old in fs::read_dir(&directory).expect("a directory") {
        fs::remove_file(old.expect("an entry").path()).expect("a file of an earlier run");
    }
    let encoded = directory.join("document.base64");
    fs::write(&encoded, pdf_in_base64).expect("target/ is writable");
    let decode = Command::new("base64")
        .arg("--decode")
        .arg(&encoded)
        .output()
        .expect("base64 runs");
    let document = directory.join("document.pdf");
    fs::write(&document, decode.stdout).expect("target/ is writable");
    let status = Command::new("pdfimages")
        .arg(&document)
        .arg(directory.join("image"))
        .status()
        .expect("poppler-utils is installed");
    assert!(status.success(), "pdfimages cannot read {document:?}");
    let mut images: Vec<_> = fs::read_dir(&directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| kind != "pdf" && kind != "base64")
        })
        .collect();
    images.sort();
    images
        .iter()
        .map(|path| fs::read(path).expect("an image"))
        .collect()
}

/// The picture that the scripts below put into documents, as the PPM that poppler writes of it.
fn picture() -> Vec<u8> {
    let mut ppm = b"P6\n40 30\n255\n".to_vec();
    for y in 0..30_u8 {
        for x in 0..40_u8 {
            ppm.extend([x * 6, y * 8, x ^ y]);
        }
    }
    ppm
}

const PICTURE: &str = r"
import base64, io
from PIL import Image
picture = Image.new('RGB', (40, 30))
picture.putdata([(x * 6, y * 8, x ^ y) for y in range(30) for x in range(40)])
def saved(kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
";

#[test]
fn reportlab_embeds_images_that_a_reader_finds() {
    let report = TestRun::new(format!(
        "{PICTURE}{}",
        r"
from reportlab.pdfgen import canvas
from reportlab.lib.utils import ImageReader
out = io.BytesIO()
page = canvas.Canvas(out)
page.drawImage(ImageReader(io.BytesIO(saved('PNG'))), 50, 600, 200, 150)
page.drawImage(ImageReader(picture.rotate(180)), 50, 200, 200, 150)
page.save()
print base64.b64encode(out.getvalue())
"
    ))
    .run();
    let images = images_of(&succeeded(report), "reportlab");
    assert_eq!(images.len(), 2);
    assert_eq!(
        images.iter().filter(|image| **image == picture()).count(),
        1
    );
}

#[test]
fn xhtml2pdf_embeds_the_images_of_a_page() {
    let report = TestRun::new(format!(
        "{PICTURE}{}",
        r#"
from xhtml2pdf import pisa
with open('/tmp/picture.jpg', 'wb') as file:
    file.write(saved('JPEG', quality=100, subsampling=0))
out = io.BytesIO()
page = '<p>Look:</p><img src="data:image/png;base64,%s"><img src="/tmp/picture.jpg" width="200">' % base64.b64encode(saved('PNG'))
assert not pisa.CreatePDF(page, dest=out).err
print base64.b64encode(out.getvalue())
"#
    ))
    .run();
    let images = images_of(&succeeded(report), "xhtml2pdf");
    assert!(
        images.contains(&picture()),
        "the PNG is there, pixel by pixel"
    );
    let jpeg = images
        .iter()
        // One of them is the mask of the PNG.
        .find(|image| image.len() == picture().len() && **image != picture())
        .expect("the JPEG is there");
    let far = jpeg
        .iter()
        .zip(picture())
        .filter(|(there, here)| there.abs_diff(*here) > 12)
        .count();
    assert_eq!(
        (jpeg.len(), far),
        (picture().len(), 0),
        "the JPEG looks the same"
    );
}
