"""Terms of use and privacy policy: where the sign-up page of a client links to, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cenote.domain import clients

Document: TypeAlias = Mapping[str, Any]

MEMBERS: Final = ("TermsSource", "Enforcement", "Links")
DEFAULT_LANGUAGE: Final = "cognito:default"


@dataclass(frozen=True, slots=True)
class Terms:
    """`name` is terms-of-use or privacy-policy; `document` has AWS's TermsSource, Enforcement and Links."""

    pool_id: str
    terms_id: str
    client_id: str
    name: str
    document: Document
    created_at: int
    updated_at: int

    def link(self, language: str) -> str | None:
        """The address for a language as the model calls it (`cognito:german`), or the one for all others."""
        links = self.document["Links"]
        address = links.get(language) or links.get(DEFAULT_LANGUAGE)
        return None if address is None else str(address)


def created(request: Document) -> dict[str, Any]:
    return checked({"Links": {}, **{name: request[name] for name in MEMBERS if name in request}})


def updated(document: Document, request: Document) -> dict[str, Any]:
    """What the request leaves out stays (assumed: none of its members is required)."""
    return checked({**document, **{name: request[name] for name in MEMBERS if name in request}})


def checked(document: dict[str, Any]) -> dict[str, Any]:
    """A link on a page may lead nowhere that a client's own URLs may not (SECURITY.md case 4)."""
    for url in document["Links"].values():
        clients.check_url(url)
    return document
