"""The directories whose exports are recognised by their header, and what each writes.

Column names were read in published exports and the vendors' documentation in 2026-11. Attributes
have Microsoft Graph's names; a column that Graph has no name for keeps its own.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

Conversion: TypeAlias = Callable[[str], str]
"""Returns the value that a cell stands for, or raises ValueError saying what it should be."""

_SECRET: Final = re.compile(r"passw(or|o)[dt]|kennwort|pwd", re.IGNORECASE)
_BRACKETED: Final = re.compile(r"\s*\[[^\]]*\]$")
_HEX: Final = re.compile(r"X'((?:[0-9A-Fa-f]{2})*)'")
_DISABLED_BIT: Final = 2
_PERSON_CLASSES: Final = frozenset({"user", "inetorgperson"})
_COLLECTION: Final = "Microsoft.ActiveDirectory.Management."

_ENTRA_LINE: Final = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,"
    "accountEnabled,usageLocation,streetAddress,state,country,officeLocation,city,postalCode,"
    "telephoneNumber,mobilePhone,alternateEmailAddress,ageGroup,consentProvidedForMinor,"
    "legalAgeGroupClassification,companyName,creationType,directorySynced,invitationState,"
    "identityIssuer,createdDateTime"
)
_OLDER_ENTRA_LINE: Final = (
    "userPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,"
    "accountEnabled,usageLocation,streetAddress,state,country,physicalDeliveryOfficeName,city,"
    "postalCode,telephoneNumber,mobile,authenticationPhoneNumber,"
    "authenticationAlternativePhoneNumber,authenticationEmail,alternateEmailAddress,ageGroup,"
    "consentProvidedForMinor,legalAgeGroupClassification"
)
_GOOGLE_LINE: Final = (
    "First Name,Last Name,Email Address,Password,Password Hash Function,Org Unit Path,"
    "New Primary Email,Status,Last Sign In,Recovery Email,Home Secondary Email,"
    "Work Secondary Email,Recovery Phone,Work Phone,Home Phone,Mobile Phone,Work Address,"
    "Home Address,Employee ID,Employee Type,Employee Title,Manager Email,Department,Cost Center,"
    "2sv Enrolled,2sv Enforced,Building ID,Floor Name,Floor Section,Email Usage,Drive Usage,"
    "Total Storage,Change Password at Next Sign-In,New Status"
)
_POWERSHELL_LINE: Final = (
    "DistinguishedName,Enabled,GivenName,Name,ObjectClass,ObjectGUID,SamAccountName,SID,Surname,"
    "UserPrincipalName,DisplayName,EmailAddress,mail,Department,Title,Company,Office,OfficePhone,"
    "MobilePhone,StreetAddress,City,State,PostalCode,Country,EmployeeID,Manager"
)
_CSVDE_LINE: Final = (
    "DN,objectClass,objectGUID,userAccountControl,userPrincipalName,sAMAccountName,cn,sn,"
    "givenName,displayName,mail,department,title,company,physicalDeliveryOfficeName,"
    "telephoneNumber,mobile,streetAddress,l,st,postalCode,co,c,employeeID,manager,objectSid"
)


def _as_written(column: str) -> str:
    return column


def _no_rule(attributes: dict[str, str]) -> None:
    del attributes


@dataclass(frozen=True, slots=True)
class Header:
    """How the export of one directory is recognised and what Microsoft Graph calls its columns.

    `columns` are all that the directory is known to write. A file is recognised when it has
    `id_column` and every one of `required`, in any order. `spelling` brings columns that are the
    same to one form. `sources` lists, for an attribute, the columns that tell it, best first; the
    others then repeat it and are not read. `not_read` and secrets never are.

    `anchor` is a column that takes the place of the id where every row has a value.
    `clean` is applied to each cell, `conversions` to one attribute's, and `complete` to a person,
    which adds the attributes `completed`. `reads_others`: columns not told of keep their names.
    `is_person` tells people from what else the directory writes.
    """

    name: str
    columns: tuple[str, ...]
    id_column: str
    required: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_read: frozenset[str] = frozenset()
    spelling: Callable[[str], str] = _as_written
    anchor: str = ""
    clean: Conversion = str.strip
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    complete: Callable[[dict[str, str]], None] = _no_rule
    completed: frozenset[str] = frozenset()
    reads_others: bool = True
    is_person: Callable[[Mapping[str, str]], bool] | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a file is not of this directory."""
        return (self.id_column, *self.required)

    def lacks(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the needed columns that are not there."""
        there = set(map(self.spelling, columns))
        return tuple(column for column in self.needed if self.spelling(column) not in there)

    def known_count(self, columns: tuple[str, ...]) -> int:
        """Return how many of these columns the directory is known to write."""
        return len(set(map(self.spelling, self.columns)) & set(map(self.spelling, columns)))

    def to_attribute(self, column: str) -> str:
        """Return the attribute that a column tells; empty for one that is never read."""
        spelled = self.spelling(column)
        if column in self.not_read or _SECRET.search(column):
            return ""
        if spelled == self.spelling(self.id_column) and not self.anchor:
            return "id"
        for attribute, columns in self.sources.items():
            if spelled in map(self.spelling, columns):
                return attribute
        return _BRACKETED.sub("", column) if self.reads_others else ""

    def repeated(self, columns: tuple[str, ...]) -> frozenset[str]:
        """Return the columns that repeat what a better one tells."""
        spelled = {self.spelling(column): column for column in columns}
        found: set[str] = set()
        for alike in self.sources.values():
            there = [spelled[key] for key in map(self.spelling, alike) if key in spelled]
            found.update(there[1:])
        return frozenset(found)


def one_of(enabled: frozenset[str], disabled: frozenset[str] | None) -> Conversion:
    """Return the conversion of texts to True and False; they compare without case.

    Where `disabled` is None every other text but the empty one means False.
    """

    def convert(text: str) -> str:
        said = text.lower()
        if said in enabled:
            return "True"
        if said in disabled if disabled is not None else said:
            return "False"
        known = ", ".join(sorted(enabled | (disabled or frozenset())))
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise ValueError(f"is {shown!r}, not one of {known}")

    return convert


def _without_brackets(column: str) -> str:
    return _BRACKETED.sub("", column).lower()


def _complete_google(attributes: dict[str, str]) -> None:
    """Add what Google itself derives: the e-mail is the name to sign in with."""
    if address := attributes.get("userPrincipalName"):
        attributes["mail"] = address
    names = (attributes.get("givenName"), attributes.get("surname"))
    if name := " ".join(part for part in names if part):
        attributes["displayName"] = name


def _clean_powershell(cell: str) -> str:
    """Return the cell; a collection is written as the name of its class, which says nothing."""
    text = cell.strip()
    return "" if text.startswith(_COLLECTION) else text


def _complete_csvde(attributes: dict[str, str]) -> None:
    """Put texts in the place of hex: what is not ASCII is written as the hex of its UTF-8."""
    for name, value in attributes.items():
        if found := value.startswith("X'") and _HEX.fullmatch(value):
            with suppress(UnicodeDecodeError):
                text = bytes.fromhex(found[1]).decode().strip()
                attributes[name] = text if text.isprintable() else value


def _to_guid(text: str) -> str:
    """Return an objectGUID as PowerShell and Entra write it; its first parts are little-endian."""
    found = _HEX.fullmatch(text)
    try:
        return str(UUID(bytes_le=bytes.fromhex(found[1])) if found else UUID(text))
    except ValueError:
        raise ValueError("is no GUID") from None


def _to_sid(text: str) -> str:
    found = _HEX.fullmatch(text)
    if found is None:
        return text
    content = bytes.fromhex(found[1])
    parts = [int.from_bytes(content[at : at + 4], "little") for at in range(8, len(content), 4)]
    if len(content) < 8 or len(content) % 4 or len(parts) != content[1]:
        raise ValueError("is no security identifier")
    authority = int.from_bytes(content[2:8], "big")
    return "-".join(map(str, ("S", content[0], authority, *parts)))


def _from_account_control(text: str) -> str:
    try:
        return "False" if int(text) & _DISABLED_BIT else "True"
    except ValueError:
        raise ValueError("is no userAccountControl, which is a number") from None


def _is_user(attributes: Mapping[str, str]) -> bool:
    """Say whether a row of Active Directory is a user and not a group or a computer."""
    last_class = attributes.get("objectClass", "user").rpartition(";")[2]
    return last_class.lower() in _PERSON_CLASSES


_ACTIVE_DIRECTORY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "userPrincipalName": ("userPrincipalName",),
        "givenName": ("givenName",),
        "surname": ("surname", "sn"),
        "displayName": ("displayName", "name", "cn"),
        "mail": ("mail", "emailAddress"),
        "jobTitle": ("title",),
        "department": ("department",),
        "companyName": ("company",),
        "officeLocation": ("office", "physicalDeliveryOfficeName"),
        "telephoneNumber": ("officePhone", "telephoneNumber"),
        "mobilePhone": ("mobilePhone", "mobile"),
        "streetAddress": ("streetAddress",),
        "city": ("city", "l"),
        "state": ("state", "st"),
        "postalCode": ("postalCode",),
        "country": ("co", "country", "c"),
        "employeeId": ("employeeID",),
        "objectClass": ("objectClass",),
        "onPremisesSamAccountName": ("sAMAccountName",),
        "onPremisesDistinguishedName": ("distinguishedName", "DN"),
        "onPremisesSecurityIdentifier": ("SID", "objectSid"),
    }
)

HEADERS: Final = (
    Header(
        name='Entra "Download users"',
        columns=tuple(_ENTRA_LINE.split(",")),
        id_column="id",
        required=("userPrincipalName", "accountEnabled"),
    ),
    Header(
        name='Entra "Download users", older edition',
        columns=tuple(_OLDER_ENTRA_LINE.split(",")),
        id_column="objectId",
        required=("userPrincipalName", "accountEnabled"),
        sources={"officeLocation": ("physicalDeliveryOfficeName",), "mobilePhone": ("mobile",)},
    ),
    Header(
        name="Google Workspace",
        columns=tuple(_GOOGLE_LINE.split(",")),
        id_column="Email Address",
        required=("First Name", "Last Name", "Status"),
        sources={
            "userPrincipalName": ("Email Address",),
            "givenName": ("First Name",),
            "surname": ("Last Name",),
            "accountEnabled": ("Status",),
            "telephoneNumber": ("Work Phone",),
            "mobilePhone": ("Mobile Phone",),
            "streetAddress": ("Work Address",),
            "employeeId": ("Employee ID",),
            "employeeType": ("Employee Type",),
            "jobTitle": ("Employee Title",),
            "department": ("Department",),
        },
        not_read=frozenset({"New Primary Email [UPLOAD ONLY]", "New Status [UPLOAD ONLY]"}),
        spelling=_without_brackets,
        anchor="employeeId",
        conversions={"accountEnabled": one_of(frozenset({"active"}), frozenset({"suspended"}))},
        complete=_complete_google,
        completed=frozenset({"mail", "displayName"}),
    ),
    Header(
        name="Active Directory (Get-ADUser)",
        columns=tuple(_POWERSHELL_LINE.split(",")),
        id_column="ObjectGUID",
        required=("UserPrincipalName", "Enabled"),
        sources={"accountEnabled": ("Enabled",), **_ACTIVE_DIRECTORY},
        spelling=str.lower,
        clean=_clean_powershell,
        is_person=_is_user,
        conversions={"id": _to_guid},
    ),
    Header(
        name="Active Directory (csvde)",
        columns=tuple(_CSVDE_LINE.split(",")),
        id_column="objectGUID",
        required=("userPrincipalName", "userAccountControl"),
        sources={"accountEnabled": ("userAccountControl",), **_ACTIVE_DIRECTORY},
        spelling=str.lower,
        complete=_complete_csvde,
        is_person=_is_user,
        conversions={
            "id": _to_guid,
            "accountEnabled": _from_account_control,
            "onPremisesSecurityIdentifier": _to_sid,
        },
    ),
)
"""The directories whose exports are recognised; the first that fits is taken."""
