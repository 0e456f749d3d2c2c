"""The app that gives people their accounts and takes them away again."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Opens nothing when Django starts: the first use does."""

    name = "people"
