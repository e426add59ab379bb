"""Triplets as arrays, in the conventions of cblearn (Künstle and von Luxburg 2024).

Conventions
-----------
``list-order``
    int [n, 3]; row (i, j, k) says that i is closer to j than to k.
``list-count``
    Queries int [n, 3] and responses int [n], 1 where the second item of a query is the closer
    one and -1 where the third is.

Numbers are rows of `ids`, the items that occur, in ascending order.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.array_files import opened_arrays, read_array
from workbench.errors import WorkbenchError
from workbench.files import atomic_path
from workbench.judgements.consensus import agreed_triplets

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_NAMES = ("triplets", "queries", "responses", "ids", "dimensions")


@dataclass(frozen=True)
class TripletArrays:
    """Answered triplets over the rows of a list of items.

    Attributes
    ----------
    triplets : int64 [n, 3]
        In list-order.
    ids : int64 [m]
        The item of each row number.
    dimensions : str [n]
        Of each triplet, empty where none is known.
    """

    triplets: np.ndarray
    ids: np.ndarray
    dimensions: np.ndarray

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.triplets)

    @property
    def items(self) -> np.ndarray:
        """The triplets by item id, int64 [n, 3]."""
        return self.ids[self.triplets] if len(self.triplets) else self.triplets

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return queries with the smaller row number second, and responses: list-count."""
        turned = self.triplets[:, 1] > self.triplets[:, 2]
        queries = self.triplets.copy()
        queries[turned] = queries[turned][:, [0, 2, 1]]
        return queries, np.where(turned, -1, 1)


def of_items(rows: Iterable[tuple[str, int, int, int]]) -> TripletArrays:
    """Return triplets (dimension, anchor, closer, farther) of item ids as arrays."""
    listed = list(rows)
    items = np.array([row[1:] for row in listed], dtype=np.int64).reshape(-1, 3)
    ids, places = np.unique(items, return_inverse=True)
    dimensions = np.array([row[0] for row in listed], dtype=np.str_)
    return TripletArrays(places.reshape(-1, 3).astype(np.int64), ids, dimensions)


def of_judgements(judgements: pd.DataFrame) -> TripletArrays:
    """Return every answer that says which is closer, of every rater, as arrays.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    """
    decided = judgements[judgements["choice"].isin(["a", "b"])]
    is_a = (decided["choice"] == "a").to_numpy()
    a, b = decided["a_id"].to_numpy(), decided["b_id"].to_numpy()
    closer, farther = np.where(is_a, a, b), np.where(is_a, b, a)
    names, anchors = decided["dimension"].tolist(), decided["anchor_id"].tolist()
    return of_items(zip(names, anchors, closer.tolist(), farther.tolist(), strict=True))


def of_agreed(
    judgements: pd.DataFrame, *, agreement: float = 0.0, raters: int = 1
) -> TripletArrays:
    """Return each triplet on which raters agree once, with what they say, as arrays.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    agreement, raters
        See `workbench.judgements.consensus.agreed_triplets`.
    """
    agreed = agreed_triplets(judgements, agreement=agreement, raters=raters)
    return of_items((d, x, a, b) if c == "a" else (d, x, b, a) for d, x, a, b, c in agreed)


def save_arrays(file: Path, arrays: TripletArrays) -> None:
    """Write arrays.

    Parameters
    ----------
    file
        ``.npz`` holds ``triplets``, ``queries``, ``responses``, ``ids`` and ``dimensions``;
        ``.npy`` the triplets alone, with ``NAME_ids.npy`` beside it.
    arrays
        What to write.
    """
    suffix = file.suffix.lower()
    if suffix not in (".npy", ".npz"):
        raise WorkbenchError(f"{file} needs the suffix .npy or .npz.")
    if suffix == ".npy":
        for path, array in ((_ids_file(file), arrays.ids), (file, arrays.triplets)):
            with atomic_path(path) as partial, partial.open("wb") as stream:
                np.save(stream, array, allow_pickle=False)
        return
    queries, responses = arrays.counts()
    named = {"triplets": arrays.triplets, "queries": queries, "responses": responses}
    named |= {"ids": arrays.ids, "dimensions": arrays.dimensions}
    with atomic_path(file) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **named)


def load_arrays(file: Path) -> TripletArrays:
    """Read arrays; nothing in the file is run.

    A ``.npz`` may hold ``triplets``, or ``queries`` and ``responses``. Without `ids` the numbers
    are item ids.

    Raises
    ------
    WorkbenchError
        If the file cannot be read or holds no triplets.
    """
    try:
        if zipfile.is_zipfile(file):
            with opened_arrays(file) as stored:
                named = {name: stored[name] for name in _NAMES if name in stored}
        else:
            named = {"triplets": read_array(file)}
            if _ids_file(file).is_file():
                named["ids"] = read_array(_ids_file(file))
    except FileNotFoundError as error:
        raise WorkbenchError(f"There is no file {file}.") from error
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"{file} cannot be read as arrays: {error}.") from error
    return _checked(file, named)


def _checked(file: Path, named: dict[str, np.ndarray]) -> TripletArrays:
    triplets = named.get("triplets")
    if triplets is None and {"queries", "responses"} <= named.keys():
        triplets = _ordered(file, named["queries"], named["responses"])
    if triplets is None or triplets.ndim != 2 or triplets.shape[1] != 3 or not _is_whole(triplets):
        raise WorkbenchError(f"{file} holds no triplets: whole numbers in three columns.")
    dimensions = named.get("dimensions", np.full(len(triplets), "", dtype=np.str_))
    ids = named.get("ids")
    if dimensions.shape != (len(triplets),) or dimensions.dtype.kind != "U":
        raise WorkbenchError(f"{file} does not name a dimension for each triplet.")
    if ids is None:
        rows = zip(dimensions.tolist(), *triplets.T.tolist(), strict=True)
        return of_items(rows)
    if ids.ndim != 1 or not _is_whole(ids):
        raise WorkbenchError(f"{file} does not list the items of its rows.")
    if triplets.size and not (triplets.min() >= 0 and triplets.max() < len(ids)):
        raise WorkbenchError(f"{file} refers to rows that it does not list.")
    return TripletArrays(triplets.astype(np.int64), ids.astype(np.int64), dimensions)


def _ordered(file: Path, queries: np.ndarray, responses: np.ndarray) -> np.ndarray:
    fits = queries.ndim == 2 and queries.shape == (len(responses), 3) and responses.ndim == 1
    if not fits or not np.isin(responses, (-1, 1)).all():
        raise WorkbenchError(f"{file} has no response of 1 or -1 for each query.")
    return np.where((responses == 1)[:, None], queries, queries[:, [0, 2, 1]])


def _is_whole(array: np.ndarray) -> bool:
    return bool(np.issubdtype(array.dtype, np.integer))


def _ids_file(file: Path) -> Path:
    return file.with_name(f"{file.stem}_ids.npy")
