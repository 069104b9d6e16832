"""What a User-Agent header says, in a few words."""

import pytest

from cenote.domain.user_agents import described

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Linux; Android 16) {WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) {WEBKIT} Safari/604.1", "Safari on iOS"),
        (
            f"Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X) {WEBKIT} CriOS/140.0 Safari/604.1",
            "Chrome on iPadOS",
        ),
        ("Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.8 lang/python#3.11", "boto3 on Linux"),
        ("aws-cli/2.31.0 md/awscrt#0.27 os/macos#25 lang/python#3.13", "AWS CLI on macOS"),
        ("aws-sdk-js/3.900 os/win32 lang/js", "AWS SDK"),
        ("Shop/3.1", "Shop"),
        ("Mozilla/5.0", "unknown"),
        ("curiosity killed the cat", "unknown"),
        ("", "unknown"),
        ("\x00\xff" * 4000, "unknown"),
    ],
)
def test_a_user_agent_is_a_program_on_a_system(user_agent: str, expected: str) -> None:
    assert described(user_agent) == expected


def test_an_update_is_no_other_device() -> None:
    old, new = (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/{n} Safari/537.36" for n in (140, 141))
    assert described(old) == described(new)
