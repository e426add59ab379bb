"""Addresses that pages use, relative to the base URL of the Jupyter or Voila server."""

from __future__ import annotations

AUDIO_ROUTE = "workbench/audio"
STATIC_ROUTE = "workbench/static"


def audio_url(workspace_id: str, item_id: int) -> str:
    """Return where the sound of an item is served.

    Parameters
    ----------
    workspace_id
        ``Workspace.id``, so that a page never plays another workspace's item of the same id.
    item_id
        The item.

    Examples
    --------
    >>> audio_url("0123456789ab", 7)
    'workbench/audio/0123456789ab/7'
    """
    return f"{AUDIO_ROUTE}/{workspace_id}/{int(item_id)}"
