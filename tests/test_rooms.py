"""The house: imports run down, no folders in a circle, nothing too long, docstrings that say it."""

from pathlib import Path

import pytest

from tests.helpers import rooms

ROOT = Path(__file__).parents[1]
LIBRARY, REPORT = "edge/emoji_edge", "models/report.py"
# Each room, and the rooms below it that its code may import. A file can be a room of its own.
ROOMS: dict[str, tuple[str, ...]] = {
    LIBRARY: (),
    "edge/emoji_edge/exam": (LIBRARY,),
    "edge/emoji_edge/cli": (LIBRARY, "edge/emoji_edge/exam"),
    "edge/emoji_edge/cluster": (LIBRARY,),
    "edge/emoji_edge/__main__.py": ("edge/emoji_edge/cli",),
    "edge/manual.py": (LIBRARY, "edge/emoji_edge/cli"),
    "edge/bench": (
        LIBRARY,
        "edge/emoji_edge/exam",
        "edge/emoji_edge/cli",
        "edge/emoji_edge/cluster",
        REPORT,
    ),
    REPORT: (),
    "models": (REPORT,),
    "training": (LIBRARY, REPORT),
    "convert": (LIBRARY, REPORT, "training", "web/host"),
    "web/host": (),
    "web/config": (),
    "web/pipeline": (),
    "web/page": ("web/pipeline",),
    "web/server": (LIBRARY, "convert"),
    "web/bench": (LIBRARY, "edge/emoji_edge/exam", REPORT, "web/host", "web/server"),
}
FOLDERS = ("edge", "models", "training", "convert", "web")
LONGEST_MODULE, LONGEST_FUNCTION, FEWEST_WORDS = 350, 45, 5
NAMES = rooms.list_code(ROOT, *FOLDERS)
IMPORTS = rooms.read_imports(ROOT, NAMES)


def test_the_house_is_read():
    """That the guards below see the code at all."""
    assert len(NAMES) > 100
    assert "edge/emoji_edge/contract.py" in IMPORTS["edge/emoji_edge/classify.py"]
    assert "models/report.py" in IMPORTS["training/evaluate.py"]
    assert "web/pipeline/contract.js" in IMPORTS["web/pipeline/index.js"]
    assert "web/host/site.js" in IMPORTS["convert/verify/runners/web/run.mjs"]


def test_imports_run_down():
    assert rooms.list_wrong_imports(IMPORTS, ROOMS) == []


def test_nothing_imports_a_command():
    assert rooms.list_command_imports(IMPORTS) == []


def test_no_folders_stand_in_a_circle():
    assert rooms.find_circles(IMPORTS, ROOMS) == []


def test_web_holds_folders_beside_its_manifest():
    files = {file.name for file in (ROOT / "web").iterdir() if file.is_file()}
    assert files <= {"README.md", "package.json", "package-lock.json"}


def test_modules_and_functions_are_short():
    assert rooms.list_long_modules(ROOT, NAMES, LONGEST_MODULE) == []
    assert rooms.list_long_functions(ROOT, NAMES, LONGEST_FUNCTION) == []


def test_every_public_docstring_says_it_in_a_sentence():
    assert rooms.list_short_docstrings(ROOT, NAMES, FEWEST_WORDS) == []


# ---- negative controls ---------------------------------------------------------------------------


@pytest.fixture
def build(tmp_path):
    """What writes a small house: files by name, and returns their names and imports."""

    def write(files: dict[str, str]) -> tuple[list[str], rooms.Imports]:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        names = rooms.list_code(tmp_path, "training", "convert", "web", "edge")
        return names, rooms.read_imports(tmp_path, names)

    return write


@pytest.mark.parametrize(
    "line",
    [
        "import convert.verify.gate",
        "from convert.verify import gate",
        "from convert.verify.gate import check",
        "def late():\n    from convert.verify import gate",
    ],
)
def test_an_import_that_runs_up_in_python_is_found(build, line):
    _, imports = build({"training/train.py": line, "convert/verify/gate.py": ""})
    assert rooms.list_wrong_imports(imports, ROOMS) == [
        "training/train.py imports convert/verify/gate.py"
    ]


@pytest.mark.parametrize(
    "line",
    [
        'import { show } from "../page/show.js";',
        'export * from "../page/show.js";',
        'const { show } = await import("../page/show.js");',
        'import "../page/show.js";',
    ],
)
def test_an_import_that_runs_up_in_javascript_is_found(build, line):
    _, imports = build({"web/pipeline/index.js": line, "web/page/show.js": ""})
    assert rooms.list_wrong_imports(imports, ROOMS) == [
        "web/pipeline/index.js imports web/page/show.js"
    ]


def test_the_packages_own_name_is_followed_in_javascript(build):
    text = 'import "emoji-edge";\nimport { write } from "emoji-edge/rows.js";'
    files = {f"web/{name}.js": "" for name in ("pipeline/index", "pipeline/rows")}
    _, imports = build(files | {"web/host/site.js": text})
    assert rooms.list_wrong_imports(imports, ROOMS) == [
        "web/host/site.js imports web/pipeline/index.js",
        "web/host/site.js imports web/pipeline/rows.js",
    ]


def test_a_relative_import_and_the_installed_package_are_followed(build):
    _, imports = build({
        "edge/emoji_edge/face.py": "from .cli import main\nfrom .image import crop",
        "edge/emoji_edge/image.py": "",
        "edge/emoji_edge/cli/__init__.py": "from ..image import crop",
        "convert/tflite.py": "from emoji_edge.image import crop\nimport numpy",
    })  # fmt: skip
    assert imports["convert/tflite.py"] == ["edge/emoji_edge/image.py"]
    assert imports["edge/emoji_edge/cli/__init__.py"] == ["edge/emoji_edge/image.py"]
    assert rooms.list_wrong_imports(imports, ROOMS) == [
        "edge/emoji_edge/face.py imports edge/emoji_edge/cli/__init__.py"
    ]


def test_a_file_in_no_room_is_found(build):
    _, imports = build({"web/loose.js": ""})
    with pytest.raises(KeyError, match=r"web/loose\.js lies in no room"):
        rooms.list_wrong_imports(imports | {"web/page/show.js": ["web/loose.js"]}, ROOMS)


def test_an_imported_command_is_found(build):
    _, imports = build({
        "convert/verify/__main__.py": "", "convert/tflite.py": "import convert.verify.__main__",
    })  # fmt: skip
    assert rooms.list_command_imports(imports) == [
        "convert/tflite.py imports convert/verify/__main__.py"
    ]


def test_a_circle_of_three_folders_is_found(build):
    _, imports = build({
        "web/page/a/one.js": 'import "../b/two.js";',
        "web/page/b/two.js": 'import "../c/three.js";',
        "web/page/c/three.js": 'import "../a/other.js";',
        "web/page/a/other.js": "",
        "web/page/main.js": 'import "./a/one.js";',
    })  # fmt: skip
    assert rooms.find_circles(imports) == [{"web/page/a", "web/page/b", "web/page/c"}]
    assert rooms.find_circles(imports, alone=["web/page/a/other.js"]) == []


def test_what_is_too_long_or_says_too_little_is_found(build, tmp_path):
    names, _ = build({
        "convert/long.py": "def one():\n    '''Add one to a number.'''\n" + "    x = 1\n" * 9,
        "convert/short.py": "class Box:\n    '''Where a face of the photo is.'''\n\n"
        "    def area(self):\n        '''In pixels.'''\n\n    def _own(self):\n        pass\n\n"
        "def bare():\n    def inner():\n        pass\n",
    })  # fmt: skip
    assert rooms.list_long_modules(tmp_path, names, 10) == [
        "convert/long.py has 11 lines", "convert/short.py has 12 lines",
    ]  # fmt: skip
    assert rooms.list_long_functions(tmp_path, names, 10) == ["convert/long.py: one has 11 lines"]
    assert rooms.list_short_docstrings(tmp_path, names, 5) == [
        "convert/short.py: area: In pixels.", "convert/short.py: bare: no docstring",
    ]  # fmt: skip
