"""Columns that say who a person is: they have no place in a pseudonymous record."""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    (
        *("surname", "forename", "firstname", "lastname", "fullname", "vorname", "nachname"),
        *("geburtsname", "nombre", "apellido", "apellidos", "nom", "prenom", "cognome", "naam"),
        *("email", "mail", "telephone", "phone", "telefon", "telefono", "fax", "handy"),
        *("address", "street", "adresse", "strasse", "direccion", "postcode", "zip", "zipcode"),
        *("plz", "city", "town", "wohnort", "ssn", "passport", "dni", "nif", "nie", "iban"),
        *("insurance", "versicherungsnummer", "photo", "signature", "initials"),
    )
)
_BIRTH = frozenset(
    (
        *("birthdate", "birthday", "dob", "dateofbirth"),
        *("geburtsdatum", "geburtstag", "fechadenacimiento"),
    )
)
_PHRASES = (
    "first name",
    "full name",
    "patient name",
    "partner name",
    "last name",
    "date of birth",
    "birth date",
    "e mail",
    "medical record number",
    "social security",
    "national id",
    "fecha de nacimiento",
    "date de naissance",
    "data di nascita",
)
_BIRTH_PHRASES = {
    "date of birth",
    "birth date",
    "fecha de nacimiento",
    "date de naissance",
    "data di nascita",
}


def plain(header: str) -> str:
    """Return a header in small letters without accents, words parted by single spaces."""
    letters = unicodedata.normalize("NFKD", header)
    ascii_only = "".join(sign for sign in letters if not unicodedata.combining(sign))
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", ascii_only)
    return " ".join(re.findall(r"[^\W_]+", spaced.lower()))


def is_day_of_birth(header: str) -> bool:
    """Tell whether a column holds days of birth."""
    words = plain(header)
    return any(phrase in words for phrase in _BIRTH_PHRASES) or bool(set(words.split()) & _BIRTH)


def is_identifier(header: str) -> bool:
    """Tell whether a column says, by its header, who a person is."""
    words = plain(header)
    return (
        words in {"name", "names"}
        or bool(set(words.split()) & _WORDS)
        or any(phrase in f" {words} " for phrase in _PHRASES)
        or is_day_of_birth(header)
    )
