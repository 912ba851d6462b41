"""The command line: one module a command, each thin."""

from sertoli.cli._main import main

__all__ = ["main"]
