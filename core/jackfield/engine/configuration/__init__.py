"""From `jackfield.toml` to jobs that can run."""

from jackfield.engine.configuration.jobs import Configuration

__all__ = ["Configuration"]
