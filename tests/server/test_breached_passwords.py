"""A server with a file of breached passwords."""

import hashlib
from pathlib import Path

import pytest
from tests.calls import refusal
from tests.conftest import PoolFactory, running, settings_for
from tests.protection import compromised, enter, history, protected

from cenote.server.app import opened_store
from cenote.server.settings import SettingsError

LEAKED = "Correct-Horse-9"
USELESS = ("InvalidPassword", "Provided password cannot be used for security reasons.")  # recorded


def hashes(path: Path, *passwords: str) -> str:
    lines = sorted(hashlib.sha1(password.encode()).hexdigest().upper() for password in passwords)
    path.write_text("".join(f"{line}:3\n" for line in lines))
    return str(path)


def test_a_password_in_the_file_is_compromised_and_any_other_is_not(tmp_path: Path) -> None:
    file = hashes(tmp_path / "hashes", LEAKED, "x", "y")
    with running(settings_for(tmp_path / "data", breached_passwords=file)) as server:
        own, idp = PoolFactory(server), server.idp
        pool = protected(own)
        own.user(pool, "ada", LEAKED)  # what an administrator sets is the administrator's
        app = own.client(pool)["ClientId"]
        idp.set_risk_configuration(UserPoolId=pool, **compromised())
        assert refusal(idp.sign_up, ClientId=app, Username="eve", Password=LEAKED) == USELESS
        assert idp.sign_up(ClientId=app, Username="eve", Password="Another-Horse-1")["UserSub"]
        assert refusal(enter, idp, pool, app, password=LEAKED)[0] == "PasswordResetRequired"
        assert history(idp, pool)[0]["EventRisk"]["CompromisedCredentialsDetected"] is True


@pytest.mark.parametrize("content", [None, "no hash\n"])
async def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "hashes"
    if content is not None:
        path.write_text(content)
    settings = settings_for(tmp_path / "data", breached_passwords=str(path))
    with pytest.raises(SettingsError, match="breached_passwords"):
        async with opened_store(settings):
            pass
