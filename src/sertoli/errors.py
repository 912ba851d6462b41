"""The one error tree of Sertoli.

Every message says what is wrong, with which file or field, and how to mend it.
The command line prints it as one line and leaves with the class's ``exit_code``.
"""


class SertoliError(Exception):
    """Root of the tree.

    Parameters
    ----------
    what : str
        What is wrong, naming the file, field or option concerned.
    remedy : str
        What the person can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


class UserError(SertoliError):
    """Something the person gave cannot be used; nothing was written."""

    exit_code = 2


class InputError(UserError):
    """A file or folder that cannot be read as what it should be."""


class SettingError(UserError):
    """An option or argument with a value that makes no sense."""


class OutputError(UserError):
    """A place that cannot be written, or that holds something already."""


class WeightsError(UserError):
    """A weights file that is missing or is not one of Sertoli's networks."""


class MissingExtraError(UserError):
    """A command needs an optional package that is not installed."""


class RecordError(UserError):
    """Something that the clinical record cannot hold; nothing was written.

    Parameters
    ----------
    field : str
        The field concerned, as ``entity.field``.
    what : str
        What is wrong with it.
    remedy : str
        What the person can do about it.
    """

    def __init__(self, field: str, what: str, remedy: str) -> None:
        self.field = field
        super().__init__(f"{field} {what}".strip(), remedy)


class ConflictError(RecordError):
    """Somebody else changed the same thing in the meantime."""


class RightsError(RecordError):
    """The member of staff may not do this."""
