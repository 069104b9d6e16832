"""The AWS CLI, as an administrator types it: `aws cognito-idp … --endpoint-url`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.clients.drivers import PATIENCE, App, Person, or_fail
from tests.conftest import PoolFactory


@dataclass(frozen=True)
class Cli:
    """The program `aws` with nothing of this machine's own settings."""

    executable: str
    url: str
    region: str
    home: Path

    def environment(self, *, signed: bool) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        credentials = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"} if signed else {}
        return {
            **kept,
            **credentials,
            "HOME": str(self.home),
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "*",
        }

    def run(self, operation: str, *options: str, signed: bool = True) -> Any:
        """What the CLI prints, read as JSON; nothing where it prints nothing."""
        done = self.tried(operation, *options, signed=signed)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def tried(self, operation: str, *options: str, signed: bool = True) -> "subprocess.CompletedProcess[str]":
        unsigned = () if signed else ("--no-sign-request",)
        command = [self.executable, "cognito-idp", operation, "--endpoint-url", self.url, *unsigned, *options]
        return subprocess.run(
            [*command, "--output", "json"],
            env=self.environment(signed=signed),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture(scope="module")
def aws(app: App, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    found = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")
    if found is None:
        or_fail("The AWS CLI is not installed: no command of it is tried.")
    return Cli(str(found), app.url, app.region, tmp_path_factory.mktemp("home"))


def test_a_user_comes_to_tokens_by_the_cli_alone(aws: Cli, person: Person) -> None:
    pool = aws.run("create-user-pool", "--pool-name", "by-cli", "--user-pool-tags", "cost=low")["UserPool"]
    assert pool["UserPoolTags"] == {"cost": "low"}
    client = aws.run(
        "create-user-pool-client", "--user-pool-id", pool["Id"], "--client-name", "by-cli",
        "--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
    )["UserPoolClient"]  # fmt: skip
    signed_up = aws.run(
        "sign-up", "--client-id", client["ClientId"], "--username", person.username,
        "--password", person.password, "--user-attributes", f"Name=email,Value={person.email}",
        signed=False,
    )  # fmt: skip
    assert signed_up["UserConfirmed"] is False

    sign_in = (
        "initiate-auth", "--client-id", client["ClientId"], "--auth-flow", "USER_PASSWORD_AUTH",
        "--auth-parameters", f"USERNAME={person.username},PASSWORD={person.password}",
    )  # fmt: skip
    refused = aws.tried(*sign_in, signed=False)
    assert refused.returncode != 0
    assert (
        "An error occurred (UserNotConfirmedException) when calling the InitiateAuth operation:"
        " User is not confirmed." in refused.stderr
    )
    confirm = ("--user-pool-id", pool["Id"], "--username", person.username)
    assert aws.run("admin-confirm-sign-up", *confirm) in (None, {})
    tokens = aws.run(*sign_in, signed=False)["AuthenticationResult"]
    user = aws.run("get-user", "--access-token", tokens["AccessToken"], signed=False)
    assert user["Username"] == person.username


@pytest.fixture(scope="module")
def populated(make: PoolFactory) -> str:
    pool_id = make.pool()
    for number in range(5):
        make.user(pool_id, f"user-{number}", given_name="Ada" if number else "Grace")
    return pool_id


def test_the_cli_lists_users_by_a_filter(aws: Cli, populated: str) -> None:
    found = aws.run("list-users", "--user-pool-id", populated, "--filter", 'given_name = "Grace"')
    assert [user["Username"] for user in found["Users"]] == ["user-0"]


def test_the_cli_pages_by_itself_and_takes_a_list_up_where_it_left_it(aws: Cli, populated: str) -> None:
    all_of = aws.run("list-users", "--user-pool-id", populated, "--page-size", "2")
    assert len(all_of["Users"]) == 5
    first = aws.run("list-users", "--user-pool-id", populated, "--page-size", "2", "--max-items", "3")
    rest = aws.run("list-users", "--user-pool-id", populated, "--starting-token", first["NextToken"])
    assert [*first["Users"], *rest["Users"]] == all_of["Users"]


def test_the_cli_shows_the_error_of_a_filter_that_is_none(aws: Cli, populated: str) -> None:
    refused = aws.tried("list-users", "--user-pool-id", populated, "--filter", "given_name")
    assert refused.returncode != 0
    assert "(InvalidParameterException) when calling the ListUsers operation" in refused.stderr
