"""`manage.py provision_joiner EMAIL`."""

from django.core.management import BaseCommand
from django.core.management.base import CommandParser

from jackfield import Name
from people.accounts import join
from people.connections import vendor
from people.outcomes import told


class Command(BaseCommand):
    """Gives one person an account."""

    help = "Give a person an account, or the old one back. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address, and the names of somebody new."""
        parser.add_argument("email")
        parser.add_argument("--given-name")
        parser.add_argument("--family-name")

    def handle(self, **options: str) -> None:
        """Provision, and say what was done."""
        name = Name(givenName=options["given_name"], familyName=options["family_name"])
        with told():
            done = join(vendor(), options["email"], name)
        self.stdout.write(f"{options['email']} {done}")
