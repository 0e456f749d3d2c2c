"""Where the vendor must be once nothing more is under way."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from support.evidence import Evidence, creators
from support.invariants import Violation

from jackfield.engine import Job
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.scim import read
from jackfield.sources import SourceObject


def unsettled(evidence: Evidence, job: Job, exempt: Iterable[str] = ()) -> list[Violation]:
    """Return where the vendor is not what the source wants, once nothing more is under way.

    `exempt` are accounts that somebody changed by hand. Whoever wants a name that another account
    has is left out: that needs a person, and the log must say so.
    """
    skipped = set(exempt)
    found = [Violation("everybody_as_wanted", what) for what in _unserved(evidence, job, skipped)]
    found += [Violation("no_access_left", what) for what in _unclosed(evidence, skipped)]
    found += [Violation("no_account_is_lost", what) for what in _lost(evidence, skipped)]
    return found + [Violation("who_waits_is_told", what) for what in _untold(evidence, skipped)]


def _unserved(evidence: Evidence, job: Job, exempt: set[str]) -> Iterator[str]:
    for key, person in evidence.now.items():
        link = evidence.memory.links.get(key)
        is_exempt = link is not None and link.target_id in exempt
        if not person.is_enabled or is_exempt or blocked_by(evidence, person, link):
            continue
        account = evidence.accounts.get(link.target_id) if link else None
        yield from (f"{key} {what}" for what in _wrong(account, person, job))


def _unclosed(evidence: Evidence, exempt: set[str]) -> Iterator[str]:
    """Yield active accounts of people who are gone or disabled in the source.

    One that somebody new claims, by its name, waits for a person.
    """
    holders = creators(evidence.writes)
    holders |= {link.target_id: key for key, link in evidence.memory.links.items()}
    for target_id, key in holders.items():
        person = evidence.now.get(key)
        account = evidence.accounts.get(target_id, {})
        if not account.get("active") or target_id in exempt:
            continue
        if person is None and _claimants(evidence, account):
            continue
        if person is None or not person.is_enabled:
            yield f"{target_id} of {key} is active"


def _claimants(evidence: Evidence, account: Mapping[str, Any]) -> list[str]:
    """Return who is in the source, has no account, and has the name of this one."""
    return [
        key
        for key, person in evidence.now.items()
        if key not in evidence.memory.links and person.is_enabled and _has_name(person, account)
    ]


def _lost(evidence: Evidence, exempt: set[str]) -> Iterator[str]:
    """Yield accounts that were made and that nobody knows of: every doubt ends by evidence."""
    linked = {link.target_id for link in evidence.memory.links.values()}
    for target_id, key in creators(evidence.writes).items():
        is_on = evidence.accounts.get(target_id, {}).get("active")
        if is_on and target_id not in linked and target_id not in exempt:
            yield f"{target_id} was made for {key}, is active, and nobody is linked to it"


def _untold(evidence: Evidence, exempt: set[str]) -> Iterator[str]:
    """Yield who has not what the source wants and of whom the log speaks as of a success."""
    for key, person in evidence.now.items():
        link = evidence.memory.links.get(key)
        blocking = blocked_by(evidence, person, link)
        if not person.is_enabled or not blocking or blocking in exempt:
            continue
        entry = evidence.latest.get(key)
        if entry is None or entry.status in {"success", "warning"}:
            said = "nothing" if entry is None else entry.status
            yield f"{key} waits because of {blocking}, the log says {said}"


def blocked_by(evidence: Evidence, person: SourceObject, link: Link | None) -> str:
    """Return the account that has this person's name and is not this person's.

    It keeps nobody waiting whose own one has the name, too, at a vendor without uniqueness. One
    that is gone counts, while the owner's job has not looked for it.
    """
    own = link.target_id if link else ""
    if own in evidence.accounts and _has_name(person, evidence.accounts[own]):
        return ""
    linked = {each.target_id for each in evidence.memory.links.values()}
    for target_id, account in evidence.accounts.items():
        is_free = not link and target_id not in linked
        if _has_name(person, account) and target_id != own and not is_free:
            return target_id
    return "" if link else _unmissed(evidence, person)


def _unmissed(evidence: Evidence, person: SourceObject) -> str:
    name = matching_form(str(person.attributes["userPrincipalName"]))
    for link in evidence.memory.links.values():
        is_gone = link.target_id not in evidence.accounts
        if is_gone and link.missing_since is None and name in link.names:
            return link.target_id
    return ""


def _has_name(person: SourceObject, account: Mapping[str, Any]) -> bool:
    name = str(person.attributes["userPrincipalName"]).lower()
    return str(account["userName"]).lower() == name


def _wrong(account: Mapping[str, Any] | None, person: SourceObject, job: Job) -> Iterator[str]:
    if account is None:
        yield "has no account"
        return
    capabilities = job.connector.capabilities
    for path, wanted in job.mapper.desired(person).items():
        kept = read(dict(account), path)
        if kept != wanted and capabilities.can_patch(path):
            yield f"has {path} = {kept!r}, not {wanted!r}"
