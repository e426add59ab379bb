"""Where much work is done: on this machine, or on the cluster of a Dask scheduler."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError

ENVIRONMENT_VARIABLE = "WORKBENCH_CLUSTER"


@dataclass(frozen=True)
class Place:
    """Where batches are worked off.

    Attributes
    ----------
    processes
        How many work at once on this machine; one is this process itself.
    cluster
        The address of a Dask scheduler, such as ``tcp://host:8786``; None for this machine.
    """

    processes: int
    cluster: str | None = None


def choose_place(
    *,
    processes: int | None = None,
    cluster: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> Place:
    """Return where to work: what is asked for, else the configured cluster, else all cores.

    Parameters
    ----------
    processes
        How many on this machine, whatever is configured.
    cluster
        The address of a scheduler.
    config
        The workspace's; its ``cluster`` comes after the variable ``WORKBENCH_CLUSTER``.

    Raises
    ------
    WorkbenchError
        If both are asked for, or the configured address is no text.

    Examples
    --------
    >>> choose_place(processes=2)
    Place(processes=2, cluster=None)
    >>> choose_place(config={"cluster": "tcp://ant:8786"}).cluster
    'tcp://ant:8786'
    >>> choose_place(processes=2, config={"cluster": "tcp://ant:8786"}).cluster
    """
    if processes and cluster:
        raise WorkbenchError(
            "Choose either --processes, which work on this machine, or --cluster, not both."
        )
    if not processes and not cluster:
        cluster = os.environ.get(ENVIRONMENT_VARIABLE) or (config or {}).get("cluster") or None
        if not isinstance(cluster, str | None):
            raise WorkbenchError(
                'The line "cluster" of workbench.toml has to be an address, such as '
                '"tcp://host:8786".'
            )
    return Place(processes or os.cpu_count() or 1, cluster)
