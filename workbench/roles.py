"""Who may do what on the pages: viewers read, raters also change things."""

from __future__ import annotations

import os
from enum import StrEnum

ROLE_VARIABLE = "WORKBENCH_ROLE"  # of the visitor whose page a kernel runs
TOKEN_VARIABLE = "WORKBENCH_TOKEN"  # raters log in with it
VIEWER_TOKEN_VARIABLE = "WORKBENCH_VIEWER_TOKEN"


class Role(StrEnum):
    """What somebody may do.

    Attributes
    ----------
    VIEWER
        Read pages and hear their sounds: a stakeholder.
    RATER
        Also rate, review tags, build songs, and teach the model.
    """

    VIEWER = "viewer"
    RATER = "rater"

    def may(self, needed: Role) -> bool:
        """Return whether this role suffices where `needed` is asked for.

        Examples
        --------
        >>> Role.RATER.may(Role.VIEWER), Role.VIEWER.may(Role.RATER)
        (True, False)
        """
        return self is Role.RATER or needed is Role.VIEWER


def role_of_this_process() -> Role:
    """Return whose page this process works for; outside of pages everybody is a rater."""
    viewing = os.environ.get(ROLE_VARIABLE) == Role.VIEWER
    return Role.VIEWER if viewing else Role.RATER
