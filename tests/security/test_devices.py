"""Devices on the database that lets transactions run side by side."""

import pytest
from tests.calls import at_once, outcome, sign_in
from tests.conftest import PoolFactory, running, settings_for
from tests.devices import TRACKED, verifier_config


def test_a_device_forgotten_and_confirmed_at_once_stays_forgotten(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Cenote's own: a token that a stolen device still has does not bring the device back."""
    settings = settings_for(tmp_path_factory.mktemp("devices"), database=postgres_url)
    with running(settings) as server:
        make, idp = PoolFactory(server), server.idp
        pool = make.pool(**TRACKED)
        app = str(make.client(pool)["ClientId"])
        make.user(pool, "ada")
        for _ in range(10):
            tokens = sign_in(idp, app, "ada")
            key = tokens["NewDeviceMetadata"]["DeviceKey"]
            request = {"AccessToken": tokens["AccessToken"], "DeviceKey": key}
            idp.confirm_device(**request, DeviceSecretVerifierConfig=verifier_config())
            named = {"UserPoolId": pool, "Username": "ada"}

            def race(number: int, request: dict[str, str] = request, named: dict[str, str] = named) -> None:
                if number == 3:
                    idp.admin_forget_device(**named, DeviceKey=request["DeviceKey"])
                else:
                    outcome(idp.confirm_device, **request, DeviceSecretVerifierConfig=verifier_config())

            at_once(race, 8)
            assert idp.admin_list_devices(**named)["Devices"] == []
