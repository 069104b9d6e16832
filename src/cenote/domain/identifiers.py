"""Ids and other names that this server makes up, in the shapes of AWS's (COGNITO.md 'Identifiers').

Every function takes its randomness as bytes: at least `random_size` of what it draws, or exactly 16 for a
UUID.
"""

import math
import re
import string
from typing import Final

from cenote.domain.errors import InvalidParameter

# Tests of other people's software want to know the ids beforehand: a tag of this name asks for one.
WANTED_ID_TAG: Final = "cenote:id"

_POOL_ID_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CLIENT_ALPHABET: Final = string.digits + string.ascii_lowercase
# Narrower than the model's [\w-]+_[0-9a-zA-Z]+: clients take what stands between the first and the second `_`
# for the pool's name, so there is only one.
_POOL_ID: Final = re.compile(r"[0-9A-Za-z-]+_[0-9A-Za-z]+")
_IDENTITY_POOL_ID: Final = re.compile(
    r"[\w-]+:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)
_MAX_ID_LENGTH: Final = 55
# With this many bits more than are drawn, no outcome is likelier than another by more than 2^-64.
_SPARE_BITS: Final = 64


def random_size(choices: int, length: int) -> int:
    """How many random bytes `draw` needs for so many picks out of so many choices."""
    return math.ceil((length * math.log2(choices) + _SPARE_BITS) / 8)


def draw(random: bytes, alphabet: str, length: int) -> str:
    """Pick `length` characters, each as likely as any other."""
    if len(random) < random_size(len(alphabet), length):
        raise ValueError(f"{len(random)} random bytes are too few for {length} of {len(alphabet)} characters")
    number = int.from_bytes(random, "big")
    picked = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        picked.append(alphabet[index])
    return "".join(picked)


def new_user_pool_id(region: str, random: bytes) -> str:
    """`eu-west-1_Ab3dEf9hI`, from 16 random bytes."""
    return f"{region}_{draw(random, _POOL_ID_ALPHABET, 9)}"


def new_client_id(random: bytes) -> str:
    """26 of [a-z0-9], from 32 random bytes."""
    return draw(random, _CLIENT_ALPHABET, 26)


def new_client_secret(random: bytes) -> str:
    """51 of [a-z0-9], which hold 263 bits, from 64 random bytes."""
    return draw(random, _CLIENT_ALPHABET, 51)


def new_uuid(random: bytes) -> str:
    """A version 4 UUID, from 16 random bytes: a `sub`, a `jti`, an event's id."""
    return _uuid(random.hex(), "4")


def new_ordered_uuid(now: int, random: bytes) -> str:
    """A version 7 UUID (RFC 9562), from epoch ms and 16 random bytes: ids whose rows are written side by side.

    It tells when it was made, so it is none for a user: a made-up one would have to tell a believable time.
    """
    return _uuid(f"{now:012x}{random[6:].hex()}", "7")


def _uuid(digits: str, version: str) -> str:
    """The UUID of 32 hexadecimal digits, with its version and variant set. Each request needs a few (RFC 9562 4)."""
    if len(digits) != 32:
        raise ValueError("a UUID is made of 16 bytes")
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def new_identity_id(region: str, random: bytes) -> str:
    """`eu-west-1:` and a UUID, from 16 random bytes: an identity, or an identity pool."""
    return f"{region}:{new_uuid(random)}"


def new_code(random: bytes) -> str:
    """Six digits, from 16 random bytes."""
    return draw(random, string.digits, 6)


def wanted_user_pool_id(wanted: str, region: str) -> str:
    """Check a pool id that somebody chose: of the model's form and of the region it is made in.

    InvalidParameter otherwise; clients read the region out of the id.
    """
    if len(wanted) > _MAX_ID_LENGTH or not _POOL_ID.fullmatch(wanted) or region_of(wanted) != region:
        raise InvalidParameter(f"{WANTED_ID_TAG} must be {region}_ followed by letters and digits.")
    return wanted


def wanted_identity_pool_id(wanted: str, region: str) -> str:
    """Check an identity pool id that somebody chose, as `wanted_user_pool_id` does a pool's."""
    if (
        len(wanted) > _MAX_ID_LENGTH
        or not _IDENTITY_POOL_ID.fullmatch(wanted)
        or wanted.partition(":")[0] != region
    ):
        raise InvalidParameter(f"{WANTED_ID_TAG} must be {region}: followed by a UUID in lower case.")
    return wanted


def region_of(pool_id: str) -> str:
    """The region in a pool id: what stands before the `_`."""
    return pool_id.partition("_")[0]


def pool_name(pool_id: str) -> str:
    """The name that SRP hashes for a pool id: what stands behind the `_`."""
    return pool_id.partition("_")[2]


def user_pool_arn(account_id: str, pool_id: str) -> str:
    region = region_of(pool_id)
    return f"arn:{partition(region)}:cognito-idp:{region}:{account_id}:userpool/{pool_id}"


def identity_pool_arn(account_id: str, pool_id: str) -> str:
    region = pool_id.partition(":")[0]
    return f"arn:{partition(region)}:cognito-identity:{region}:{account_id}:identitypool/{pool_id}"


def partition(region: str) -> str:
    """The AWS partition that a region is of."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
