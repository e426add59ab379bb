"""Curate, inspect and publish perceptual music similarity.

A notebook starts from one object and shows one widget::

    from workbench import Workspace
    from workbench.widgets import TripletRater
    TripletRater(Workspace())

Heavy libraries (torch, librosa, umap, plotly) are imported where they are used, never here.
"""

from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

__all__ = ["WorkbenchError", "Workspace", "__version__"]
__version__ = "0.2.0"
