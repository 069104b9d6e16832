r"""The model's patterns are Java's: here they become Python's, matching the whole string in linear time.

Java's `\w`, `\d` and `\s` are ASCII, its `.` stops at more line ends than Python's, and `\p{L}` and its kin do
not exist in `re`. Spelling those classes out as ranges would tie the server to one version of Unicode and cost
milliseconds a pattern; instead each non-ASCII character of the subject is first replaced by one that stands for
its general category, and the classes name only those.
"""

import re
import unicodedata
from collections.abc import Callable

_LINE_ENDS = "\x85\u2028\u2029"
_STAND_INS = {"L": 0xAA, "M": 0x300, "N": 0xB2, "P": 0xA1, "S": 0xA2, "Z": 0xA0, "C": 0x80}
_CLASSES = {
    "L": "A-Za-z\u00aa",
    "M": "\u0300",
    "N": "0-9\u00b2",
    "P": r"!-#%-*,-/:;?@\[-\]_{}" + "\u00a1",
    "S": r"$+<=>\^`|~" + "\u00a2",
    "Z": " \u00a0\u2028\u2029",
    "C": "\\x00-\\x1f\\x7f\x80\x85",
}

_PROPERTY = re.compile(r"\\p\{(\w+)\}")

_VISIBLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]"
_MESSAGE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]"

# Patterns that say "all of these characters, and this somewhere among them" try every "somewhere" again when the
# last character is a wrong one: quadratic. Each is rewritten to look once over the characters and then once for
# the mark, by lookahead and atomic groups; tests hold the two forms to the same verdicts.
_LINEAR = {
    rf"{_MESSAGE}*\{{####\}}{_MESSAGE}*": rf"(?={_MESSAGE}*+\Z){_MESSAGE}*\{{####\}}{_MESSAGE}*",
    rf"{_MESSAGE}*\{{##{_MESSAGE}*##\}}{_MESSAGE}*": (
        rf"(?={_MESSAGE}*+\Z)(?>{_MESSAGE}*?\{{##)(?>{_MESSAGE}*##\}}){_MESSAGE}*"
    ),
    r".*\{####\}.*": r"(?=.*+\Z).*\{####\}.*",
    rf"{_VISIBLE}+@{_VISIBLE}+": rf"(?={_VISIBLE}++\Z){_VISIBLE}+@{_VISIBLE}+",
}


def _by_category(text: str) -> str:
    """Each non-ASCII character replaced by the stand-in of its general category, line ends kept."""
    return text.translate(
        {
            ord(char): _STAND_INS[unicodedata.category(char)[0]]
            for char in set(text)
            if char > "\x7f" and char not in _LINE_ENDS
        }
    )


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test of whole strings against a Java pattern. ValueError on syntax that is not translated."""
    match = re.compile(_translate(_LINEAR.get(pattern, pattern)), re.ASCII).fullmatch

    def matches(text: str) -> bool:
        return match(text if text.isascii() else _by_category(text)) is not None

    return matches


def _translate(pattern: str) -> str:
    if not pattern.isascii():
        raise ValueError(f"a pattern with non-ASCII characters: {pattern!r}")
    dot_is_all = pattern.startswith("(?s)")
    out: list[str] = []
    in_class = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            token, position = _escape(pattern, position, in_class=in_class)
            out.append(token)
            continue
        if in_class and (char == "[" or pattern.startswith("&&", position)):
            raise ValueError(f"a class within a class: {pattern!r}")
        if char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        dot = char == "." and not in_class and not dot_is_all
        out.append("[^\\n\\r" + _LINE_ENDS + "]" if dot else char)
        position += 1
    return "".join(out)


def _escape(pattern: str, position: int, *, in_class: bool) -> tuple[str, int]:
    """The Python text of the escape at `position`, and where it ends."""
    named = _PROPERTY.match(pattern, position)
    if named:
        if named[1] not in _CLASSES:
            raise ValueError(f"no translation of {named[0]} in {pattern!r}")
        characters = _CLASSES[named[1]]
        return (characters if in_class else f"[{characters}]"), named.end()
    if pattern[position + 1 : position + 2] in {"p", "P", "h", "H", "R", "X", "Q", "E"}:
        raise ValueError(f"no translation of {pattern[position : position + 2]} in {pattern!r}")
    return pattern[position : position + 2], position + 2
