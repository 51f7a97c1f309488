"""Pictures that carry something else: text in their metadata, HTML behind them, a script for a PNG."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image, PngImagePlugin

from tests.threats.handins.court import RIGHT, notebook
from tests.threats.handins.pages import JS, assert_harmless

TEXT = f"<script>{JS}</script> MARK-IN-METADATA"


def pictures() -> list[tuple[str, str]]:
    image = Image.new("RGB", (8, 8), "red")
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", TEXT)
    info.add_itxt("XML:com.adobe.xmp", TEXT)
    png, jpeg = io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = TEXT
    image.save(png, "PNG", pnginfo=info)
    image.save(jpeg, "JPEG", exif=exif, comment=TEXT.encode())
    made = [("image/png", png.getvalue()), ("image/jpeg", jpeg.getvalue())]
    made += [(kind, data + TEXT.encode()) for kind, data in made]
    made += [("image/png", TEXT.encode()), ("image/gif", b"GIF89a" + TEXT.encode())]
    return [(kind, base64.b64encode(data).decode()) for kind, data in made]


def test_only_the_picture_comes_to_the_page(court, window):
    given = pictures()
    assert all("MARK-IN-METADATA" in base64.b64decode(data).decode("latin-1") for _, data in given)
    source = (
        "from IPython.display import display\n"
        f"for kind, data in {given!r}:\n    display({{kind: data}}, raw=True)"
    )
    outcome = court(notebook(RIGHT, own=source))
    assert_harmless(outcome, window)
    page = outcome.page("m50")
    blobs = re.findall(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", page)
    assert len(blobs) == 4
    for text in [page, *(base64.b64decode(blob).decode("latin-1") for blob in blobs)]:
        assert "MARK-IN-METADATA" not in text
    assert "image/gif" not in page
