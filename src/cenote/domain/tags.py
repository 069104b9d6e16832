"""Tags of a user pool: AWS's rules, and the few tags that Cenote itself reads.

A tag is how a request says what AWS has no parameter for: `cenote:id`, the id that a new pool is to have,
`cenote:password-hash`, how its passwords are kept, `cenote:passkey-origins`, pages beside the relying party's own
that may use its passkeys, `cenote:oauth`, which holds its clients to the stricter of what OAuth allows, and
`cenote:client:<client id>`, what one client turns on beyond Cognito.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cenote.domain import identifiers
from cenote.domain.errors import InvalidParameter

LIMIT: Final = 50
LONGEST_KEY: Final = 128
LONGEST_VALUE: Final = 256
RESERVED: Final = "aws:"
OURS: Final = "cenote:"
POOL_ID: Final = identifiers.WANTED_ID_TAG
PASSWORD_HASH: Final = "cenote:password-hash"
SRP: Final = "srp"
ARGON2ID: Final = "argon2id"
PASSKEY_ORIGINS: Final = "cenote:passkey-origins"
OAUTH: Final = "cenote:oauth"
STRICT: Final = "strict"
CLIENT: Final = "cenote:client:"
# What a client may turn on (decision 20): the extension it may use, and with `-required` nothing without it.
PAR: Final = "par"
PAR_REQUIRED: Final = "par-required"
DPOP: Final = "dpop"
DPOP_REQUIRED: Final = "dpop-required"
DEVICE: Final = "device"
ES256: Final = "es256"
CLIENT_OPTIONS: Final = frozenset({PAR, PAR_REQUIRED, DPOP, DPOP_REQUIRED, DEVICE, ES256})
_CLIENT_TAG: Final = re.compile(CLIENT + r"[\w+]+", re.ASCII)
IMPLIED: Final[Mapping[str, str]] = {PAR_REQUIRED: PAR, DPOP_REQUIRED: DPOP}


def checked(tags: Mapping[str, str]) -> dict[str, str]:
    """A pool's whole set of tags, or InvalidParameter. Limits as documented, texts assumed."""
    if len(tags) > LIMIT:
        raise InvalidParameter(f"A user pool can have at most {LIMIT} tags.")
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise InvalidParameter(
                f"Tag keys have 1 to {LONGEST_KEY} characters and values at most {LONGEST_VALUE}: {key}"
            )
        if key.lower().startswith(RESERVED):
            raise InvalidParameter(f"Tag keys that start with {RESERVED} are reserved: {key}")
        if _CLIENT_TAG.fullmatch(key):
            check_client_options(key, value)
        elif key.lower().startswith(OURS) and key not in (POOL_ID, PASSWORD_HASH, PASSKEY_ORIGINS, OAUTH):
            raise InvalidParameter(f"Cenote knows no tag {key}.")
    if tags.get(PASSWORD_HASH, SRP) not in (SRP, ARGON2ID):
        raise InvalidParameter(f"The tag {PASSWORD_HASH} is {SRP} or {ARGON2ID}.")
    if tags.get(OAUTH, STRICT) != STRICT:
        raise InvalidParameter(f"The tag {OAUTH} is {STRICT}, or left out.")
    return dict(tags)


def check_client_options(key: str, value: str) -> None:
    unknown = sorted(set(value.split()) - CLIENT_OPTIONS)
    if unknown or not value.split():
        known = ", ".join(sorted(CLIENT_OPTIONS))
        raise InvalidParameter(f"The tag {key} has words of these, separated by spaces: {known}.")


def added(tags: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The tags after TagResource."""
    return checked({**tags, **more})


def removed(tags: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """The tags after UntagResource; a key that is not there is no error."""
    gone = set(keys)
    return {key: value for key, value in tags.items() if key not in gone}


def wanted_id(tags: Mapping[str, str], region: str) -> str | None:
    """The pool id that the tags of a new pool ask for; InvalidParameter if it could not be one."""
    wanted = tags.get(POOL_ID)
    return None if wanted is None else identifiers.wanted_user_pool_id(wanted, region)


def require_same_id(tags: Mapping[str, str], pool_id: str) -> None:
    """An id is asked for when a pool is made; no tag changes it afterwards."""
    if tags.get(POOL_ID, pool_id) != pool_id:
        raise InvalidParameter(f"The tag {POOL_ID} cannot change the id of a user pool.")


def password_hash(pool: Mapping[str, Any]) -> str:
    """How a pool's passwords are kept: `srp` or `argon2id`."""
    tags: Mapping[str, str] = pool.get("UserPoolTags") or {}
    return tags.get(PASSWORD_HASH, SRP)


def passkey_origins(pool: Mapping[str, Any]) -> tuple[str, ...]:
    """The origins, separated by spaces, that a pool's passkeys may be used from beside their relying party's own."""
    tags: Mapping[str, str] = pool.get("UserPoolTags") or {}
    return tuple(tags.get(PASSKEY_ORIGINS, "").split())


def is_strict(pool: Mapping[str, Any]) -> bool:
    """Whether the pool asks for the safer behaviour where Cognito's own is laxer (decision 19)."""
    tags: Mapping[str, str] = pool.get("UserPoolTags") or {}
    return tags.get(OAUTH) == STRICT


def client_options(pool: Mapping[str, Any], client_id: str) -> frozenset[str]:
    """What a client of the pool turned on beyond Cognito; what is required is turned on as well."""
    tags: Mapping[str, str] = pool.get("UserPoolTags") or {}
    named = tags.get(CLIENT + client_id)
    if named is None:
        return frozenset()
    words = frozenset(named.split())
    return words | {IMPLIED[word] for word in words if word in IMPLIED}


def extended_clients(pool: Mapping[str, Any]) -> list[str]:
    """The ids that tags turn something on for; a client of that id there may be, or may have been."""
    tags: Mapping[str, str] = pool.get("UserPoolTags") or {}
    return [key.removeprefix(CLIENT) for key in tags if _CLIENT_TAG.fullmatch(key)]
