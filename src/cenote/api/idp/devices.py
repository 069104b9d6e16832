"""A user's devices: confirmed, listed, remembered or not, forgotten. Twins stand one below the other.

Users see the devices that are remembered, administrators all that are tracked (recorded: AWSMobileClientTest of
aws-sdk-android).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import devices as rules
from cenote.domain.devices import NOT_REMEMBERED, REMEMBERED, Device
from cenote.domain.errors import InvalidParameter, ResourceNotFound, UserNotFound
from cenote.flows import accounts
from cenote.flows.attempt import required
from cenote.store.devices import NO_SUCH_DEVICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes

PAGE = 60
# How far apart two nodes' clocks may be, in ms.
SKEW = 5 * 60_000


@operation
async def confirm_device(ctx: Context, req: shapes.ConfirmDeviceRequest) -> shapes.ConfirmDeviceResponse:
    """Makes the device whose key came with this sign-in one of the user's.

    No other key will do, nor this one once the device was forgotten: whoever still has a token of a device that is
    gone must not bring it back.
    """
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    pool, user, now = access.pool, access.user, ctx.clock()
    secret = rules.secret_from_wire(req.get("DeviceSecretVerifierConfig", {}))  # type: ignore[arg-type]
    asks = rules.asks_user(pool.document)
    device = Device(
        pool_id=pool.pool_id,
        sub=user.sub,
        device_key=req["DeviceKey"],
        name=req.get("DeviceName"),
        status=NOT_REMEMBERED if asks else REMEMBERED,
        address=ctx.request.address,
        created_at=now,
        updated_at=now,
        authenticated_at=access.session.auth_time,
    )
    async with ctx.store.transaction():
        await _lock(ctx, user)
        found = await ctx.store.sessions.find(pool.pool_id, access.session.session_id)
        session = found[0] if found else None
        given_out = (
            session is not None
            and session.device_key == device.device_key
            and session.expires_at > ctx.clock()
        )
        if not given_out or not rules.tracks(pool.document):
            raise InvalidParameter("Invalid device key given.")  # recorded
        await ctx.store.devices.add(pool, device, secret)
    return {"UserConfirmationNecessary": asks}


@operation
async def admin_get_device(ctx: Context, req: shapes.AdminGetDeviceRequest) -> shapes.AdminGetDeviceResponse:
    user = await _owner(ctx, req["UserPoolId"], req["Username"])
    device = await ctx.store.devices.get(user.pool_id, user.sub, req["DeviceKey"])
    return {"Device": render.device(ctx.deployment, user, device)}


@operation
async def get_device(ctx: Context, req: shapes.GetDeviceRequest) -> shapes.GetDeviceResponse:
    access = await accounts.by_access_token(ctx, _token(req))
    device = await ctx.store.devices.get(access.pool.pool_id, access.user.sub, req["DeviceKey"])
    if not device.remembered:
        raise ResourceNotFound(NO_SUCH_DEVICE)
    return {"Device": render.device(ctx.deployment, access.user, device)}


@operation
async def admin_list_devices(
    ctx: Context, req: shapes.AdminListDevicesRequest
) -> shapes.AdminListDevicesResponse:
    user = await _owner(ctx, req["UserPoolId"], req["Username"])
    return await _list(ctx, user, req, only_remembered=False)


@operation
async def list_devices(ctx: Context, req: shapes.ListDevicesRequest) -> shapes.ListDevicesResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    return await _list(ctx, access.user, req, only_remembered=True)


@operation
async def admin_forget_device(ctx: Context, req: shapes.AdminForgetDeviceRequest) -> None:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    await _forget(ctx, await accounts.get(ctx, pool, req["Username"]), req["DeviceKey"])


@operation
async def forget_device(ctx: Context, req: shapes.ForgetDeviceRequest) -> None:
    access = await accounts.by_access_token(ctx, _token(req))
    await _forget(ctx, access.user, req["DeviceKey"])


@operation
async def admin_update_device_status(
    ctx: Context, req: shapes.AdminUpdateDeviceStatusRequest
) -> shapes.AdminUpdateDeviceStatusResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    await _set_status(ctx, await accounts.get(ctx, pool, req["Username"]), req)
    return {}


@operation
async def update_device_status(
    ctx: Context, req: shapes.UpdateDeviceStatusRequest
) -> shapes.UpdateDeviceStatusResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    await _set_status(ctx, access.user, req)
    return {}


async def _owner(ctx: Context, pool_id: str, username: str) -> User:
    """The user, for the two operations whose model knows no UserNotFoundException."""
    pool = await ctx.store.pools.get(pool_id)
    try:
        return await accounts.get(ctx, pool, username)
    except UserNotFound as error:
        raise ResourceNotFound(error.message) from None


async def _list(ctx: Context, user: User, req: Any, *, only_remembered: bool) -> Any:
    limit, scope = req.get("Limit", PAGE) or PAGE, (user.pool_id, user.sub)
    after = paging.begin(ctx, req.get("PaginationToken"), *scope)
    devices: Sequence[Device] = await ctx.store.devices.list_(
        *scope, only_remembered=only_remembered, after=after, limit=limit + 1
    )
    devices, token = paging.cut(ctx, devices, limit, lambda device: device.device_key, *scope)
    answer: dict[str, Any] = {"Devices": [render.device(ctx.deployment, user, device) for device in devices]}
    return answer if token is None else {**answer, "PaginationToken": token}


async def _forget(ctx: Context, user: User, device_key: str) -> None:
    """Removes the device. Its refresh tokens are good no more; access tokens live out their time (documented in AWS's
    "Tracking and remembering devices"), unlike those of a sign-out.
    """
    async with ctx.store.transaction():
        await _lock(ctx, user)
        await ctx.store.devices.remove(user.pool_id, user.sub, device_key)
        ended_at = ctx.clock() - SKEW
        await ctx.store.sessions.end_refreshing(user.pool_id, user.sub, device_key, now=ended_at)


async def _set_status(ctx: Context, user: User, req: Any) -> None:
    """The model lets the status be left out; there is nothing to do then (assumed: refused)."""
    status = required(req, "DeviceRememberedStatus")
    async with ctx.store.transaction():
        await _lock(ctx, user)
        await ctx.store.devices.set_status(user.pool_id, user.sub, req["DeviceKey"], status, now=ctx.clock())


async def _lock(ctx: Context, user: User) -> None:
    """Lets the user's sign-ins and changes to their devices wait for each other, whatever the database.

    So nobody signs in with, or confirms, a device that is being forgotten. UserNotFound if the user is gone.
    """
    await ctx.store.users.get(user.pool_id, user.sub)


def _token(req: Any) -> str:
    """The model lets the access token be left out of two requests that make no sense without it."""
    return required(req, "AccessToken")
