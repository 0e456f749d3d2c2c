"""What connector authors test with."""

from jackfield.testing.replay import ANY_REQUEST, replay

__all__ = ["ANY_REQUEST", "replay"]
