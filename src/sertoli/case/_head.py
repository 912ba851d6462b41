"""The end of a clinic's chain, to keep outside of the record, signed if wanted.

Whoever can write to the database could cut off the end of the chain or compute all of it anew. A
head that lies elsewhere (with a notary, in a mail, on paper) finds both; a signature keeps the head
itself from being exchanged. Keys are Ed25519 in PEM, as ``openssl genpkey -algorithm ed25519`` and
``openssl pkey -pubout`` write them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from sertoli.case._audit import next_link
from sertoli.case._chain import canonical
from sertoli.case._record import Record
from sertoli.errors import InputError, RightsError

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Head:
    """The last entry of a clinic's chain; its hash stands for all before it."""

    clinic: str
    sequence: int
    hash: str

    def as_dict(self) -> dict[str, str | int]:
        """Return it as JSON knows it."""
        return asdict(self)


def head_of(record: Record) -> Head:
    """Return the present head of the record's clinic.

    Raises
    ------
    RightsError
        If the record was opened over all clinics.
    """
    if record.clinic is None or record.clinic_id is None:
        raise RightsError("the head", "is that of one clinic", "open the record of a clinic")
    with record.engine.connect() as connection:
        following, last = next_link(connection, record.clinic_id)
    return Head(record.clinic, following - 1, last)


def write_head(head: Head, file: Path, key: Path | None = None) -> None:
    """Write a head as JSON, signed if there is a private key.

    Raises
    ------
    InputError
        If the key is no Ed25519 key without a password.
    """
    said = {"schema_version": SCHEMA_VERSION, **head.as_dict()}
    signature = None
    if key is not None:
        private = _load(key, lambda data: load_pem_private_key(data, password=None))
        if not isinstance(private, Ed25519PrivateKey):
            raise InputError(f"{key} is no private Ed25519 key", "make one as docs/case.md says")
        signature = base64.b64encode(private.sign(canonical(said).encode())).decode()
    text = json.dumps({**said, "signature": signature}, indent=2) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def read_head(file: Path, public_key: Path | None = None) -> Head:
    """Read a head, and check its signature if there is a public key.

    Raises
    ------
    InputError
        If the file is no head, or the signature does not hold.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        signature = content.pop("signature")
        head = Head(str(content["clinic"]), int(content["sequence"]), str(content["hash"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} is no exported head", "name one of `case head`") from error
    if public_key is not None:
        public = _load(public_key, load_pem_public_key)
        if not isinstance(public, Ed25519PublicKey):
            raise InputError(f"{public_key} is no public Ed25519 key", "name the right file")
        try:
            public.verify(base64.b64decode(signature or ""), canonical(content).encode())
        except (InvalidSignature, ValueError) as error:
            raise InputError(
                f"the signature of {file} does not hold", "get the head from where it was kept"
            ) from error
    return head


def _load(file: Path, load: Callable[[bytes], object]) -> object:
    try:
        return load(file.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{file} is no key: {error}", "name a PEM file without password"
        ) from error
