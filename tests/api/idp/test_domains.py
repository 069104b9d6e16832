"""Domains: prefixes and names of a pool's own."""

import secrets
from typing import Any

import pytest
from tests.conftest import PoolFactory

CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1f2e3d4c"}


@pytest.fixture
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture
def name() -> str:
    return f"shop-{secrets.token_hex(4)}"


def test_a_prefix_is_shown_with_every_default(idp: Any, pool: str, name: str) -> None:
    assert idp.create_user_pool_domain(UserPoolId=pool, Domain=name)["ManagedLoginVersion"] == 1
    shown = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert (shown["UserPoolId"], shown["Domain"], shown["Status"]) == (pool, name, "ACTIVE")
    assert {"S3Bucket", "CloudFrontDistribution", "Version", "AWSAccountId"} <= set(shown)
    assert shown["ManagedLoginVersion"] == 1
    assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Domain"] == name


def test_a_pool_may_have_a_prefix_and_a_name_of_its_own(idp: Any, pool: str, name: str) -> None:
    own = f"{name}.example.com"
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    made = idp.create_user_pool_domain(UserPoolId=pool, Domain=own, CustomDomainConfig=CERTIFICATE)
    assert made["CloudFrontDomain"]
    shown = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert (shown["Domain"], shown["CustomDomain"]) == (name, own)
    for again in ({"Domain": f"{name}-2"}, {"Domain": f"2.{own}", "CustomDomainConfig": CERTIFICATE}):
        with pytest.raises(idp.exceptions.InvalidParameterException, match="already has"):
            idp.create_user_pool_domain(UserPoolId=pool, **again)


def test_a_domain_is_one_pools_only(idp: Any, make: PoolFactory, pool: str, name: str) -> None:
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    with pytest.raises(idp.exceptions.InvalidParameterException, match="already associated"):
        idp.create_user_pool_domain(UserPoolId=make.pool(), Domain=name)


@pytest.mark.parametrize(
    "wrong", ["Shop", "-shop", "shop-", "my.shop", "aws-shop", "my-amazon", "cognito1", "sh op"]
)
def test_what_is_no_prefix_is_refused(idp: Any, pool: str, wrong: str) -> None:
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.create_user_pool_domain(UserPoolId=pool, Domain=wrong)


@pytest.mark.parametrize(
    "wrong", ["shop", "https://a.example.com", "a..example.com", "A.example.com", "a.example.com/"]
)
def test_what_is_no_name_of_its_own_is_refused(idp: Any, pool: str, wrong: str) -> None:
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.create_user_pool_domain(UserPoolId=pool, Domain=wrong, CustomDomainConfig=CERTIFICATE)


def test_the_pages_version_can_be_changed(idp: Any, pool: str, name: str) -> None:
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    idp.update_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=2)
    assert idp.describe_user_pool_domain(Domain=name)["DomainDescription"]["ManagedLoginVersion"] == 2
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.update_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=3)
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.update_user_pool_domain(UserPoolId=pool, Domain=name, CustomDomainConfig=CERTIFICATE)


def test_a_domain_that_does_not_exist_is_described_as_empty(idp: Any, name: str) -> None:
    assert idp.describe_user_pool_domain(Domain=name)["DomainDescription"] == {}


def test_nobody_changes_or_deletes_another_pools_domain(
    idp: Any, make: PoolFactory, pool: str, name: str
) -> None:
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    other = make.pool()
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.delete_user_pool_domain(UserPoolId=other, Domain=name)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.update_user_pool_domain(UserPoolId=other, Domain=name, ManagedLoginVersion=2)


def test_a_pool_with_a_domain_is_deleted_after_it(idp: Any, pool: str, name: str) -> None:
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    with pytest.raises(idp.exceptions.InvalidParameterException, match="It has a domain configured"):
        idp.delete_user_pool(UserPoolId=pool)
    idp.delete_user_pool_domain(UserPoolId=pool, Domain=name)
    idp.delete_user_pool(UserPoolId=pool)
    assert idp.describe_user_pool_domain(Domain=name)["DomainDescription"] == {}


ROUTING = {"Failover": {"SecondaryRegion": "eu-west-1", "PrimaryRoute53HealthCheckId": "1f2e3d4c"}}


def test_failover_to_another_region_is_refused_for_a_prefix_and_for_a_name_of_its_own(
    idp: Any, pool: str, name: str
) -> None:
    own = {"Domain": f"{name}.example.com", "CustomDomainConfig": CERTIFICATE}
    for domain, reason in (({"Domain": name}, "custom domains only"), (own, "no replica in another region")):
        with pytest.raises(idp.exceptions.InvalidParameterException, match=reason):
            idp.create_user_pool_domain(UserPoolId=pool, Routing=ROUTING, **domain)
        assert idp.create_user_pool_domain(UserPoolId=pool, **domain)["ManagedLoginVersion"] == 1
        with pytest.raises(idp.exceptions.InvalidParameterException, match=reason):
            idp.update_user_pool_domain(UserPoolId=pool, Routing=ROUTING, **domain)
        assert "Routing" not in idp.describe_user_pool_domain(Domain=domain["Domain"])["DomainDescription"]


def test_managed_login_is_no_part_of_the_lite_tier(idp: Any, make: PoolFactory, name: str) -> None:
    pool = make.pool(UserPoolTier="LITE")
    with pytest.raises(idp.exceptions.FeatureUnavailableInTierException, match="Managed login"):
        idp.create_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=2)
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    with pytest.raises(idp.exceptions.FeatureUnavailableInTierException, match="Managed login"):
        idp.update_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=2)
    idp.update_user_pool(UserPoolId=pool, UserPoolTier="ESSENTIALS")
    idp.update_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=2)
    with pytest.raises(idp.exceptions.FeatureUnavailableInTierException, match="Managed login"):
        idp.update_user_pool(UserPoolId=pool, UserPoolTier="LITE")
    idp.update_user_pool_domain(UserPoolId=pool, Domain=name, ManagedLoginVersion=1)
    idp.update_user_pool(UserPoolId=pool, UserPoolTier="LITE")
