"""What a User-Agent header says of who sent it, in a few words: the program and the operating system."""

import re
from typing import Final

UNKNOWN: Final = "unknown"

# The first that fits counts: browsers name those that they descend from as well.
_PROGRAMS: Final = (
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome/", "Chrome"),
    ("safari/", "Safari"),
    ("amplify", "Amplify"),
    ("aws-cli", "AWS CLI"),
    ("boto3", "boto3"),
    ("aws-sdk", "AWS SDK"),
)
_SYSTEMS: Final = (
    ("iphone", "iOS"),
    ("ipad", "iPadOS"),
    ("ios", "iOS"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("macos", "macOS"),
    ("darwin", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
)
_PRODUCT: Final = re.compile(r"[A-Za-z][\w .-]{0,62}(?=/)", re.ASCII)


def described(user_agent: str) -> str:
    """`Chrome on macOS`, `MyApp on iOS`, `boto3`; `unknown` where nothing is recognised.

    Versions are left out, so that an update is no other device.
    """
    text = user_agent.lower()
    program = next((name for mark, name in _PROGRAMS if mark in text), "")
    if not program and (product := _PRODUCT.match(user_agent)) and product[0] != "Mozilla":
        program = product[0]
    system = next((name for mark, name in _SYSTEMS if re.search(rf"\b{mark}", text)), "")
    return " on ".join(part for part in (program, system) if part) or UNKNOWN
