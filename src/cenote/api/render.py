"""Records as AWS's shapes, each in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cenote.domain import identifiers
from cenote.domain.deployment import Deployment
from cenote.domain.devices import Device
from cenote.domain.groups import Group
from cenote.domain.users import User

if TYPE_CHECKING:
    from cenote.shapes import cognito_idp as shapes


def seconds(moment: int) -> float:
    """Epoch milliseconds as the wire's timestamp."""
    return moment / 1000


def group(record: Group) -> shapes.GroupType:
    shape: shapes.GroupType = {
        "GroupName": record.name,
        "UserPoolId": record.pool_id,
        "LastModifiedDate": seconds(record.updated_at),
        "CreationDate": seconds(record.created_at),
    }
    if record.description is not None:
        shape["Description"] = record.description
    if record.role_arn is not None:
        shape["RoleArn"] = record.role_arn
    if record.precedence is not None:
        shape["Precedence"] = record.precedence
    return shape


def attributes(values: Mapping[str, str]) -> list[shapes.AttributeType]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def device(deployment: Deployment, owner: User, record: Device) -> shapes.DeviceType:
    """A device as AWS's examples have it (documented at GetDevice and AdminListDevices)."""
    region = identifiers.region_of(record.pool_id)
    service = f"arn:{identifiers.partition(region)}:cognito-idp:{region}:{deployment.account_id}"
    named = f"{owner.username}.{record.pool_id}"
    values = {
        "device_status": "valid",
        "device_name": record.name,
        "dev:device_arn": f"{service}:owner/{named}/device/{record.device_key}",
        "dev:device_owner": named,
        "last_ip_used": record.address,
        "dev:device_remembered_status": record.status,
        "dev:device_sdk": "aws-sdk-unknown-unknown",
    }
    return {
        "DeviceKey": record.device_key,
        "DeviceAttributes": attributes({name: value for name, value in values.items() if value}),
        "DeviceCreateDate": seconds(record.created_at),
        "DeviceLastModifiedDate": seconds(record.updated_at),
        "DeviceLastAuthenticatedDate": seconds(record.authenticated_at),
    }


def user(record: User, *, shown: Mapping[str, str] | None = None) -> shapes.UserType:
    """A user in a list; `shown` are the attributes that the caller asked for, all by default."""
    return {
        "Username": record.username,
        "Attributes": attributes(record.all_attributes if shown is None else shown),
        "UserCreateDate": seconds(record.created_at),
        "UserLastModifiedDate": seconds(record.updated_at),
        "Enabled": record.enabled,
        "UserStatus": record.status,
    }
