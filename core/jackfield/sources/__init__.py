"""Directories that people come from. A source reads; it never writes."""

from jackfield.sources.base import (
    DEFAULT_ACCESS,
    DeltaSource,
    Removal,
    Source,
    SourceObject,
    SourceRead,
    SourceSettings,
    SourceValue,
    as_truth,
    reads_changes,
)

__all__ = [
    "DEFAULT_ACCESS",
    "DeltaSource",
    "Removal",
    "Source",
    "SourceObject",
    "SourceRead",
    "SourceSettings",
    "SourceValue",
    "as_truth",
    "reads_changes",
]
