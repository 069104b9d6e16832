"""Uploaded images: what they are, and that they only show something."""

import pytest
from tests.pictures import ACTIVE, DRAWING, ICO, JPEG, PNG, WEBP, svg

from cenote.domain import images
from cenote.domain.errors import InvalidParameter


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "PNG"), (JPEG, "JPEG"), (WEBP, "WEBP"), (ICO, "ICO"), (DRAWING, "SVG"), (svg(), "SVG")],
)
def test_an_image_is_known_by_its_bytes(content: bytes, kind: str) -> None:
    assert images.kind_of(content) == kind
    assert kind in images.MEDIA_TYPES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<html xmlns='http://www.w3.org/2000/svg'/>",
        b"<svg/>",
        b"<svg",
        DRAWING.decode().encode("utf-16"),
    ],
)
def test_anything_else_is_none(content: bytes) -> None:
    assert images.kind_of(content) is None


@pytest.mark.parametrize("name", ACTIVE)
def test_case_14_an_svg_that_does_more_than_draw_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameter, match="SVG image cannot contain"):
        images.kind_of(ACTIVE[name])
