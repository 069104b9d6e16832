"""keys: access keys for administrators, and rotation of the master and signing keys."""

import argparse
import asyncio
import base64
import os
import sys
import time

from cenote.cli.arguments import add_settings, settings_of
from cenote.flows.signing import Signing
from cenote.server.app import opened_store
from cenote.server.settings import Settings, SettingsError, make_data
from cenote.store import rewrapping


def arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(metavar="ACTION", required=True, dest="action")
    create = actions.add_parser("create", help="make an access key for the AWS CLI and SDKs")
    list_ = actions.add_parser("list", help="list access keys")
    delete = actions.add_parser("delete", help="delete an access key")
    delete.add_argument("access_key_id", metavar="ACCESS_KEY_ID")
    rotate = actions.add_parser(
        "rotate", help="put everything under a new master key; servers may keep running"
    )
    prune = actions.add_parser("prune", help="forget older master keys, a minute or more after a rotation")
    signing = actions.add_parser("rotate-signing", help="give a user pool new token signing keys")
    signing.add_argument("pool_id", metavar="POOL_ID")
    for action in (create, list_, delete, rotate, prune, signing):
        add_settings(action)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    make_data(settings)
    actions = {
        "create": create,
        "list": list_,
        "delete": delete,
        "rotate": rotate,
        "prune": prune,
        "rotate-signing": rotate_signing,
    }
    return asyncio.run(actions[args.action](settings, args))


async def create(settings: Settings, _args: argparse.Namespace) -> int:
    """Prints the key as the AWS CLI reads it. The secret is shown this once."""
    access_key_id = "AKIA" + base64.b32encode(os.urandom(10)).decode()
    secret = base64.b64encode(os.urandom(30)).decode()
    async with opened_store(settings) as (store, _), store.transaction():
        await store.access_keys.add(access_key_id, secret, now=now())
    print("The secret is shown only now. For the AWS CLI and SDKs:", file=sys.stderr)
    print(f"export AWS_ACCESS_KEY_ID={access_key_id}")
    print(f"export AWS_SECRET_ACCESS_KEY={secret}")
    return 0


async def list_(settings: Settings, _args: argparse.Namespace) -> int:
    async with opened_store(settings) as (store, _):
        keys = await store.access_keys.list_()
    for key in keys:
        made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(key.created_at / 1000))
        print(f"{key.access_key_id}  made {made}")
    if not keys:
        print("There is no access key yet: cenote keys create", file=sys.stderr)
    return 0


async def delete(settings: Settings, args: argparse.Namespace) -> int:
    async with opened_store(settings) as (store, _), store.transaction():
        removed = await store.access_keys.remove(args.access_key_id)
    if not removed:
        print(f"cenote: there is no access key {args.access_key_id}.", file=sys.stderr)
        return 1
    return 0


async def rotate(settings: Settings, _args: argparse.Namespace) -> int:
    """Makes a new master key and wraps every data key with it. Keys that an operator provides are only wrapped."""
    async with opened_store(settings) as (store, keys):
        if not settings.master_key and not settings.master_key_file:
            keys.rotate(now=now())
        count = await rewrapping.rewrap(store.engine, keys)
    print(f"Put {count} data keys under the newest master key. Forget older ones with: cenote keys prune")
    return 0


async def prune(settings: Settings, _args: argparse.Namespace) -> int:
    async with opened_store(settings) as (store, keys):
        try:
            count = await rewrapping.prune(store.engine, keys, now=now())
        except rewrapping.StillWrapped as error:
            raise SettingsError(str(error)) from None
    print(f"Forgot {count} older master keys.")
    return 0


async def rotate_signing(settings: Settings, args: argparse.Namespace) -> int:
    async with opened_store(settings) as (store, _):
        if await store.pools.find(args.pool_id) is None:
            print(f"cenote: there is no user pool {args.pool_id}.", file=sys.stderr)
            return 1
        await Signing(store).rotate(args.pool_id, now=now())
    print("New tokens are signed with new keys; the old keys stay published for two days.")
    return 0


def now() -> int:
    return time.time_ns() // 1_000_000
