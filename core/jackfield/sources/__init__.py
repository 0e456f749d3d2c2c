"""Directories that people come from. A source reads; it never writes."""

from jackfield.sources.base import Source, SourceObject, SourceRead, SourceSettings

__all__ = ["Source", "SourceObject", "SourceRead", "SourceSettings"]
