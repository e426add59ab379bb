"""An exported page: markup, what its widgets hold, and the scripts that draw them, in one file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.publishing.packing import Pack, script_text
from workbench.publishing.render import Rendered, state_of

if TYPE_CHECKING:
    import anywidget
    from jinja2 import Environment

    from workbench.publishing.asking import Answers

_HERE = Path(__file__).parent
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
# Styles stand in the markup and plotly makes some; pictures are drawn in the page, never fetched.
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
    "media-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Sheet:
    """What every page of an export says and links to.

    Attributes
    ----------
    workspace
        Its name.
    snapshot
        When and from what the pages were made, in a sentence.
    pages
        ``title``, ``description`` and ``url`` of each.
    """

    workspace: str
    snapshot: str
    pages: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Script:
    """A script that stands in a page."""

    text: str
    module: bool = False

    @property
    def hash(self) -> str:
        """What a page's policy calls it."""
        digest = hashlib.sha256(self.text.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"


def index_page(sheet: Sheet) -> str:
    """Return the page that lists the others."""
    return _template("index.html.j2").render(
        title="What does similar mean for this music?",
        description="One perceptual dimension at a time: what listeners and models have found.",
        policy=_POLICY.format(scripts="'none'"),
        styles=(),
        **_said(sheet),
    )


def widget_page(
    sheet: Sheet, url: str, rendered: Rendered, data: str, sounds: Sequence[int]
) -> str:
    """Return a page of widgets.

    Parameters
    ----------
    sheet
        What all pages have.
    url
        That of the page, or of the first of its chapters: one of ``sheet.pages``.
    rendered, data
        Its widgets, and what `page_data` says of them.
    sounds
        The items that have a sound in this export.
    """
    scripts = _scripts(rendered.models)
    own = next(page for page in sheet.pages if page["url"] == url)
    # plotly.min.js is a file beside the pages; everything else stands in them.
    sources = ["'self'", *(script.hash for script in scripts)]
    return _template("page.html.j2").render(
        title=own["title"],
        description=own["description"],
        policy=_POLICY.format(scripts=" ".join(sources)),
        markup=rendered.markup,
        data=data,
        sounds=json.dumps(list(sounds)),
        scripts=scripts,
        styles=list(dict.fromkeys(str(model._css) for model in rendered.models)),
        **_said(sheet, current=url),
    )


def _said(sheet: Sheet, current: str = "") -> dict[str, Any]:
    pages = [{**page, "current": page["url"] == current} for page in sheet.pages]
    return {"workspace": sheet.workspace, "snapshot": sheet.snapshot, "pages": pages}


def _scripts(models: Sequence[anywidget.AnyWidget]) -> list[Script]:
    """Return the scripts of a page: what stands in for Jupyter, each module once, the start."""
    modules = {_key(model): str(model._esm) for model in models}
    return [
        Script((_HERE / "static" / "exported.js").read_text(encoding="utf-8")),
        *(Script(as_script(text, key), module=True) for key, text in modules.items()),
        Script("await workbenchExport.start();", module=True),
    ]


def as_script(esm: str, key: str) -> str:
    """Return a widget's module as one that stands in a page, from where nobody can import it.

    Raises
    ------
    ValueError
        If it has not one ``export default`` at the beginning of a line.

    Examples
    --------
    >>> as_script("export default { render() {} };", "maps")
    'globalThis.workbenchExport.esms["maps"] = { render() {} };'
    """
    place = f"globalThis.workbenchExport.esms[{json.dumps(key)}] = "
    script, count = _DEFAULT.subn(lambda _: place, esm)
    if count != 1:
        raise ValueError(f"the module {key} has {count} default exports instead of one")
    return script.replace("</script", "<\\/script")


def _key(model: anywidget.AnyWidget) -> str:
    return f"{type(model).__name__}-{hashlib.sha256(str(model._esm).encode()).hexdigest()[:8]}"


def page_data(models: Sequence[anywidget.AnyWidget], answers: Sequence[Answers]) -> str:
    """Return the JSON of what the widgets hold, and of what follows from a click on each."""
    pack = Pack()
    told = [
        f'{{"esm":{script_text(json.dumps(_key(model)))},"state":{pack.add(state_of(model))},'
        f'"answers":{_packed(pack, answer)}}}'
        for model, answer in zip(models, answers, strict=True)
    ]
    return f'{{"models":[{",".join(told)}],"shared":[{",".join(pack.shared)}]}}'


def _packed(pack: Pack, answers: Answers) -> str:
    """Return ``{trait: [[value, [[widget, trait, value], ...]], ...]}`` as JSON.

    In the place of changes there may be the address of another page.
    """
    told = (
        f"{json.dumps(trait)}:["
        + ",".join(f"[{pack.add(value)},{_follows(pack, after)}]" for value, after in pairs)
        + "]"
        for trait, pairs in answers.items()
    )
    return f"{{{','.join(told)}}}"


def _follows(pack: Pack, after: dict[tuple[int, str], Any] | str) -> str:
    if isinstance(after, str):
        return script_text(json.dumps(after))
    changes = (
        f"[{place},{json.dumps(trait)},{pack.add(value)}]"
        for (place, trait), value in after.items()
    )
    return f"[{','.join(changes)}]"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Return our templates, with the header and the look of the served pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    import workbench.server as server

    served = Path(str(server.__file__)).parent / "templates"
    folders = [_HERE / "templates", _HERE / "static", served]
    return Environment(  # the templates escape, where they are not given markup
        loader=FileSystemLoader(folders), undefined=StrictUndefined, trim_blocks=True
    )


def _template(name: str) -> Any:
    return _templates().get_template(name)
