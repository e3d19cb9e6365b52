"""Read the project's rooms: what imports what, how long things are, what docstrings say."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

CODE = (".py", ".js", ".mjs")
SKIPPED = ("node_modules", "dist", "__pycache__")
PACKAGES = {"emoji_edge": "edge/emoji_edge"}  # where a package lies that is installed by its name
JS_PACKAGES = {"emoji-edge": "web/pipeline"}
JS_IMPORT = re.compile(
    r"""(?:\bfrom|\bimport|\bimport\()\s*["']((?:\.{1,2}/|emoji-edge\b)[^"']*)["']"""
)
Imports = dict[str, list[str]]


def list_code(root: Path, *folders: str) -> list[str]:
    """List the Python and JavaScript files under the folders, relative to the root."""
    files = [file for folder in folders for file in (root / folder).rglob("*") if file.is_file()]
    names = [file.relative_to(root).as_posix() for file in files if file.suffix in CODE]
    return sorted(name for name in names if not {*PurePosixPath(name).parts} & {*SKIPPED})


def read_imports(root: Path, names: list[str]) -> Imports:
    """Read which of these files each of them imports; what is none of them is left out."""
    known = set(names)
    readers = {".py": _read_python, ".js": _read_javascript, ".mjs": _read_javascript}
    found = {name: readers[PurePosixPath(name).suffix](root, name, known) for name in names}
    return {name: sorted(imported - {name}) for name, imported in found.items()}


def _read_javascript(root: Path, name: str, known: set[str]) -> set[str]:
    folder = (root / name).parent
    text = (root / name).read_text(encoding="utf-8")
    paths = {(folder / _find_javascript(root, path)).resolve() for path in JS_IMPORT.findall(text)}
    return {path.relative_to(root.resolve()).as_posix() for path in paths} & known


def _find_javascript(root: Path, path: str) -> Path:
    package, _, inside = path.partition("/")
    if package not in JS_PACKAGES:
        return Path(path)
    return root.resolve() / JS_PACKAGES[package] / (inside or "index.js")


def _read_python(root: Path, name: str, known: set[str]) -> set[str]:
    package = PurePosixPath(name).parent.parts
    found = set()
    for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = [*above, *(node.module or "").split(".")]
            modules = [start, *([*start, alias.name] for alias in node.names)]
        else:
            continue
        found |= {file for module in modules for file in _find_module(module, known)}
    return found


def _find_module(parts: list[str], known: set[str]) -> Iterator[str]:
    words = [part for part in parts if part]
    if not words:
        return
    path = "/".join([PACKAGES.get(words[0], words[0]), *words[1:]])
    yield from (file for file in (f"{path}.py", f"{path}/__init__.py") if file in known)


def find_room(name: str, rooms: dict[str, tuple[str, ...]]) -> str:
    """Find the innermost room that a file lies in; KeyError where it lies in none."""
    inside = [room for room in rooms if name == room or name.startswith(f"{room}/")]
    if not inside:
        raise KeyError(f"{name} lies in no room")
    return max(inside, key=len)


def list_wrong_imports(imports: Imports, rooms: dict[str, tuple[str, ...]]) -> list[str]:
    """List imports out of a room into one that its entry in `rooms` does not name."""
    wrong = []
    for name, imported in imports.items():
        room = find_room(name, rooms)
        for target in imported:
            if find_room(target, rooms) not in (room, *rooms[room]):
                wrong.append(f"{name} imports {target}")
    return wrong


def list_command_imports(imports: Imports) -> list[str]:
    """List imports of a command's module, `__main__`, which only runs."""
    return [
        f"{name} imports {target}"
        for name, imported in imports.items()
        for target in imported
        if target.endswith("/__main__.py")
    ]


def find_circles(imports: Imports, alone: Collection[str] = ()) -> list[set[str]]:
    """Find sets of folders that import each other, straight or through others.

    Files named in `alone` are rooms of their own. So are commands' modules: nothing imports them.
    """

    def find_folder(name: str) -> str:
        own = name in alone or name.endswith("/__main__.py")
        return name if own else str(PurePosixPath(name).parent)

    arrows: dict[str, set[str]] = {}
    for name, imported in imports.items():
        arrows.setdefault(find_folder(name), set()).update(map(find_folder, imported))
    reach = {folder: _find_reach(folder, arrows) for folder in arrows}
    circles = [
        frozenset({folder, *(other for other in seen if folder in reach.get(other, ()))})
        for folder, seen in reach.items()
        if folder in seen
    ]
    return [set(circle) for circle in sorted(set(circles), key=sorted) if len(circle) > 1]


def _find_reach(folder: str, arrows: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [*arrows[folder] - {folder}]
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting += arrows.get(other, set()) - {other}
    return seen


def list_long_modules(root: Path, names: list[str], limit: int) -> list[str]:
    """List files of more lines than the limit, with their number."""
    counts = {name: len((root / name).read_text(encoding="utf-8").splitlines()) for name in names}
    return [f"{name} has {count} lines" for name, count in counts.items() if count > limit]


def list_long_functions(root: Path, names: list[str], limit: int) -> list[str]:
    """List Python functions of more lines than the limit, with their number."""
    found = []
    for name, node in _list_definitions(root, names):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if not isinstance(node, ast.ClassDef) and lines > limit:
            found.append(f"{name}: {node.name} has {lines} lines")
    return found


def list_short_docstrings(root: Path, names: list[str], words: int) -> list[str]:
    """List what is public in Python and whose docstring begins with a line of fewer words."""
    found = []
    for name, node in _list_definitions(root, names):
        line = (ast.get_docstring(node) or "").split("\n")[0]
        if not node.name.startswith("_") and len(line.split()) < words:
            found.append(f"{name}: {node.name}: {line or 'no docstring'}")
    return found


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _list_definitions(root: Path, names: list[str]) -> Iterator[tuple[str, Definition]]:
    for name in names:
        if name.endswith(".py"):
            tree = ast.parse((root / name).read_text(encoding="utf-8"))
            yield from ((name, node) for node in _walk_definitions(tree))


def _walk_definitions(parent: ast.AST) -> Iterator[Definition]:
    # What a function defines for itself is no part of the module; its length counts in the whole.
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Definition):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _walk_definitions(node)
