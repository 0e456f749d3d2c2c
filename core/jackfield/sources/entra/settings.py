"""What a connection to Microsoft Entra ID needs, and which attributes are read."""

import re
import uuid
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from jackfield.settings import BaseUrl, ConnectorSettings, Secret
from jackfield.sources.base import SourceSettings

ALWAYS_SELECTED = (
    "id",
    "userPrincipalName",
    "accountEnabled",
    "displayName",
    "givenName",
    "surname",
    "mail",
    "userType",
    "jobTitle",
    "department",
    "companyName",
    "employeeId",
    "usageLocation",
    "preferredLanguage",
    "officeLocation",
    "streetAddress",
    "city",
    "state",
    "postalCode",
    "country",
    "businessPhones",
    "mobilePhone",
)

_TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,255}")
_NO_ATTRIBUTES = frozenset({"members", "memberOf", "transitiveMemberOf", "ownedObjects", "photo"})
"""Relations of a user that a delta query does not follow."""


def _checked_tenant(text: str) -> str:
    text = text.strip()
    if not _TENANT.fullmatch(text):
        raise ValueError("is neither the id of a tenant nor one of its domains")
    return text


def _checked_guid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise ValueError("is no id such as 00000000-0000-0000-0000-000000000000") from None


def _checked_attribute(name: str) -> str:
    if not _ATTRIBUTE.fullmatch(name) or name in _NO_ATTRIBUTES:
        raise ValueError("is no attribute of a user that Microsoft Graph can be asked for here")
    return name


Guid = Annotated[str, AfterValidator(_checked_guid)]
AttributeName = Annotated[str, AfterValidator(_checked_attribute)]


class EntraSettings(SourceSettings, ConnectorSettings):
    """An app of the tenant with a client secret, and whom to read.

    `service_principal` is the object id of the enterprise application that people are assigned to.
    `default_access_role`: whether those assigned without a role are entitled; Entra left them out
    before 2020. `select` adds attributes of Microsoft Graph's user, `manager` among them. The two
    URLs are others in national clouds.
    """

    tenant: Annotated[str, AfterValidator(_checked_tenant)]
    client_id: Guid
    client_secret: Secret
    service_principal: Annotated[str, AfterValidator(lambda t: t and _checked_guid(t))] = ""
    scope: Literal["assigned", "all"] = "assigned"
    nested_groups: bool = False
    default_access_role: Literal["include", "skip"] = "include"
    select: tuple[AttributeName, ...] = ()
    graph_url: BaseUrl = "https://graph.microsoft.com"
    login_url: BaseUrl = "https://login.microsoftonline.com"

    @model_validator(mode="after")
    def _check_scope(self) -> Self:
        if self.scope == "all":
            if self.nested_groups or self.default_access_role == "skip":
                raise ValueError(
                    'nested_groups and default_access_role need scope = "assigned": with "all" '
                    "nobody's assignments are read"
                )
        elif not self.service_principal:
            raise ValueError(
                "service_principal is missing: the Object ID of the enterprise application that "
                'people are assigned to; or set scope = "all"'
            )
        elif self.service_principal == self.client_id:
            raise ValueError(
                "service_principal is the app's client id; it must be the Object ID shown under "
                "Enterprise applications"
            )
        return self

    @property
    def selected(self) -> tuple[str, ...]:
        """Every attribute that is asked for, each once."""
        return tuple(dict.fromkeys((*ALWAYS_SELECTED, *self.select)))
