"""`manage.py offboard EMAIL`."""

from django.core.management import BaseCommand
from django.core.management.base import CommandParser

from people.accounts import leave
from people.connections import vendor
from people.outcomes import told


class Command(BaseCommand):
    """Takes one person's access away."""

    help = "Disable a person's account; nothing is deleted. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address."""
        parser.add_argument("email")

    def handle(self, **options: str) -> None:
        """Disable, and say what was done."""
        with told():
            done = leave(vendor(), options["email"])
        self.stdout.write(f"{options['email']} {done}")
