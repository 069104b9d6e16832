"""One app with a client that has no secret and one that has, shared by the tests of all real clients."""

import dataclasses

import pytest
from tests.clients.drivers import App, Node, Outbox, Person, public_url
from tests.conftest import PoolFactory, RunningServer


@pytest.fixture(scope="session")
def app(server: RunningServer, make: PoolFactory) -> App:
    """The app with a client that has no secret, as browsers and phones use one."""
    pool_id = make.pool(AutoVerifiedAttributes=["email"])
    return App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])


@pytest.fixture(scope="session")
def confidential(app: App, make: PoolFactory) -> App:
    """The same pool's client with a secret, as servers use one."""
    return with_secret(app, make)


@pytest.fixture(scope="session")
def by_email(server: RunningServer, make: PoolFactory) -> App:
    """An app whose users sign in with their e-mail address; their user name is their `sub`."""
    pool_id = make.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    return App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])


@pytest.fixture(scope="session")
def confidential_by_email(by_email: App, make: PoolFactory) -> App:
    return with_secret(by_email, make)


def with_secret(app: App, make: PoolFactory) -> App:
    client = make.client(app.pool_id, GenerateSecret=True)
    return dataclasses.replace(app, client_id=client["ClientId"], client_secret=client["ClientSecret"])


@pytest.fixture
def person() -> Person:
    """Somebody nobody knows yet."""
    return Person()


@pytest.fixture
def member(app: App, make: PoolFactory, person: Person) -> Person:
    """Somebody who has signed up to the app, with a verified e-mail address."""
    make.user(app.pool_id, person.username, person.password, email=person.email, email_verified="true")
    return person


@pytest.fixture
def invited(app: App, make: PoolFactory, person: Person) -> Person:
    """Somebody whom an administrator invited; their password is the temporary one."""
    make.server.idp.admin_create_user(
        UserPoolId=app.pool_id,
        Username=person.username,
        TemporaryPassword=person.password,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": person.email}],
    )
    return person


@pytest.fixture(scope="session")
def outbox(app: App) -> Outbox:
    return Outbox(app.url)


@pytest.fixture(scope="session")
def node() -> Node:
    return Node.found()
