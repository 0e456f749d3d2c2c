"""References that wait for an account, remembered where a source tells changes alone."""

from collections.abc import Iterable, Mapping

from jackfield.engine.map.person import Person
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.engine.state.references import PendingReference
from jackfield.engine.state.store import Store


def keep_references(
    store: Store,
    job: str,
    people: Iterable[Person],
    links: Mapping[str, Link],
) -> bool:
    """Store who of these people waits for whom; say whether anybody else waits no more.

    Those have to be read again, though nothing changed about them.
    """
    seen = {person.source.id: person for person in people}
    store.references.clear(job, seen)
    waiting = [
        PendingReference(source_id, "", name)
        for source_id, person in seen.items()
        for name in person.missing
        if person.scope.is_in_scope
    ]
    names = frozenset[str]().union(*(link.names for link in links.values()))
    others = store.references.all(job)
    store.references.put(job, waiting)
    named = [each.wanted_id for each in others]
    return any(name in links or matching_form(name) in names for name in named)
