"""Passkeys (WebAuthn): what a pool asks of them, what a browser is asked for, and whether its answer is right.

The bytes are parsed and the signatures checked by the package `webauthn`, which is imported at first use (it costs
a start 118 ms). What is bound to what is checked here: SECURITY.md case 46.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from cenote.domain import base64url, sealed_tokens, tags
from cenote.domain.errors import (
    InvalidParameter,
    WebAuthnChallengeNotFound,
    WebAuthnClientMismatch,
    WebAuthnConfigurationMissing,
    WebAuthnCredentialNotSupported,
    WebAuthnNotEnabled,
    WebAuthnOriginNotAllowed,
    WebAuthnRelyingPartyMismatch,
)
from cenote.domain.first_factors import allowed, passkey_counts_twice

Document: TypeAlias = Mapping[str, Any]

# Documented in "Passwordless sign-in with WebAuthn passkeys": how many a user may have, and ES256 and RS256.
LIMIT: Final = 20
ALGORITHMS: Final = (-7, -257)
# Shown at StartWebAuthnRegistration; how long we take an answer is assumed.
REGISTRATION_TIMEOUT: Final = 60_000
REGISTRATION_VALIDITY: Final = 5 * 60_000
CHALLENGE_SIZE: Final = 32

_PURPOSE: Final = "passkey registration"
# A name of several labels, the last of which is no number, so that no address passes for one.
_DOMAIN: Final = re.compile(
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|localhost", re.ASCII
)
# Browsers take this machine for safe without TLS, on whatever port an app is developed.
_LOCAL_ORIGIN: Final = re.compile(r"https?://localhost(:[0-9]{1,5})?", re.ASCII)
# Up to 1,023 bytes (WebAuthn 3, 5.1).
_CREDENTIAL_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,1364}", re.ASCII)
# A name for a list, by where the authenticator is. The first is shown at ListWebAuthnCredentials, the others assumed.
_NAMES: Final = {"cross-platform": "Roaming passkey", "platform": "Platform passkey"}


@dataclass(frozen=True, slots=True)
class Passkey:
    """A user's passkey. `credential_id` is URL-safe base64; `public_key` a COSE key; times epoch milliseconds."""

    credential_id: str
    sub: str
    public_key: bytes
    sign_count: int
    relying_party: str
    attachment: str
    transports: tuple[str, ...]
    created_at: int

    @property
    def name(self) -> str:
        return _NAMES.get(self.attachment, "Passkey")

    @property
    def descriptor(self) -> dict[str, Any]:
        """As a browser is told of it."""
        return {"type": "public-key", "id": self.credential_id, "transports": list(self.transports)}


class Registration(msgspec.Struct, frozen=True, array_like=True):
    """What a registration's challenge is bound to. It is the challenge itself, sealed: nothing is kept of it but that
    it was used.
    """

    use_id: str
    sub: str
    client_id: str
    relying_party: str
    expires_at: int


_decode = msgspec.msgpack.Decoder(Registration).decode


# What a pool says


def configured(given: Document) -> dict[str, Any]:
    """WebAuthnConfiguration as SetUserPoolMfaConfig stores it, with its default (documented).

    InvalidParameter for a relying party that no browser could take (the text is assumed).
    """
    given = {"UserVerification": "preferred", **given}
    name = given.get("RelyingPartyId")
    if name is not None and not _DOMAIN.fullmatch(name):
        raise InvalidParameter(f"The relying party id {name} is not a domain name.")
    return given


def check_policy(pool: Document) -> None:
    """InvalidParameter for passkeys that would get round a second factor (recorded in go-to-k/cdkd#2064)."""
    if (
        pool.get("MfaConfiguration") == "ON"
        and "WEB_AUTHN" in allowed(pool)
        and not passkey_counts_twice(pool)
    ):
        raise InvalidParameter(
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an"
            " allowed first auth factor"
        )


def relying_party(pool: Document) -> str | None:
    """The domain that passkeys are for, if the pool names one."""
    name: str | None = pool.get("WebAuthnConfiguration", {}).get("RelyingPartyId")
    return name


def require_relying_party(pool: Document) -> str:
    """The same, of a pool that signs in by passkey; AWS's errors otherwise (the first text is recorded)."""
    if "WEB_AUTHN" not in allowed(pool):
        raise WebAuthnNotEnabled("WebAuthn not enabled for this pool.")
    name = relying_party(pool)
    if name is None:
        raise WebAuthnConfigurationMissing("The user pool has no relying party id.")
    return name


def requires_verification(pool: Document) -> bool:
    """Whether authenticators have to see for themselves who uses them."""
    return bool(pool.get("WebAuthnConfiguration", {}).get("UserVerification") == "required")


def is_origin(pool: Document, name: str, origin: object) -> bool:
    """Whether a page of this origin may use the pool's passkeys: https://<relying party>, letter for letter.

    No subdomain and no port, unless the pool's tag `cenote:passkey-origins` lists that very origin. For localhost,
    pages under development on any port.
    """
    if not isinstance(origin, str):
        return False
    if name == "localhost" and _LOCAL_ORIGIN.fullmatch(origin):
        return True
    return origin == f"https://{name}" or origin in tags.passkey_origins(pool)


# What a browser is asked


def registration_challenge(key: bytes, nonce: bytes, registration: Registration) -> str:
    return sealed_tokens.seal(key, nonce, _PURPOSE, msgspec.msgpack.encode(registration))


def creation_options(
    pool: Document, name: str, *, challenge: str, sub: str, username: str, held: Iterable[Passkey]
) -> dict[str, Any]:
    """CredentialCreationOptions, as shown at StartWebAuthnRegistration; the user's handle is their sub."""
    return {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "required" if requires_verification(pool) else "preferred",
        },
        "challenge": challenge,
        "excludeCredentials": [passkey.descriptor for passkey in held],
        "pubKeyCredParams": [{"alg": algorithm, "type": "public-key"} for algorithm in ALGORITHMS],
        "rp": {"id": name, "name": name},
        "timeout": REGISTRATION_TIMEOUT,
        "user": {"displayName": username, "id": base64url.encode(sub.encode()), "name": username},
    }


def request_options(
    name: str, challenge: bytes, descriptors: Iterable[Document], *, verify: bool, timeout: int
) -> dict[str, Any]:
    """CREDENTIAL_REQUEST_OPTIONS before it becomes text, as shown at InitiateAuth."""
    return {
        "challenge": base64url.encode(challenge),
        "timeout": timeout,
        "rpId": name,
        "allowCredentials": list(descriptors),
        "userVerification": "required" if verify else "preferred",
    }


def decoy_descriptors(secret: bytes, name: str) -> list[dict[str, Any]]:
    """The passkey of a name that nobody has, the same at every try; ids have the lengths that are about."""
    digest = hmac.new(secret, b"passkey\0" + name.encode("utf-8", "surrogatepass"), "sha512").digest()
    size = (16, 20, 32, 32)[digest[63] % 4]
    transports = (["internal"], ["hybrid", "internal"], ["internal"], [])[digest[62] % 4]
    return [{"type": "public-key", "id": base64url.encode(digest[:size]), "transports": transports}]


# What came back


def registration_of(credential: object, key: bytes, *, sub: str, client_id: str, now: int) -> Registration:
    """What the challenge was bound to that a new credential answers; AWS's error for another's or none of ours."""
    text = _client_data(credential).get("challenge")
    sealed = sealed_tokens.open_(key, _PURPOSE, text) if isinstance(text, str) else None
    registration = None if sealed is None else _decode(sealed)
    if registration is None or registration.sub != sub or registration.expires_at <= now:
        raise WebAuthnChallengeNotFound("The challenge of this registration was not found or has expired.")
    if registration.client_id != client_id:
        raise WebAuthnClientMismatch("The registration was begun with another app client.")
    return registration


def registered(pool: Document, credential: Any, registration: Registration, *, now: int) -> Passkey:
    """The passkey that a browser made for us; AWS's errors for one that it made for somebody else, or not at all.

    Attestations are checked for being consistent, not for whose they are (documented: not enforced).
    """
    from webauthn import verify_registration_response  # noqa: PLC0415 - 118 ms that a start does not need
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415

    name, data = require_relying_party(pool), _client_data(credential)
    if registration.relying_party != name:
        raise WebAuthnRelyingPartyMismatch("The registration was begun for another relying party.")
    if data.get("crossOrigin") or not is_origin(pool, name, data.get("origin")):
        raise WebAuthnOriginNotAllowed(f"The origin of the credential is not allowed for {name}.")
    flags = _registered_for(credential, name)
    if requires_verification(pool) and not flags & 0x04:
        raise WebAuthnCredentialNotSupported("The user pool requires user verification.")
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=_bytes(data["challenge"]),
            expected_rp_id=name,
            expected_origin=data["origin"],
            require_user_verification=requires_verification(pool),
            supported_pub_key_algs=[COSEAlgorithmIdentifier(algorithm) for algorithm in ALGORITHMS],
        )
    except Exception as error:
        raise WebAuthnCredentialNotSupported("The credential cannot be used.") from error
    if base64url.encode(verified.credential_id) != credential["id"]:
        raise InvalidParameter("Credential names another id than was attested.")
    return Passkey(
        credential_id=base64url.encode(verified.credential_id),
        sub=registration.sub,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        relying_party=name,
        attachment=_attachment(credential),
        transports=_transports(credential["response"].get("transports")),
        created_at=now,
    )


def _registered_for(credential: Any, name: str) -> int:
    """The flags of an attestation for this relying party; AWS's error for another's."""
    from webauthn.helpers import parse_attestation_object  # noqa: PLC0415

    try:
        data = parse_attestation_object(_bytes(credential["response"]["attestationObject"])).auth_data
    except Exception as error:
        raise InvalidParameter("Credential is not a RegistrationResponseJSON.") from error
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(name.encode()).digest()):
        raise WebAuthnRelyingPartyMismatch("The credential is of another relying party.")
    return 0x04 if data.flags.uv else 0


def asserted_id(text: str) -> str:
    """The id of the credential that an answer to WEB_AUTHN says it is of; InvalidParameter for no such answer."""
    try:
        credential = json.loads(text)
    except (ValueError, RecursionError):
        credential = None
    found = credential.get("id") if isinstance(credential, dict) else None
    if not is_credential_id(found):
        raise InvalidParameter("CREDENTIAL is not an AuthenticationResponseJSON.")  # assumed
    return str(found)


def asserted_handle(text: str) -> str | None:
    """The sub in the user handle of an answer that `asserted_id` could read: whom the browser says it is of."""
    try:
        return _bytes(json.loads(text)["response"]["userHandle"]).decode()
    except (TypeError, KeyError, ValueError):
        return None


def is_credential_id(text: object) -> bool:
    """Whether this could be the id of a passkey: what is not is never looked up."""
    return isinstance(text, str) and _CREDENTIAL_ID.fullmatch(text) is not None


def new_sign_count(
    pool: Document, name: str, text: str, challenge: bytes, passkey: Passkey, *, verify: bool
) -> int | None:
    """The signature counter of an assertion that is right in everything; None for one that is not.

    The counter has to grow, unless the authenticator has none: then it stays zero.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415

    credential = json.loads(text)
    try:
        data = _client_data(credential)
        handle = credential["response"].get("userHandle")
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=name,
            expected_origin=data.get("origin", ""),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=verify,
        )
    except Exception:  # noqa: BLE001 - whatever a parser of a stranger's bytes raises
        return None
    right = (
        is_origin(pool, name, data.get("origin"))
        and not data.get("crossOrigin")
        and base64url.encode(verified.credential_id) == passkey.credential_id
        and passkey.relying_party == name
        and handle in (None, base64url.encode(passkey.sub.encode()))
    )
    return verified.new_sign_count if right else None


def stand_in(name: str) -> Passkey:
    """A passkey that nobody has: checking an answer against it costs what a real check costs (SECURITY.md case 38)."""
    return Passkey("", "", _NOBODYS_KEY, 0, name, "", (), 0)


# A COSE key on P-256 whose point is the curve's generator.
_NOBODYS_KEY: Final = bytes.fromhex(
    "a50102032620012158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def _client_data(credential: object) -> dict[str, Any]:
    """The parsed clientDataJSON; InvalidParameter for anything that no browser would send (the text is assumed)."""
    try:
        data = json.loads(_bytes(credential["response"]["clientDataJSON"]))  # type: ignore[index]
    except (TypeError, KeyError, IndexError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidParameter("Credential is not a RegistrationResponseJSON.")
    return data


def _attachment(credential: Document) -> str:
    given = credential.get("authenticatorAttachment")
    return given if isinstance(given, str) and given in _NAMES else ""


def _transports(given: object) -> tuple[str, ...]:
    """What a browser says of the ways to an authenticator: hints, kept if they are such words."""
    if not isinstance(given, list):
        return ()
    words = [word for word in given if isinstance(word, str) and re.fullmatch(r"[a-z-]{1,20}", word)]
    return tuple(dict.fromkeys(words))[:8]


def _bytes(text: object) -> bytes:
    """Decodes URL-safe base64 without padding; ValueError for anything else."""
    if not isinstance(text, str):
        raise TypeError("text of bytes is a string")
    return base64url.decode(text)
