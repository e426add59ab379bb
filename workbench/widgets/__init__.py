"""What people touch: thin ipywidgets and anywidget classes, one per page."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.agreement import AgreementPanel
    from workbench.widgets.base_trainer import BaseTrainer
    from workbench.widgets.comparison import ModelComparison
    from workbench.widgets.finetuner import FineTuner
    from workbench.widgets.kiviat import KiviatChart
    from workbench.widgets.maps import SubspaceMaps
    from workbench.widgets.overview import Overview
    from workbench.widgets.rater import TripletRater
    from workbench.widgets.similar import SimilarItems
    from workbench.widgets.song_builder import SongBuilder
    from workbench.widgets.tag_review import TagReview

__all__ = [
    "AgreementPanel",
    "BaseTrainer",
    "FineTuner",
    "KiviatChart",
    "ModelComparison",
    "Overview",
    "SimilarItems",
    "SongBuilder",
    "SubspaceMaps",
    "TagReview",
    "TripletRater",
]
_MODULES = {
    "AgreementPanel": "agreement",
    "BaseTrainer": "base_trainer",
    "FineTuner": "finetuner",
    "KiviatChart": "kiviat",
    "ModelComparison": "comparison",
    "Overview": "overview",
    "SimilarItems": "similar",
    "SongBuilder": "song_builder",
    "SubspaceMaps": "maps",
    "TagReview": "tag_review",
    "TripletRater": "rater",
}


def __getattr__(name: str) -> Any:
    """Import a widget's module when it is first used: a page pays only for what it shows."""
    if name in _MODULES:
        return getattr(import_module(f"workbench.widgets.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
