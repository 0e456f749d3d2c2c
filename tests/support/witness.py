"""A SCIM vendor as a witness: it notes who wrote what, and what the store said just then."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from support.keys import job_of

from jackfield.engine.state.store import Intent
from jackfield.testing.sandbox import Answer, Fault, SandboxRequest, ScimSandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorWrite:
    """A write as it reached the vendor; `open_intents` are those it found on arrival.

    `old_name` and `new_name` are the account's before and after, `was_on` and `is_on` its access.
    `twins` are other accounts that had the new name already. `sender` is the run whose credentials
    it came with, `holder` the one that held the lease just then; empty where nobody can say.
    `is_after_refusal`: the last write to this account before it was refused.
    """

    method: str
    target_id: str
    names: frozenset[str]
    is_removal: bool
    open_intents: tuple[Intent, ...]
    old_name: str = ""
    new_name: str = ""
    was_on: bool = False
    is_on: bool = False
    twins: frozenset[str] = frozenset()
    sender: str = ""
    holder: str = ""
    tenant: str = ""
    is_after_refusal: bool = False

    @property
    def intents(self) -> tuple[Intent, ...]:
        """The open intents that this write may have come from."""
        return tuple(intent for intent in self.open_intents if self._fits(intent))

    @property
    def is_rename(self) -> bool:
        is_there = bool(self.old_name and self.new_name)
        return is_there and self.old_name.lower() != self.new_name.lower()

    def _fits(self, intent: Intent) -> bool:
        if (self.method == "POST") != (intent.action == "create"):
            return False
        if self.sender and job_of(self.sender) != job_of(intent.source_id):
            return False
        return intent.target_id == self.target_id or intent.user_name.lower() in self.names


def _nobody(job: str) -> str:
    del job
    return ""


class WitnessedVendor(ScimSandbox):
    """An ordinary SCIM vendor that notes each write that it carried out, and each it refused.

    `look` reads the open intents, `holder` who holds a job's lease. `senders` names the runs by
    their bearer tokens. `tenant` says whose accounts these are.

    The next `deaf_deletions` are answered with success and do nothing. Once `down_after_creation`
    is set, so many reads after the next creation fail.
    """

    def __init__(self, look: Callable[[], Iterable[Intent]] = tuple) -> None:
        super().__init__(unlimited=True)
        self.look = look
        self.holder: Callable[[str], str] = _nobody
        self.writes: list[VendorWrite] = []
        self.refused: list[VendorWrite] = []
        self.forget()

    def forget(self) -> None:
        """Be the vendor's first tenant again, with all its habits good ones."""
        self.senders: dict[str, str] = {}
        self.tenant = ""
        self.unique, self.listing = True, "honest"
        self.deaf_deletions = self.down_after_creation = 0

    def dispatch(self, request: SandboxRequest) -> Answer:
        if request.method == "GET":
            return super().dispatch(request)
        waiting = tuple(self.look())
        before = self.store.get(request.path.rpartition("/")[2]) or {}
        sender = self.senders.get(request.bearer, "")
        known = {
            "method": request.method,
            "open_intents": waiting,
            "sender": sender,
            "holder": self.holder(sender) if sender else "",
            "tenant": self.tenant,
            "is_after_refusal": self._has_refused(request.path),
        }
        others = {each["id"]: _name(each) for each in self.store}
        try:
            answer = self._carried_out(request)
        except Exception:
            self.refused.append(_write(known, before, before, {}))
            raise
        shown = answer.document if isinstance(answer.document, dict) else {}
        if request.method == "DELETE" and str(before.get("id")) in self.store.users:
            return answer  # a deaf ear
        after = self.store.get(str(shown.get("id"))) or {}
        self.writes.append(_write(known, before, after, others))
        return answer

    def _has_refused(self, path: str) -> bool:
        writes = (one for one in reversed(self.requests) if one.method != "GET")
        last = next((one for one in writes if one.path == path), None)
        return last is not None and last.status >= 400

    def _carried_out(self, request: SandboxRequest) -> Answer:
        if request.method == "DELETE" and self.deaf_deletions:
            self.deaf_deletions -= 1
            return Answer(204)
        answer = super().dispatch(request)
        if request.method == "POST" and self.down_after_creation:
            self.faults.add(Fault(method="GET", status=500, times=self.down_after_creation))
            self.down_after_creation = 0
        return answer

    def hide(self, target_id: str, searches: int) -> None:
        """Leave an account out of so many searches."""
        self._unseen[target_id] = searches

    def index_catches_up(self) -> None:
        """Show every account from now on; an index lags for a while and not for days."""
        self._unseen.clear()

    def reset(self) -> None:
        super().reset()
        self.writes.clear()
        self.refused.clear()
        self.forget()


def _write(
    known: dict[str, Any], before: dict[str, Any], after: dict[str, Any], others: dict[str, str]
) -> VendorWrite:
    old, new = _name(before), _name(after)
    target_id = str(before.get("id") or after.get("id"))
    was_on = bool(before) and bool(before.get("active", True))
    is_on = bool(after) and bool(after.get("active", True))
    named = {key for key, name in others.items() if name and name == new}
    return VendorWrite(
        target_id=target_id,
        names=frozenset(filter(None, (old, new))),
        is_removal=was_on and not is_on,
        old_name=old,
        new_name=new,
        was_on=was_on,
        is_on=is_on,
        twins=frozenset(named - {target_id}),
        **known,
    )


def _name(account: dict[str, Any]) -> str:
    return str(account.get("userName", "")).lower()
