"""Where functions run, as the operator's settings say it, and all of them ready to be called."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cenote.outbound.aws import Credentials
from cenote.outbound.functions import Function, Unknown
from cenote.outbound.functions.connections import Connections
from cenote.outbound.functions.http import HttpFunction, key_of
from cenote.outbound.functions.lambda_api import LambdaFunction

DEFAULT_REGION: Final = "us-east-1"


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table `[functions.<name>]`: `url` and `secret`, or `endpoint` and credentials of a Lambda API."""

    url: str = ""
    secret: str = ""
    endpoint: str = ""
    region: str = DEFAULT_REGION
    function: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""


_decode = msgspec.json.Decoder(dict[str, Target]).decode


def parsed(text: str) -> dict[str, Target]:
    """Targets by function name, from JSON; ValueError with a sentence that quotes no secret."""
    try:
        targets = _decode(text) if text else {}
    except msgspec.ValidationError as error:
        raise ValueError(f"functions: {error}.") from None
    except msgspec.DecodeError:
        raise ValueError(
            "functions must be JSON, or tables [functions.<name>] in the settings file."
        ) from None
    for name, target in targets.items():
        try:
            check(target)
        except ValueError as error:
            raise ValueError(f"functions.{name}: {error}.") from None
    return targets


def check(target: Target) -> None:
    if bool(target.url) == bool(target.endpoint):
        raise ValueError("give either a url, with a secret, or the endpoint of a Lambda API")
    address = target.url or target.endpoint
    try:
        parts = urlsplit(address)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not address.isascii() or parts.username is not None or parts.fragment:
        raise ValueError("the address must look like https://host/path, without a user name")
    if target.url:
        key_of(target.secret)
    elif parts.query:
        raise ValueError("an endpoint has no query")
    elif not target.access_key_id or not target.secret_access_key:
        raise ValueError("an endpoint needs access_key_id and secret_access_key")


def name_of(arn: str) -> str:
    """The function's name in its ARN, without version or alias."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 and parts[5] == "function" else parts[-1]


class Functions:
    """All functions that the settings know.

    `time_limit` is in seconds and holds for each of `tries`, as at AWS; both are kept by who calls.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        *,
        time_limit: float,
        tries: int,
        clock: Callable[[], int],
        guard: Callable[[], None],
    ) -> None:
        self.time_limit = time_limit
        self.tries = tries
        self._guard = guard
        self._connections = Connections(guard=guard)
        self._functions = {name: self._ready(name, target, clock) for name, target in targets.items()}

    def _ready(self, name: str, target: Target, clock: Callable[[], int]) -> Function:
        if target.url:
            return HttpFunction(target.url, key_of(target.secret), self._connections, clock)
        credentials = Credentials(target.access_key_id, target.secret_access_key, target.session_token)
        return LambdaFunction(
            endpoint=target.endpoint.rstrip("/"),
            region=target.region,
            name=target.function or name,
            credentials=credentials,
            connections=self._connections,
            clock=clock,
        )

    def get(self, arn: str) -> Function:
        """The function that an ARN names: only its name counts. Unknown if the settings have no such name."""
        self._guard()
        function = self._functions.get(name_of(arn))
        if function is None:
            raise Unknown("the settings name no target for this function")
        return function

    async def close(self) -> None:
        await self._connections.close()
