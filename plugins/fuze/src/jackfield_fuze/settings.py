"""What a Fuze connection needs; most of it comes from the customer's Fuze representative."""

from typing import Annotated, Literal

from pydantic import Field

from jackfield import BaseUrl, ConnectorSettings, Secret

Codes = tuple[Annotated[str, Field(min_length=1)], ...]


class FuzeSettings(ConnectorSettings):
    """The base URL, the token, and the codes that the contract with Fuze names.

    `skus`, `locations` and `departments` are all that may be given to new users; a code that is
    not among them is refused before anything is sent, for Fuze takes no correction later.

    `extension_urn`, where Fuze has told one, is the schema in which they are sent; without it they
    go into the core attribute `entitlements`. `sku_name`, `location_name` and `department_name` are
    the names of the extension's members, or the types of the entitlements.

    `lookup` "list" compares page after page of all users; "email-filter" asks for the address with
    `email_filter` and takes an empty answer for an absence: use it once it was seen to find
    somebody.
    """

    base_url: BaseUrl
    token: Secret
    skus: Codes = ()
    locations: Codes = ()
    departments: Codes = ()
    extension_urn: str = Field(default="", pattern=r"^(urn:\S+)?$")
    sku_name: str = Field(default="sku", min_length=1)
    location_name: str = Field(default="location", min_length=1)
    department_name: str = Field(default="department", min_length=1)
    lookup: Literal["list", "email-filter"] = "list"
    email_filter: str = Field(default="emails.value", min_length=1)
    page_size: int = Field(default=100, gt=0, le=1000)
