"""People from Microsoft Entra ID, read through Microsoft Graph.

The app needs the application permissions User.Read.All and, with `scope = "assigned"`,
Application.Read.All and GroupMember.Read.All, all with the consent of an administrator; groups that
hide their members need Member.Read.Hidden too.
"""

from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.entra.source import EntraSource

__all__ = ["EntraSettings", "EntraSource"]
