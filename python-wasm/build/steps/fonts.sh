# The fonts that reportlab draws bitmaps with, under the names of those that it came with.
# waits: sources
# locked: tex-gyre
# reads: stdlib/type1-fonts
# makes: fonts
# kept: no

mkdir -p "$RESULT/fonts/reportlab/fonts"
dpkg -x "$OUT"/cache/tex-gyre_*.deb package
grep -v '^#' "$HERE/stdlib/type1-fonts" | while read -r ours theirs; do
    cp "package/usr/share/texmf/fonts/type1/public/tex-gyre/$theirs.pfb" "$RESULT/fonts/reportlab/fonts/$ours.pfb"
done
cp package/usr/share/doc/tex-gyre/copyright "$RESULT/fonts/reportlab/fonts/tex-gyre-license.txt"
