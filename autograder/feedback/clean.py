"""Makes harmless what came out of a student's code: text, pictures, HTML.

A page is looked at by others too (a TA, a browser on a shared machine), so nothing of it may run,
load anything, or pretend to be a part of the page.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct

import nh3

MOST_TEXT = 10_000  # characters of one output
MOST_HTML = 60_000
MOST_IMAGE = 400_000  # bytes of one picture

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Everything invisible that could reorder or hide text, and all control characters but \n and \t.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_TAGS = set(
    "b blockquote br caption code dd div dl dt em hr i li ol p pre s small span strong sub sup "
    "table tbody td tfoot th thead tr u ul".split()
)
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_DROPPED = set(
    "script style title head svg math template noscript iframe object embed textarea select "
    "noembed noframes xmp plaintext".split()
)


def text(raw: str, most: int = MOST_TEXT) -> str:
    """Plain text as a terminal would leave it: no colours, no overwritten lines, not too long."""
    raw = _ANSI.sub("", raw[: most * 4])
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in raw.split("\n")]
    clean = _UNSEEN.sub("", "\n".join(lines)).strip("\n")
    if len(clean) <= most:
        return clean
    return f"{clean[:most]}\n… ({most:,}자까지만 싣습니다)"


def markup(raw: str) -> str:
    """HTML with tables and plain formatting only: no attributes that do anything, no addresses."""
    return nh3.clean(
        _UNSEEN.sub("", raw),
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    ).strip()


def image(kind: str, raw: str) -> str | None:
    """A `data:` address for a picture, or None where it is none or too big.

    Args:
        kind: `image/png`, `image/jpeg` or `image/svg+xml`.
        raw: base64, or the SVG's text. PNG and JPEG lose everything but the picture itself.
            An SVG is shown as a picture only, where it can neither run nor load anything.
    """
    if len(raw) > MOST_IMAGE * 2:
        return None
    if kind == "image/svg+xml":
        content = raw.encode("utf-8", "replace")
        if "<svg" not in raw[:2000].lower():
            return None
    else:
        try:
            content = base64.b64decode("".join(raw.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
        content = _bare_png(content) if kind == "image/png" else _bare_jpeg(content)
    if not content or len(content) > MOST_IMAGE:
        return None
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _bare_png(content: bytes) -> bytes | None:
    """The PNG with the chunks that draw it, and no others."""
    signature = b"\x89PNG\r\n\x1a\n"
    if not content.startswith(signature):
        return None
    out, position = [signature], 8
    while position + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + size
        if end > len(content):
            return None
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"IDAT", b"IEND"):
            out.append(content[position:end])
        if kind == b"IEND":
            return b"".join(out)
        position = end
    return None


def _bare_jpeg(content: bytes) -> bytes | None:
    """The JPEG without comments and metadata, up to its end."""
    if not content.startswith(b"\xff\xd8"):
        return None
    out, position = [b"\xff\xd8"], 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        kind, size = struct.unpack_from(">xBH", content, position)
        end = position + 2 + size
        if kind == 0xDA:  # the picture itself follows
            last = content.rfind(b"\xff\xd9")
            return (
                b"".join([*out, content[position:last], b"\xff\xd9"]) if last > position else None
            )
        if not (0xE1 <= kind <= 0xED or kind == 0xEF or kind == 0xFE):
            out.append(content[position:end])
        position = end
    return None
