"""Where functions run, as the operator's settings say it, and all of them ready to be called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import msgspec

from cenote.outbound.aws import Credentials
from cenote.outbound.functions import Function, Unknown
from cenote.outbound.functions.connections import Connections
from cenote.outbound.functions.http import HttpFunction, key_of
from cenote.outbound.functions.lambda_api import LambdaFunction

if TYPE_CHECKING:
    from cenote.outbound.functions.local.definitions import Definition
    from cenote.outbound.functions.local.hosting import HostedFunction
    from cenote.outbound.functions.local.wardens import Warden

DEFAULT_REGION: Final = "us-east-1"
# Documented: names of Lambda functions, and of their environment variables.
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch
_VARIABLE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*").fullmatch


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table `[functions.<name>]`: `url` and `secret`, `endpoint` and credentials of a Lambda API, or a `runtime`
    for a folder of this machine.
    """

    url: str = ""
    secret: str = ""
    endpoint: str = ""
    region: str = ""
    function: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    runtime: Literal["", "python", "nodejs", "provided"] = ""
    handler: str = ""
    path: str = ""
    environment: dict[str, str] = {}
    concurrency: int = 10
    timeout: float = 3
    memory: int = 128
    interpreter: str = ""
    command: list[str] = []


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
            check(name, target)
        except ValueError as error:
            raise ValueError(f"functions.{name}: {error}.") from None
    return targets


def check(name: str, target: Target) -> None:
    if [bool(target.url), bool(target.endpoint), bool(target.runtime)].count(True) != 1:
        raise ValueError(
            "give either a url, with a secret, or the endpoint of a Lambda API, or a runtime for a function of"
            " this machine"
        )
    if target.runtime:
        check_local(name, target)
    else:
        check_remote(target)


def check_remote(target: Target) -> None:
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


def check_local(name: str, target: Target) -> None:
    """Whether the words fit; whether all is there that they name is asked when the server starts."""
    if not _NAME(name):
        raise ValueError("a function of this machine is named with up to 64 letters, digits, - and _")
    if target.runtime == "provided" and not target.command:
        raise ValueError("runtime provided needs a command")
    if target.runtime != "provided" and not re.fullmatch(r"[^\s.-][^\s]*\.[^\s.]+", target.handler):
        raise ValueError("a handler is the name of a file and of a function in it, such as app.handler")
    if not 1 <= target.concurrency <= 1000:
        raise ValueError("concurrency must be between 1 and 1000")
    if not 1 <= target.timeout <= 900:
        raise ValueError("timeout must be between 1 and 900 seconds")
    for variable, value in target.environment.items():
        if not _VARIABLE(variable) or "\0" in value:
            raise ValueError("environment has names of letters, digits and _, and texts for them")


def name_of_local(text: str) -> str:
    """The name in what the Invoke API takes for one: a name, perhaps with a qualifier, or an ARN in full or in part."""
    parts = text.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return parts[0]


def name_of(arn: str) -> str:
    """The function's name in its ARN, without version or alias."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 and parts[5] == "function" else parts[-1]


@dataclass(frozen=True, slots=True)
class Place:
    """Where functions of this machine are said to be, and whether changes in their folders count at once."""

    region: str = DEFAULT_REGION
    account: str = "000000000000"
    reload: bool = False


def definition_of(name: str, target: Target, place: Place) -> Definition:
    """A function of this machine; its folder is `functions/<name>` below where the server was started."""
    from cenote.outbound.functions.local.definitions import Definition  # noqa: PLC0415 (few have such functions)

    return Definition(
        name=name,
        folder=Path(os.path.abspath(target.path or Path("functions", name))),  # noqa: PTH100 (keeps links)
        runtime=target.runtime,
        handler=target.handler,
        environment=target.environment,
        concurrency=target.concurrency,
        timeout=target.timeout,
        memory=target.memory,
        interpreter=target.interpreter,
        command=tuple(target.command),
        region=target.region or place.region,
        account=place.account,
    )


def hosted_functions(targets: Mapping[str, Target], *, thorough: bool = False) -> dict[str, str]:
    """Each function that is to run on this machine, and a sentence on what is missing for it, or nothing.

    `thorough` runs other interpreters than the server's own, to ask them for the runtime client.
    """
    found: dict[str, str] = {}
    for name, target in targets.items():
        if not target.runtime:
            continue
        from cenote.outbound.functions.local import definitions  # noqa: PLC0415 (few have such functions)

        found[name] = ""
        try:
            definitions.check(definition_of(name, target, Place()), thorough=thorough)
        except definitions.Unrunnable as missing:
            found[name] = str(missing)
    return found


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
        place: Place = Place(),
    ) -> None:
        self.time_limit = time_limit
        self.tries = tries
        self._guard = guard
        self._clock = clock
        self._place = place
        self._connections = Connections(guard=guard)
        self._warden: Warden | None = None
        self.hosted: dict[str, HostedFunction] = {}
        self._functions = {name: self._ready(name, target) for name, target in targets.items()}

    def _ready(self, name: str, target: Target) -> Function:
        if target.runtime:
            return self._hosted(name, target)
        if target.url:
            return HttpFunction(target.url, key_of(target.secret), self._connections, self._clock)
        credentials = Credentials(target.access_key_id, target.secret_access_key, target.session_token)
        return LambdaFunction(
            endpoint=target.endpoint.rstrip("/"),
            region=target.region or DEFAULT_REGION,
            name=target.function or name,
            credentials=credentials,
            connections=self._connections,
            clock=self._clock,
        )

    def _hosted(self, name: str, target: Target) -> HostedFunction:
        # Late: 15 ms of a start, and few settings have such functions.
        from cenote.outbound.functions.local.hosting import HostedFunction  # noqa: PLC0415
        from cenote.outbound.functions.local.wardens import Warden  # noqa: PLC0415

        if self._warden is None:
            self._warden = Warden()
        function = HostedFunction(
            definition_of(name, target, self._place),
            warden=self._warden,
            clock=self._clock,
            guard=self._guard,
            reload=self._place.reload,
        )
        self.hosted[name] = function
        return function

    def get(self, arn: str) -> Function:
        """The function that an ARN names: only its name counts. Unknown if the settings have no such name."""
        self._guard()
        function = self._functions.get(name_of(arn))
        if function is None:
            raise Unknown("the settings name no target for this function")
        return function

    async def close(self) -> None:
        """Ends the processes of functions that run here, and the connections to all others."""
        for function in self.hosted.values():
            await function.close()
        if self._warden is not None:
            self._warden.close()
        await self._connections.close()
