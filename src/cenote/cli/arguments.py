"""The flags of the settings, for every command that needs them."""

import argparse
import os

from cenote.server.settings import FIELDS, Settings, load


def add_settings(command: argparse.ArgumentParser) -> None:
    """A flag for each setting; what is not given comes from the environment, the file or the default."""
    command.add_argument("--config", metavar="FILE", help="A TOML file with settings; also CENOTE_CONFIG.")
    for field in FIELDS:
        if not field.flag:
            continue
        text = f"{field.meaning} [{field.variable}]".replace("%", "%%")
        if isinstance(field.default, bool):
            command.add_argument(field.flag, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            command.add_argument(field.flag, metavar=field.name.upper(), help=text)


def settings_of(args: argparse.Namespace) -> Settings:
    flags = {field.name: getattr(args, field.name) for field in FIELDS if field.flag}
    return load(flags, os.environ, args.config)
