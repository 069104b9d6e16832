"""`cenote`: the command line."""

import argparse
import sys
from collections.abc import Sequence

from cenote import __version__
from cenote.cli import doctor, keys, migrate, serve
from cenote.server.settings import SettingsError
from cenote.store.engine import StoreError
from cenote.store.master_key import MasterKeyError

COMMANDS = (serve, migrate, keys, doctor)


def parser() -> argparse.ArgumentParser:
    """The commands, each with a flag for every setting."""
    top = argparse.ArgumentParser(
        prog="cenote",
        description="A self-hosted identity server that speaks Amazon Cognito's own wire protocol.",
        epilog="Users, pools and clients are administered with the AWS CLI: --endpoint-url http://localhost:9400",
    )
    top.add_argument("--version", action="version", version=f"cenote {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").partition("\n")[0].partition(": ")[2]
        command = commands.add_parser(name, help=summary, description=summary)
        module.arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    try:
        code = args.run(args)
    except (SettingsError, MasterKeyError, StoreError) as error:
        print(f"cenote: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
