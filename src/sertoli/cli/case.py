"""``sertoli case``: the clinical record from the command line."""

from __future__ import annotations

import importlib

import click

from sertoli.cli._main import DISCLAIMER

COMMANDS = {
    "init": ("_case_keep", "Make a record, or a further clinic in it."),
    "new": ("_case_rows", "Enter a row of any entity."),
    "show": ("_case_rows", "Show a man's whole case, or one row."),
    "edit": ("_case_rows", "Change fields of a row."),
    "list": ("_case_rows", "List the rows of an entity."),
    "void": ("_case_rows", "Declare a row void, with a reason."),
    "fields": ("_case_rows", "Name the entities, or the fields of one."),
    "workup": ("_case_clinic", "Work up a man: every step with its rule and what is missing."),
    "retrieval-model": ("_case_clinic", "Fit the clinic's own model of finding sperm."),
    "follow-up": ("_case_clinic", "Set a man's testosterone against his own baseline."),
    "add-specimen": ("_case_bench", "Enter a specimen of a procedure."),
    "add-search": ("_case_bench", "Take what `sertoli search` wrote into the record."),
    "move": ("_case_bench", "Put a straw somewhere, or take it out; with a witness."),
    "log": ("_case_keep", "Show who changed what, when and why."),
    "verify": ("_case_keep", "Find whatever was altered past the program."),
    "head": ("_case_keep", "Export the end of the audit's chain, to keep elsewhere."),
    "backup": ("_case_keep", "Copy the record while it is in use."),
    "restore": ("_case_keep", "Make a record of a copy, verified."),
    "upgrade": ("_case_keep", "Bring a record to this version's schema."),
    "erase": ("_case_keep", "Erase a man's content lawfully."),
}
"""Command -> module and line of help; its function is the name with underscores."""


class CaseGroup(click.Group):
    """Finds a command's module only when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command and return it."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"sertoli.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_") + "_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.group(cls=CaseGroup, epilog=DISCLAIMER)
def command() -> None:
    """Keep the clinical record: the man, the operation, the straws, the cycles, the child."""
