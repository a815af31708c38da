//! reportlab's drawings as bitmaps, and the accelerators in C: that they are what is used, and that they give what the Python does.

use super::prints;

#[test]
fn drawings_become_bitmaps_with_shapes_and_text() {
    prints(
        r"
import io
from PIL import Image
from reportlab.graphics import renderPM
from reportlab.graphics.shapes import Circle, Drawing, Rect, String
from reportlab.lib import colors
drawing = Drawing(200, 100)
drawing.add(Rect(10, 10, 50, 50, fillColor=colors.red, strokeColor=None))
drawing.add(Circle(150, 50, 30, fillColor=colors.Color(0, 0, 1, 0.5), strokeColor=None))
for kind in ('PNG', 'GIF', 'BMP', 'TIFF', 'JPG'):
    image = Image.open(io.BytesIO(renderPM.drawToString(drawing, kind))).convert('RGB')
    spots = [image.getpixel(spot) for spot in ((30, 60), (150, 50), (5, 5), (59, 41), (61, 41))]
    print image.size, all(abs(a - b) < 3 for spot, due in zip(spots, [(254, 0, 0), (127, 127, 255), (255, 255, 255)]) for a, b in zip(spot, due))
def ink(font, text):
    drawing = Drawing(120, 40)
    drawing.add(String(5, 10, text, fontName=font, fontSize=20))
    image = Image.open(io.BytesIO(renderPM.drawToString(drawing, 'PNG'))).convert('L')
    return image.point(lambda v: 255 * (v < 128)).getbbox()
for font in ('Helvetica', 'Helvetica-BoldOblique', 'Times-Roman', 'Times-Italic', 'Courier', 'Courier-Bold'):
    left, top, right, bottom = ink(font, u'H\xe4gar')
    from reportlab.pdfbase.pdfmetrics import stringWidth
    print font, abs(right - left - stringWidth(u'H\xe4gar', font, 20)) < 5, 12 < bottom - top < 24
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
pdfmetrics.registerFont(TTFont('Vera', 'Vera.ttf'))
print ink('Vera', u'H\xe4gar') is not None, ink('Vera', '') is None
",
        "(200, 100) True\n(200, 100) True\n(200, 100) True\n(200, 100) True\n(200, 100) True\n\
         Helvetica True True\nHelvetica-BoldOblique True True\nTimes-Roman True True\nTimes-Italic True True\n\
         Courier True True\nCourier-Bold True True\nTrue True\n",
    );
}

#[test]
fn charts_and_barcodes_become_bitmaps() {
    prints(
        r"
import io
from PIL import Image
from reportlab.graphics import renderPM
from reportlab.graphics.barcode import createBarcodeDrawing
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.piecharts import Pie
from reportlab.graphics.shapes import Drawing
drawing = Drawing(400, 200)
chart = VerticalBarChart()
chart.x, chart.y, chart.data = 50, 50, [(10, 20, 30), (5, 25, 15)]
chart.categoryAxis.categoryNames = ['Jan', 'Feb', 'Mar']
pie = Pie()
pie.x, pie.y, pie.data, pie.labels = 280, 60, [3, 2, 1], ['a', 'b', 'c']
drawing.add(chart)
drawing.add(pie)
image = Image.open(io.BytesIO(renderPM.drawToString(drawing, 'PNG'))).convert('RGB')
print image.size, len(image.getcolors(10000)) > 20, image.getpixel((76, 140))
code = createBarcodeDrawing('Code128', value='CODEHOOK', barWidth=2, barHeight=40)
image = Image.open(io.BytesIO(renderPM.drawToString(code, 'PNG'))).convert('1')
row = list(image.crop((0, 20, image.size[0], 21)).getdata())
print sum(1 for a, b in zip(row, row[1:]) if a and not b)
",
        "(400, 200) True (255, 0, 0)\n34\n",
    );
}

#[test]
fn accelerators_in_c_are_used_and_agree_with_the_python() {
    prints(
        r#"
import sys
import simplejson, simplejson.encoder, simplejson.decoder, simplejson.scanner
import markupsafe, markupsafe._native
from reportlab.lib import rl_accel
from reportlab.graphics import _renderPM
print [name in sys.builtin_module_names for name in ('simplejson._speedups', 'markupsafe._speedups', 'reportlab.lib._rl_accel', 'PIL._imaging')]
print simplejson.encoder.c_make_encoder is not None, simplejson.scanner.c_make_scanner is not None
for value in ({'a': [1, 2.5, None, True], u'\xe9': u'\u2028"\\'}, [10 ** 30, -0.0, 1e300], {}, []):
    text = simplejson.dumps(value, sort_keys=True)
    simplejson._toggle_speedups(False)
    same = simplejson.dumps(value, sort_keys=True) == text and simplejson.loads(text) == value
    simplejson._toggle_speedups(True)
    print same and simplejson.loads(text) == value
for text in (u'<a href="x">\'&\'</a>', 'plain', u'\u20ac<', 5, None):
    print markupsafe.escape(text) == markupsafe._native.escape(text), markupsafe.escape is not markupsafe._native.escape
"#,
        "[True, True, True, True]\nTrue True\nTrue\nTrue\nTrue\nTrue\n\
         True True\nTrue True\nTrue True\nTrue True\nTrue True\n",
    );
}
