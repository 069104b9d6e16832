"""A Cenote whose pools may call functions, each named as its trigger, on a function server of this process."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.functions import FunctionServer, arn, function_server

KINDS = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "PreTokenGeneration",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "CustomMessage",
)


@pytest.fixture(scope="session")
def all_functions() -> Iterator[FunctionServer]:
    with function_server() as server:
        yield server


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, all_functions: FunctionServer
) -> Iterator[RunningServer]:
    """A function has a second to answer, twice."""
    settings = settings_for(
        tmp_path_factory.mktemp("data"),
        functions=all_functions.targets(*KINDS),
        function_timeout=1,
        function_tries=2,
        log_level="error",
    )
    with running(settings) as one:
        yield one


@pytest.fixture
def functions(all_functions: FunctionServer) -> FunctionServer:
    """The functions, which answer what they are told until a test says otherwise."""
    all_functions.reset()
    return all_functions


@pytest.fixture(scope="session")
def idp(server: RunningServer) -> Any:
    return server.idp


@pytest.fixture(scope="session")
def make(server: RunningServer) -> PoolFactory:
    return PoolFactory(server)


def triggers(*kinds: str) -> dict[str, Any]:
    """The LambdaConfig of a pool with these triggers."""
    return {"LambdaConfig": {kind: arn(kind) for kind in kinds}}
