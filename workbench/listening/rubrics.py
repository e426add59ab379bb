"""Rubrics: what each dimension means, in the team's words, for all raters to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.tables import Rubric
from workbench.errors import WorkbenchError
from workbench.evaluation.questions import OVERALL
from workbench.subspaces.dimensions import get_dimension

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

LONGEST = 4000  # characters


class Rubrics:
    """The rubrics of a workspace; a new text never overwrites an old one.

    Parameters
    ----------
    ws
        The workspace.

    Examples
    --------
    >>> import tempfile
    >>> from workbench import Workspace
    >>> rubrics = Rubrics(Workspace.create(tempfile.mkdtemp() + "/songs"))
    >>> rubrics.write("tempo", "Tap along: the same pulse, or twice or half of it.", author="Ada")
    >>> rubrics.of("tempo")
    'Tap along: the same pulse, or twice or half of it.'
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def write(self, dimension: str, text: str, *, author: str = "") -> None:
        """Store the text of a dimension; an empty one takes the rubric away.

        Raises
        ------
        UnknownNameError
            If there is no such dimension.
        WorkbenchError
            If the text is longer than 4,000 characters.
        """
        if dimension != OVERALL:
            get_dimension(self._ws, dimension)
        text = text.strip()
        if len(text) > LONGEST:
            raise WorkbenchError(f"A rubric has at most {LONGEST:,} characters.")
        if text == self.of(dimension):
            return
        with self._ws.database.write() as transaction:
            transaction.add(Rubric(dimension=dimension, text=text, author=author.strip()[:80]))

    def of(self, dimension: str) -> str:
        """Return the newest text of a dimension, empty if there is none."""
        query = sa.select(Rubric.text).where(Rubric.dimension == dimension)
        with self._ws.database.read() as transaction:
            return transaction.scalar(query.order_by(Rubric.id.desc()).limit(1)) or ""

    def history(self) -> pd.DataFrame:
        """Return every text ever written, oldest first: dimension, text, author, written_at."""
        import pandas as pd

        columns = [Rubric.dimension, Rubric.text, Rubric.author, Rubric.written_at]
        with self._ws.database.read() as transaction:
            rows = transaction.execute(sa.select(*columns).order_by(Rubric.id)).fetchall()
        return pd.DataFrame(rows, columns=[column.key for column in columns])
