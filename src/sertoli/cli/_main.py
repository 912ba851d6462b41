"""``sertoli``: finds the command, loads only what it needs, turns errors into exit codes."""

from __future__ import annotations

import errno
import importlib
import keyword
import sys
import traceback
from collections.abc import Sequence

import click

from sertoli.errors import SertoliError

COMMANDS = {
    "demo": "Run a simulated case without a person, from the dish to the report.",
    "search": "Find every sperm in recordings and pictures.",
    "review": "Confirm or reject what a search found, and learn what may still hide.",
    "field": "Outline, measure and rank the tubules of an opened testis.",
    "train": "Teach the detector on your own labelled frames.",
    "evaluate": "Compare findings with labelled truth.",
    "enhance": "Make a clearer, larger, steadier picture or video.",
    "phantom": "Make simulated recordings with ground truth.",
    "weights": "List the detector's weights, their hashes and what they allow.",
    "case": "Keep the clinical record, from the work-up to the child.",
    "import": "Take a clinic's tables, or an exported record, into the record.",
    "export": "Write the clinic's record as FHIR, REDCap or Parquet files.",
    "outcomes": "Count a programme's outcomes, with intervals and reports.",
}
"""Command name -> one line of help. The command ``NAME`` is ``sertoli.cli.NAME.command``, with an
underscore after a name that is a word of Python's."""

DISCLAIMER = "Research software, not a medical device."

EXIT_FAILURE_OF_OURS = 1
EXIT_USER_ERROR = 2
EXIT_STOPPED = 130

_FULL_OR_FORBIDDEN = {errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
"""What a disk says that is full or must not be written: nothing that Sertoli could mend."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the loop."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command and return it."""
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = importlib.import_module(f"sertoli.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog=DISCLAIMER)
@click.version_option(package_name="sertoli")
def sertoli() -> None:
    """Sertoli: the open workstation for Micro-TESE."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with the exit code of the contract.

    0 done, 2 the user's mistake (one line says what and how to mend it), 1 a failure of
    ours, 130 stopped by the user with what was found kept.
    """
    try:
        code = sertoli.main(arguments, prog_name="sertoli", standalone_mode=False)
    except SertoliError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(EXIT_USER_ERROR)
    except click.ClickException as error:
        _say(error.format_message())
        sys.exit(EXIT_USER_ERROR)
    except (click.Abort, KeyboardInterrupt):
        _say("stopped")
        sys.exit(EXIT_STOPPED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL_OR_FORBIDDEN:
            place = f" to {error.filename}" if error.filename else ""
            _say(f"cannot write{place}: {error.strerror}; make room, or choose another --out")
            sys.exit(EXIT_USER_ERROR)
        traceback.print_exc()
        _say("this is a failure of Sertoli's, please report it with the lines above")
        sys.exit(EXIT_FAILURE_OF_OURS)
    # With standalone_mode off, a command's return value or ctx.exit code comes back here.
    sys.exit(code if isinstance(code, int) else 0)


def _say(message: str) -> None:
    line = " ".join(message.split())
    click.echo(f"sertoli: {line}", err=True)
