"""What a command of ours depends on, read from the sources: the files it imports and the sections it loads."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "curate", "features", "triplets", "train")


def imports(tree: ast.AST) -> set[str]:
    """The files of ours that `tree` imports, relative to the root; what only a type checker sees left out."""
    found: set[str] = set()
    for node in _seen_at_run_time(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] in PACKAGES:
                found |= _files(name)
    return found


def command(stage: str, function: str) -> tuple[set[str], set[str]]:
    """The files and the `params.yaml` sections behind the function `function` of `<stage>/cli.py`."""
    path = ROOT / stage / "cli.py"
    tree = ast.parse(path.read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    reached: dict[str, ast.FunctionDef] = {}
    waiting = [function]
    while waiting:
        name = waiting.pop()
        reached[name] = functions[name]
        used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        waiting += [other for other in used & set(functions) if other not in reached]
    module_level = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    files = {f"{stage}/cli.py"} | _packages(f"{stage}/cli.py")
    for part in [module_level, *reached.values()]:
        files |= imports(part)
    files = _closed(files)
    sections = {
        node.args[1].value
        for part in reached.values()
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load"
        if isinstance(node.args[1], ast.Constant)
    }
    # A package's empty __init__.py says nothing that a change could alter.
    return {file for file in files | _beside(files) if (ROOT / file).read_text().strip()}, sections


def _beside(files: set[str]) -> set[str]:
    """The YAML files that stand beside one of `files` and that it names."""
    named = {
        Path(file).with_name(node.value)
        for file in files
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".yaml")
        if "/" not in node.value
    }
    return {path.as_posix() for path in named if (ROOT / path).is_file()}


def _closed(files: set[str]) -> set[str]:
    closed: set[str] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in closed:
            closed.add(file)
            # Every cli.py imports all of its stage, command by command; only the command's own imports count.
            if not file.endswith("/cli.py") or file == "core/cli.py":
                waiting += imports(ast.parse((ROOT / file).read_text()))
    return closed


def _seen_at_run_time(tree: ast.AST) -> list[ast.AST]:
    seen: list[ast.AST] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        seen.append(node)
        waiting += ast.iter_child_nodes(node)
    return seen


def _files(name: str) -> set[str]:
    path = Path(*name.split("."))
    if (ROOT / path).with_suffix(".py").is_file():
        return {path.with_suffix(".py").as_posix()} | _packages(path.as_posix())
    if (ROOT / path / "__init__.py").is_file():
        return {(path / "__init__.py").as_posix()} | _packages(path.as_posix())
    return set()


def _packages(path: str) -> set[str]:
    return {(parent / "__init__.py").as_posix() for parent in Path(path).parents if parent != Path()}
