"""Styles of managed login: settings and images. Shape and defaults are documented; texts are assumed."""

import copy
from typing import Any

import pytest
from tests.pictures import DRAWING, ICO, PNG

from cenote.domain import branding as rules
from cenote.domain.branding_defaults import SETTINGS
from cenote.domain.errors import InvalidParameter

BLUE = {"components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "0000ffff"}}}}}


def asset(**changes: Any) -> dict[str, Any]:
    return {
        "Category": "FORM_LOGO",
        "ColorMode": "LIGHT",
        "Extension": "PNG",
        "Bytes": PNG,
        **changes,
    }


def test_the_defaults_are_allowed_themselves() -> None:
    assert rules.checked(copy.deepcopy(SETTINGS)) == SETTINGS


def test_settings_lie_over_the_defaults() -> None:
    style = rules.BrandingStyle("p", "b", "c", {"Settings": BLUE}, 0, 0)
    button = style.settings["components"]["primaryButton"]["lightMode"]["defaults"]
    assert button == {"backgroundColor": "0000ffff", "textColor": "ffffffff"}
    assert style.settings["categories"] == SETTINGS["categories"]
    assert SETTINGS["components"]["primaryButton"]["lightMode"]["defaults"]["backgroundColor"] == "0972d3ff"


@pytest.mark.parametrize(
    "settings",
    [
        [],
        "red",
        {"unknown": {}},
        {"components": {"unknown": {}}},
        {"components": []},
        {"components": {"pageBackground": {"lightMode": {"color": "red"}}}},
        {"components": {"pageBackground": {"lightMode": {"color": "ffffff;}"}}}},
        {"components": {"pageBackground": {"lightMode": {"color": "ffffff\n"}}}},
        {"components": {"pageBackground": {"lightMode": {"color": None}}}},
        {"components": {"pageBackground": {"image": {"enabled": "true"}}}},
        {"components": {"form": {"borderRadius": "8px"}}},
        {"components": {"form": {"borderRadius": True}}},
        {"components": {"form": {"borderRadius": -1}}},
        {"components": {"form": {"logo": {"location": "</style><script>"}}}},
        {"components": {"favicon": {"enabledTypes": "ICO"}}},
        {"components": {"favicon": {"enabledTypes": [1]}}},
        {"components": {"idpButton": {"custom": {"Okta": {"unknown": 1}}}}},
        {"categories": {"auth": {"authMethodOrder": [[["deep"]]]}}},
        {"categories": {"auth": {"authMethodOrder": [[{"display": "<b>"}]]}}},
    ],
)
def test_case_14_settings_of_another_shape_or_kind_are_refused(settings: Any) -> None:
    with pytest.raises(InvalidParameter):
        rules.checked(settings)


def test_a_style_of_ones_own_and_cognitos_exclude_each_other() -> None:
    for own in ({"Settings": BLUE}, {"Assets": [asset()]}):
        with pytest.raises(InvalidParameter, match="UseCognitoProvidedValues"):
            rules.created({"UseCognitoProvidedValues": True, **own})


def test_an_image_has_an_id_that_changes_with_it() -> None:
    (first, content), = rules.assets([asset()])  # fmt: skip
    assert content == PNG
    (same, _), = rules.assets([asset()])  # fmt: skip
    (dark, _), = rules.assets([asset(ColorMode="DARK")])  # fmt: skip
    assert first == same
    assert first.asset_id != dark.asset_id
    (icon, _), = rules.assets([asset(Category="FAVICON_ICO", Extension="ICO", Bytes=ICO)])  # fmt: skip
    assert icon.extension == "ICO"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Bytes": b""},
        {"Bytes": b"text"},
        {"Bytes": DRAWING},
        {"Extension": "JPEG"},
        {"Extension": "ICO", "Bytes": ICO},
        {"Category": "FAVICON_ICO"},
        {"Category": "FAVICON_SVG"},
        {"Bytes": PNG + bytes(1_000_000)},
    ],
)
def test_an_image_that_is_not_what_it_says_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        rules.assets([asset(**wrong)])


def test_two_images_for_one_place_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="more than one"):
        rules.assets([asset(), asset()])
    assert len(rules.assets([asset(), asset(ResourceId="Okta"), asset(ColorMode="DARK")])) == 3
