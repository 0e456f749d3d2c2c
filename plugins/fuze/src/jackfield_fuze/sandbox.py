"""An imitation of Fuze user provisioning, for tests and demos.

    python -m jackfield_fuze.sandbox --port 8080

Source: Microsoft's tutorial. Known are the token, the five attributes, that `userName` cannot be
filtered, that entitlements are taken on create only, and 10 requests a second. All else is assumed,
RFC 7644, and strict; where the vendor may do one thing or another, `FuzeAccount` says which.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from jackfield.testing.sandbox import (
    Answer,
    PatchRules,
    RateLimit,
    Refusal,
    SandboxRequest,
    ScimSandbox,
    TokenState,
    invalid_value,
    main,
)
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.filters import comparisons, parse_filter
from jackfield.testing.sandbox.limits import Clock
from jackfield.testing.sandbox.patch import apply_patch

EXTENSION_URN = "urn:ietf:params:scim:schemas:extension:fuze:2.0:User"
"""A placeholder: the name of the real extension is not public."""

_EMAILS = frozenset({"emails", "emails.value", "emails.type"})
_EQUALS = frozenset({"eq"})
_MEMBERS = {"sku": "sku", "locationCode": "location", "departmentCode": "department"}
_NAME_PARTS = frozenset({"givenName", "familyName"})
_CORE = frozenset({"userName", "name", "emails", "active", "entitlements"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzeAccount:
    """How the vendor behaves where nothing is public, and the codes of the contract.

    A filter of `userName` is "refused" (400), "ignored" (everybody is listed) or finds "nothing".
    Entitlements stand in the "core" attribute or in an "extension"; in an update they are
    "refused" (400 mutability) or "ignored".
    """

    user_name_filter: Literal["refused", "ignored", "nothing"] = "refused"
    filters_email: bool = True
    entitlements_in: Literal["core", "extension"] = "core"
    entitlement_update: Literal["refused", "ignored"] = "refused"
    shows_entitlements: bool = True
    skus: frozenset[str] = frozenset({"EXAMPLE-SKU-1", "EXAMPLE-SKU-2"})
    locations: frozenset[str] = frozenset({"LOC-01", "LOC-02"})
    departments: frozenset[str] = frozenset({"DEP-01", "DEP-02"})


class FuzeSandbox(ScimSandbox):
    """One Fuze customer without users; `account` may be replaced at any time."""

    TOKEN = "canary-fuze-token"  # noqa: S105 - made up
    LIMITS: ClassVar[dict[str, RateLimit]] = {"all": RateLimit(10, 1)}

    public_origin = "https://api.fuze.com"
    rules = PatchRules(_CORE, (EXTENSION_URN,))
    filters: ClassVar[Mapping[str, frozenset[str]]] = dict.fromkeys(_EMAILS, _EQUALS)

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Clock = time.monotonic,
        account: FuzeAccount | None = None,
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self._account_at_start = self.account = account or FuzeAccount()

    def reset(self) -> None:
        super().reset()
        self.account = self._account_at_start

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        return Refusal(401, "The token is wrong.", headers={"WWW-Authenticate": "Bearer"})

    def discovery(self, path: str) -> Document | None:
        return None

    def scim_path(self, request: SandboxRequest) -> str:
        path = super().scim_path(request)
        if path == "/Users/.search":
            raise Refusal(404, f"There is no {request.path}.")
        return path

    # Look-ups.

    def _found(self, request: SandboxRequest, text: str) -> list[Document]:
        if not text.strip():
            return super()._found(request, text)
        paths = {path for path, _operator in comparisons(parse_filter(text))}
        if "username" in paths and self.account.user_name_filter != "refused":
            is_ignored = self.account.user_name_filter == "ignored"
            return super()._found(request, "") if is_ignored else []
        if paths & _EMAILS and not self.account.filters_email:
            raise Refusal(400, "The filter is not supported.", scim_type="invalidFilter")
        # `emails eq "…"` compares the value, the default of a multi-valued attribute.
        return super()._found(request, text.replace("emails eq ", "emails.value eq "))

    # Users and their entitlements.

    def _cleaned(self, document: Document) -> Document:
        """Return what is kept; of a name, the two parts of the tutorial."""
        found = super()._cleaned(document)
        if isinstance(found.get("name"), dict):
            parts = {part: found["name"][part] for part in found["name"] if part in _NAME_PARTS}
            found = {**found, "name": parts} if parts else _without_name(found)
        return found

    def check_user(self, user: Document) -> None:
        """Accept users without a `userName`: there are some that were made outside of SCIM."""

    def check_created(self, user: Document) -> None:
        super().check_user(user)
        addresses = _addresses(user)
        if any(addresses & _addresses(nameless) for nameless in self.store.named("")):
            raise Refusal(409, "The e-mail address is taken.", scim_type="uniqueness")
        elsewhere = EXTENSION_URN if self.account.entitlements_in == "core" else "entitlements"
        if elsewhere in user:
            raise invalid_value(f"The attribute [{elsewhere}] is unknown.")
        for kind, code in _entitled(user):
            if code not in self._codes(kind):
                raise invalid_value(f"The {kind} [{code}] is unknown.")

    def _codes(self, kind: str) -> frozenset[str]:
        account = self.account
        known = {"sku": account.skus, "location": account.locations}
        return {**known, "department": account.departments}.get(kind, frozenset())

    def shown(self, user: Document, *, listed: bool = False) -> Document:
        found = super().shown(user)
        if not self.account.shows_entitlements:
            found = {name: found[name] for name in found if name not in _entitlements()}
            found["schemas"] = [urn for urn in found["schemas"] if urn != EXTENSION_URN]
        return found

    def _one(self, request: SandboxRequest, user_id: str) -> Answer:
        before = self.store.get(user_id)
        if before is None or request.method not in ("PUT", "PATCH"):
            return super()._one(request, user_id)
        document = request.document()
        if request.method == "PUT":
            wanted = self._read(document)
            # Assumed: left out of a PUT, entitlements stay.
            for name in _entitlements():
                wanted.setdefault(name, before.get(name))
        else:
            own = {name: before[name] for name in before if name not in ("id", "meta")}
            wanted = self._cleaned(apply_patch(own, document, self.rules))
        for name in _entitlements():
            if (
                wanted.get(name) != before.get(name)
                and self.account.entitlement_update != "ignored"
            ):
                detail = f"The attribute [{name}] cannot be changed."
                raise Refusal(400, detail, scim_type="mutability")
            wanted[name] = before.get(name)
        return self._replaced(before, {k: v for k, v in wanted.items() if v is not None})


def _entitlements() -> tuple[str, str]:
    return ("entitlements", EXTENSION_URN)


def _without_name(user: Document) -> Document:
    return {name: value for name, value in user.items() if name != "name"}


def _addresses(user: Document) -> set[str]:
    return {str(one.get("value", "")).lower() for one in user.get("emails", ())}


def _entitled(user: Document) -> list[tuple[str, str]]:
    """Return kind and code of every entitlement of a user."""
    found = [(str(one.get("type")), str(one.get("value"))) for one in user.get("entitlements", ())]
    extension = user.get(EXTENSION_URN, {})
    return found + [(_MEMBERS.get(name, name), str(code)) for name, code in extension.items()]


if __name__ == "__main__":
    raise SystemExit(main(FuzeSandbox))
