"""Gold triplets: questions whose answer is known, mixed in to see who listens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.database import Database
from workbench.catalogue.tables import GoldTriplet, Judgement
from workbench.errors import UnknownNameError
from workbench.judgements.rows import Triplet, about, effective

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("dimension", "anchor_id", "a_id", "b_id", "choice", "source")


class GoldTriplets:
    """The gold triplets of a workspace.

    Parameters
    ----------
    database
        Where they are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rows: Iterable[tuple[str, int, int, int, str]], *, source: str = "") -> int:
        """Store triplets with their answers; return how many were new.

        Parameters
        ----------
        rows
            (dimension, anchor, a, b, choice); choice ``a`` or ``b`` says which is closer. An
            answer to a triplet that is there replaces the former.
        source
            Who says so.

        Raises
        ------
        UnknownNameError
            If a choice is neither, or an item does not exist.
        """
        new = 0
        try:
            with self._database.write() as transaction:
                for dimension, anchor, a, b, choice in rows:
                    triplet = Triplet(dimension, anchor, a, b)
                    if choice not in ("a", "b") or len(set(triplet.items)) < 3:
                        raise UnknownNameError(
                            "A gold triplet has three different items, and a or b is closer."
                        )
                    closer = choice if a < b else {"a": "b", "b": "a"}[choice]
                    new += transaction.get(GoldTriplet, tuple(vars(triplet).values())) is None
                    transaction.merge(GoldTriplet(**vars(triplet), choice=closer, source=source))
        except sa.exc.IntegrityError as error:
            raise UnknownNameError("A gold triplet names an item that does not exist.") from error
        return new

    def remove(self, triplet: Triplet) -> bool:
        """Take a triplet off the list; judgements of it stay."""
        columns = [getattr(GoldTriplet, name) == value for name, value in vars(triplet).items()]
        with self._database.write() as transaction:
            deleted = transaction.execute(sa.delete(GoldTriplet).where(*columns))
            return bool(deleted.rowcount)  # type: ignore[attr-defined]

    def table(self) -> pd.DataFrame:
        """Return all of them: dimension, anchor_id, a_id, b_id, choice, source."""
        import pandas as pd

        query = sa.select(*(getattr(GoldTriplet, name) for name in _COLUMNS))
        with self._database.read() as transaction:
            rows = transaction.execute(query.order_by(*query.selected_columns)).fetchall()
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def unanswered(self, dimension: str, rater: str, rng: np.random.Generator) -> list[Triplet]:
        """Return those about a dimension that a rater has not answered, in the order of a lot."""
        query = sa.select(GoldTriplet).where(GoldTriplet.dimension == dimension)
        with self._database.read() as transaction:
            known = [
                Triplet(row.dimension, row.anchor_id, row.a_id, row.b_id)
                for row in transaction.scalars(query.order_by(*GoldTriplet.__table__.primary_key))
            ]
            own = sa.select(Judgement.id).where(effective(), Judgement.rater == rater)
            left = [t for t in known if transaction.scalar(own.where(about(t)).limit(1)) is None]
        return [left[i] for i in rng.permutation(len(left))]
