"""The Settings of a managed login style that changes nothing: AWS's documented shape and defaults.

Source: the full Settings document in the AWS CLI's reference of update-managed-login-branding. Colours are RRGGBBAA.
"""

from typing import Any, Final


def modes(light: Any, dark: Any) -> dict[str, Any]:
    return {"lightMode": light, "darkMode": dark}


def text(color: str) -> dict[str, str]:
    return {"textColor": color}


def border(color: str) -> dict[str, str]:
    return {"borderColor": color}


def box(background: str, edge: str) -> dict[str, str]:
    return {"backgroundColor": background, "borderColor": edge}


def filled(background: str, label: str) -> dict[str, str]:
    return {"backgroundColor": background, "textColor": label}


def button(background: str, edge: str) -> dict[str, str]:
    """A button whose label has the colour of its edge."""
    return {"backgroundColor": background, "borderColor": edge, "textColor": edge}


def item(background: str, edge: str, label: str) -> dict[str, str]:
    return {"itemBackgroundColor": background, "itemBorderColor": edge, "itemTextColor": label}


def signal(background: str, color: str) -> dict[str, str]:
    return {"backgroundColor": background, "borderColor": color, "indicatorColor": color}


def strip() -> dict[str, Any]:
    """The page's header or footer."""
    return {
        "backgroundImage": {"enabled": False},
        "logo": {"enabled": False, "location": "START"},
        **modes(
            {"background": {"color": "fafafaff"}, "borderColor": "d5dbdbff"},
            {"background": {"color": "0f141aff"}, "borderColor": "424650ff"},
        ),
    }


def outlined_buttons(light: str, dark: str) -> dict[str, Any]:
    return modes(
        {
            "defaults": button("ffffffff", light),
            "hover": button("f2f8fdff", "033160ff"),
            "active": button("d3e7f9ff", "033160ff"),
        },
        {
            "defaults": button("0f1b2aff", dark),
            "hover": button("192534ff", "89bdeeff"),
            "active": button("354150ff", "89bdeeff"),
        },
    )


CATEGORIES: Final[dict[str, Any]] = {
    "auth": {
        "authMethodOrder": [
            [{"display": "BUTTON", "type": "FEDERATED"}, {"display": "INPUT", "type": "USERNAME_PASSWORD"}]
        ],
        "federation": {"interfaceStyle": "BUTTON_LIST", "order": []},
    },
    "form": {
        "displayGraphics": True,
        "instructions": {"enabled": False},
        "languageSelector": {"enabled": False},
        "location": {"horizontal": "CENTER", "vertical": "CENTER"},
        "sessionTimerDisplay": "NONE",
    },
    "global": {
        "colorSchemeMode": "LIGHT",
        "pageFooter": {"enabled": False},
        "pageHeader": {"enabled": False},
        "spacingDensity": "REGULAR",
    },
    "signUp": {"acceptanceElements": [{"enforcement": "NONE", "textKey": "en"}]},
}

COMPONENT_CLASSES: Final[dict[str, Any]] = {
    "buttons": {"borderRadius": 8.0},
    "divider": modes(border("ebebf0ff"), border("232b37ff")),
    "dropDown": {
        "borderRadius": 8.0,
        **modes(
            {
                "defaults": {"itemBackgroundColor": "ffffffff"},
                "hover": item("f4f4f4ff", "7d8998ff", "000716ff"),
                "match": {"itemBackgroundColor": "414d5cff", "itemTextColor": "0972d3ff"},
            },
            {
                "defaults": {"itemBackgroundColor": "192534ff"},
                "hover": item("081120ff", "5f6b7aff", "e9ebedff"),
                "match": {"itemBackgroundColor": "d1d5dbff", "itemTextColor": "89bdeeff"},
            },
        ),
    },
    "focusState": modes(border("0972d3ff"), border("539fe5ff")),
    "idpButtons": {"icons": {"enabled": True}},
    "input": {
        "borderRadius": 8.0,
        **modes(
            {"defaults": box("ffffffff", "7d8998ff"), "placeholderColor": "5f6b7aff"},
            {"defaults": box("0f1b2aff", "5f6b7aff"), "placeholderColor": "8d99a8ff"},
        ),
    },
    "inputDescription": modes(text("5f6b7aff"), text("8d99a8ff")),
    "inputLabel": modes(text("000716ff"), text("d1d5dbff")),
    "link": modes(
        {"defaults": text("0972d3ff"), "hover": text("033160ff")},
        {"defaults": text("539fe5ff"), "hover": text("89bdeeff")},
    ),
    "optionControls": modes(
        {
            "defaults": box("ffffffff", "7d8998ff"),
            "selected": {"backgroundColor": "0972d3ff", "foregroundColor": "ffffffff"},
        },
        {
            "defaults": box("0f1b2aff", "7d8998ff"),
            "selected": {"backgroundColor": "539fe5ff", "foregroundColor": "000716ff"},
        },
    ),
    "statusIndicator": modes(
        {
            "error": signal("fff7f7ff", "d91515ff"),
            "pending": {"indicatorColor": "AAAAAAAA"},
            "success": signal("f2fcf3ff", "037f0cff"),
            "warning": signal("fffce9ff", "8d6605ff"),
        },
        {
            "error": signal("1a0000ff", "eb6f6fff"),
            "pending": {"indicatorColor": "AAAAAAAA"},
            "success": signal("001a02ff", "29ad32ff"),
            "warning": signal("1d1906ff", "e0ca57ff"),
        },
    ),
}

COMPONENTS: Final[dict[str, Any]] = {
    "alert": {
        "borderRadius": 12.0,
        **modes({"error": box("fff7f7ff", "d91515ff")}, {"error": box("1a0000ff", "eb6f6fff")}),
    },
    "favicon": {"enabledTypes": ["ICO", "SVG"]},
    "form": {
        "backgroundImage": {"enabled": False},
        "borderRadius": 8.0,
        "logo": {"enabled": False, "formInclusion": "IN", "location": "CENTER", "position": "TOP"},
        **modes(box("ffffffff", "c6c6cdff"), box("0f1b2aff", "424650ff")),
    },
    "idpButton": {"custom": {}, "standard": outlined_buttons("424650ff", "c6c6cdff")},
    "pageBackground": {
        "image": {"enabled": True},
        **modes({"color": "ffffffff"}, {"color": "0f1b2aff"}),
    },
    "pageFooter": strip(),
    "pageHeader": strip(),
    "pageText": modes(
        {"bodyColor": "414d5cff", "descriptionColor": "414d5cff", "headingColor": "000716ff"},
        {"bodyColor": "b6bec9ff", "descriptionColor": "b6bec9ff", "headingColor": "d1d5dbff"},
    ),
    "phoneNumberSelector": {"displayType": "TEXT"},
    "primaryButton": modes(
        {
            "defaults": filled("0972d3ff", "ffffffff"),
            "hover": filled("033160ff", "ffffffff"),
            "active": filled("033160ff", "ffffffff"),
            "disabled": box("ffffffff", "ffffffff"),
        },
        {
            "defaults": filled("539fe5ff", "000716ff"),
            "hover": filled("89bdeeff", "000716ff"),
            "active": filled("539fe5ff", "000716ff"),
            "disabled": box("ffffffff", "ffffffff"),
        },
    ),
    "secondaryButton": outlined_buttons("0972d3ff", "539fe5ff"),
}

SETTINGS: Final[dict[str, Any]] = {
    "categories": CATEGORIES,
    "componentClasses": COMPONENT_CLASSES,
    "components": COMPONENTS,
}
