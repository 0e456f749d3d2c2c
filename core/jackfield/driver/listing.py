"""Walks through the pages of a list of users, as one connection gets them."""

from collections.abc import Iterator

from jackfield.errors import VendorBroken
from jackfield.resources import Page, User
from jackfield.scim import Walk


class Pages:
    """Walks through pages once: no cursor twice, no user twice."""

    def __init__(self, connector: str) -> None:
        self._connector = connector
        self._walk = Walk()

    @property
    def cursor(self) -> str | None:
        return self._walk.cursor

    @property
    def more(self) -> bool:
        return self._walk.more

    def fresh(self, page: Page) -> Iterator[User]:
        """Yield the users not seen before and move on.

        Raises: VendorBroken where the pages do not show who is absent.
        """
        try:
            return iter(self._walk.fresh(page))
        except VendorBroken as error:
            error.connector, error.hook = self._connector, "list_users"
            raise
