"""The product's own source: nothing runs what a file says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import workbench

SOURCE = Path(workbench.__file__).parent
# What runs or unpacks code, and the one place each that may, with the reason.
ALLOWED = {
    ("publishing/dashboards.py", "exec"): "the cells of our own dashboards, for an export",
    ("publishing/dashboards.py", "eval"): "the cells of our own dashboards, for an export",
    ("publishing/dashboards.py", "compile"): "the cells of our own dashboards, for an export",
    ("encoders/declared.py", "exec_module"): "a Python encoder that workbench.toml names",
    ("training/base_state.py", "torch.load"): "weights_only, which runs no code",
    ("cluster/child.py", "pickle.load"): "from the process that started this one, by a pipe",
    ("cluster/child.py", "pickle.loads"): "from the process that started this one, by a pipe",
    ("cluster/children.py", "pickle.load"): "from a process of our own, by a pipe",
    ("cluster/children.py", "pickle.loads"): "from a process of our own, by a pipe",
}
_DANGEROUS = {
    *("eval", "exec", "compile", "exec_module", "os.system", "os.popen", "torch.load"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads"),
    *("shelve.open", "joblib.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load"),
    *("pd.read_pickle", "pandas.read_pickle", "dill.load", "dill.loads", "cloudpickle.loads"),
}
_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the product by its path."""
    for file in sorted(SOURCE.rglob("*.py")):
        yield file.relative_to(SOURCE).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    """Return what is called; of a method of something computed, its name alone."""
    text = ast.unparse(call.func)
    return (
        text if text in _DANGEROUS else text.rpartition(".")[2] if "exec_module" in text else text
    )


def given(call: ast.Call, option: str) -> str | None:
    """Return what a call says of an option, None where it does not."""
    return next((ast.unparse(k.value) for k in call.keywords if k.arg == option), None)


def test_nothing_runs_code_but_where_it_is_meant() -> None:
    found = {(path, name_of(call)) for path, tree in trees() for call in calls(tree)}
    assert {pair for pair in found if pair[1] in _DANGEROUS} == set(ALLOWED)


def test_only_processes_that_work_together_unpickle() -> None:
    for path, tree in trees():
        if path.startswith("cluster/"):
            continue  # what reaches them is in the threat model: their own pipes, and Dask
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not _MODULES & {name.partition(".")[0] for name in names}, path


def test_weights_and_arrays_are_read_without_objects() -> None:
    for path, tree in trees():
        for call in calls(tree):
            name = ast.unparse(call.func)
            if name == "torch.load":
                assert given(call, "weights_only") == "True", path
            if name == "np.load" or name.endswith("format.read_array"):
                assert given(call, "allow_pickle") in (None, "False"), path
            assert given(call, "shell") in (None, "False"), path


def test_the_scan_finds_what_it_looks_for() -> None:
    bad = "import os\nos.system('x')\neval('1')\nspec.loader.exec_module(m)\ntorch.load(f)\n"
    found = {name_of(call) for call in calls(ast.parse(bad))}
    assert found == {"os.system", "eval", "exec_module", "torch.load"}
