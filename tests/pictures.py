"""The smallest images of each kind, and SVGs that would do something."""

import struct
import zlib


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(color: int = 0) -> bytes:
    """One grey pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0, color]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = png()
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
ICO = b"\x00\x00\x01\x00\x01\x00\x01\x01\x00\x00\x01\x00\x20\x00\x30\x00\x00\x00\x16\x00\x00\x00"


def svg(content: str = "", attributes: str = "") -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
        f"{content}</svg>"
    ).encode()


DRAWING = svg(
    '<defs><linearGradient id="g"/></defs><style>.a { fill: url(#g) }</style>'
    '<rect class="a" fill="url(#g)" width="1" height="1"/><use href="#g"/>'
)
ACTIVE = {
    "script": svg("<script>alert(1)</script>"),
    "script-by-prefix": b'<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script>alert(1)</x:script></x:svg>',
    "handler": svg(attributes='onload="alert(1)"'),
    "handler-in-capitals": svg('<rect ONCLICK="alert(1)"/>'),
    "foreign-object": svg("<foreignObject><p/></foreignObject>"),
    "link": svg('<a href="javascript:alert(1)"><rect/></a>'),
    "outer-use": svg('<use xlink:href="https://evil.example/x.svg#a"/>'),
    "image-from-elsewhere": svg('<image href="https://evil.example/pixel.png"/>'),
    "svg-in-an-image": svg('<image href="data:image/svg+xml;base64,AAAA"/>'),
    "animated-link": svg('<animate attributeName="href" to="javascript:alert(1)"/>'),
    "import": svg("<style>@import 'https://evil.example/a.css';</style>"),
    "style-from-elsewhere": svg("<style>rect { fill: url(https://evil.example/a) }</style>"),
    "style-attribute": svg('<rect style="fill: url( &quot;//evil.example/a&quot; )"/>'),
    "escaped-style": svg(r"<style>rect { fill: u\72l(https://evil.example/a) }</style>"),
    "doctype": b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"),
    "stylesheet": b'<?xml-stylesheet href="https://evil.example/a.css"?>' + svg(),
}
