"""The `Filter` of ListUsers: one attribute, `=` or `^=`, one quoted value (documented at ListUsers)."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cenote.domain.errors import InvalidParameter

Operator: TypeAlias = Literal["=", "^="]

SEARCHABLE: Final = frozenset(
    {
        "username",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "cognito:user_status",
        "status",
        "sub",
    }
)
# Documented: "username (case-sensitive)", "status … (case-sensitive)"; the others are compared without case.
_CASE_SENSITIVE: Final = frozenset({"username", "status"})

# No part can match where its neighbour does, so matching takes one look at each letter.
_FORM: Final = re.compile(r'\s*([\w:.-]+)\s*(\^?=)\s*"((?:[^"\\]|\\["\\])*)"\s*', re.ASCII)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on users: the attribute has the value (`=`) or begins with it (`^=`)."""

    attribute: str
    operator: Operator
    value: str

    @property
    def case_sensitive(self) -> bool:
        return self.attribute in _CASE_SENSITIVE


def parse_filter(text: str) -> Filter | None:
    """Read a `Filter`; None for an empty one, which matches every user.

    Within the quotes, a backslash precedes a quotation mark or a backslash, and nothing else. InvalidParameter
    with AWS's texts for what cannot be read (recorded) or searched (as other implementations give it).
    """
    if not text.strip():
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise InvalidParameter("Error while parsing filter.")
    attribute, operator, value = found.groups()
    if attribute not in SEARCHABLE:
        raise InvalidParameter(f"Invalid search attribute: {attribute}")
    return Filter(attribute, "=" if operator == "=" else "^=", _ESCAPED.sub(r"\1", value))
