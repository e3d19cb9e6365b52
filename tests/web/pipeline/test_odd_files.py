"""Page and command see the same pixels in odd files; a few of what tests.odd_files asks in full."""

import pytest

from tests.helpers.odd_files import make_odd_files
from tests.odd_files import compare_file, compare_files


@pytest.mark.filterwarnings("ignore")  # Pillow's, on damaged files
def test_page_and_command_see_the_same_in_odd_files():
    answered, different = compare_files(make_odd_files(seed=7, count=40))
    assert different == {}
    assert answered > 20


def test_a_difference_is_seen(tmp_path):
    (path := tmp_path / "a.png").write_bytes(make_odd_files(20, 1)["0000.jpg"][:9])
    assert compare_file({"error": "cut short"}, path, 2) == ""
    assert "only the command refuses it" in compare_file({"size": [1, 1], "pixels": ""}, path, 2)
