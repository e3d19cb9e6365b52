"""Shards, and a Ray cluster of two nodes that loses a worker, a node, and its driver."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from emoji_edge.cluster import main, places, shards
from emoji_edge.cluster.local import start_cluster
from emoji_edge.cluster.options import ClusterOptions
from emoji_edge.cluster.places import ClusterError, put_table, walk_files
from emoji_edge.cluster.plan import cut_shards, plan_shards, read_run
from emoji_edge.cluster.results import read_results
from emoji_edge.cluster.shards import ShardMaker
from emoji_edge.console import CANNOT_RUN, INTERRUPTED, SOME_FAILED
from emoji_edge.contract import load_contract
from emoji_edge.listing import Photo, list_photos
from emoji_edge.rows import list_columns
from PIL import Image
from pyarrow import fs

from tests.edge.test_batch import Deadly
from tests.helpers.cluster_runs import (
    CLUSTER,
    count_shards,
    find_workers,
    start_run,
    wait_until,
)  # fmt: skip
from tests.helpers.photos import encode, make_scene

KINDS = (
    encode(make_scene((200, 200), (0, 0, 200)), "JPEG"),
    encode(make_scene((400, 220), (0, 10, 200), (200, 10, 190)), "JPEG"),
    encode(Image.new("RGB", (90, 90), "white")),
    b"broken",
)


@pytest.fixture(scope="module")
def album(tmp_path_factory) -> Path:
    """Forty small photos in two folders: portraits, pairs, plain ones and broken ones."""
    folder = tmp_path_factory.mktemp("album")
    (folder / "sub").mkdir()
    for i in range(39):
        (folder / ("sub" if i % 3 else "") / f"{i:02}.jpg").write_bytes(KINDS[i % 4])
    (folder / "gone.jpg").symlink_to("nowhere")
    return folder


@pytest.fixture(scope="module")
def expected(album, tmp_path_factory) -> dict:
    """The one-machine results."""
    return run_edge(album, tmp_path_factory.mktemp("expected") / "results.jsonl")


def run_edge(album: Path, output: Path) -> dict:
    """The results of the one-machine command, by photo."""
    command = [sys.executable, "-m", "emoji_edge", str(album), "--recursive"]
    subprocess.run([*command, "--output", str(output)], stderr=subprocess.DEVNULL, check=False)
    lines = output.read_text(encoding="utf-8").splitlines()
    return {result["photo"]: result for result in map(json.loads, lines)}


def make_all(album: Path, output: Path, careful: bool = False, **options: object) -> list[dict]:
    """Plan and make every shard without Ray; each one's counts."""
    run = read_run(ClusterOptions(str(album), str(output), **options))
    maker = ShardMaker(run, careful)
    return [maker.make_shard(number) for number in range(plan_shards(run))]


def test_walking_a_file_system_lists_what_the_one_machine_command_lists(tmp_path):
    for name in ("b.jpg", "a.JPEG", ".h.jpg", "c.txt", "sub/d.png", "sub/e/f.gif", ".git/e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    walked = walk_files(fs.LocalFileSystem(), str(tmp_path), {".jpg", ".jpeg", ".png"})
    listed = [photo.path for photo in list_photos([str(tmp_path)], True)]
    assert sorted([*walked, f"{tmp_path}/sub/e/f.gif"]) == sorted(listed)
    assert len(listed) == 4


def test_shards_have_at_least_their_size_and_lose_nothing():
    entries = [({"path": number}, weight) for number, weight in enumerate((1, 1, 1, 5, 2, 1, 1))]
    cut = list(cut_shards(entries, 3))
    assert [[entry["path"] for entry in shard] for shard in cut] == [[0, 1, 2], [3], [4, 5], [6]]
    assert list(cut_shards([], 3)) == []


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    schema = pa.schema([("a", pa.int32())])

    def break_off():
        yield [{"a": 1}]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_table(str(tmp_path), "a.parquet", schema, break_off())
    assert not [*tmp_path.rglob("*.parquet")]
    for value in (1, 2):
        put_table(str(tmp_path), "a.parquet", schema, [[{"a": value}]])
        assert pq.read_table(tmp_path).to_pylist() == [{"a": value}]

    class Ending:
        """A file system on which the process ends before a file has its name."""

        type_name, create_dir = "local", fs.LocalFileSystem().create_dir
        open_output_stream = fs.LocalFileSystem().open_output_stream

    monkeypatch.setattr(places, "find_place", lambda place: (Ending(), place))
    with pytest.raises(AttributeError, match="move"):
        put_table(str(tmp_path), "a.parquet", schema, [[{"a": 3}]])
    assert pq.read_table(tmp_path).to_pylist() == [{"a": 2}]


def test_shards_hold_the_one_machine_results_and_what_they_are_of(album, expected, tmp_path):
    counts = make_all(album, tmp_path / "out", shard=15)
    assert len(expected) == 40
    assert read_results(tmp_path / "out") == expected
    assert [count["photos"] for count in counts] == [15, 15, 10]
    assert sum(count["errors"] for count in counts) == 10
    table = pq.read_table(tmp_path / "out")
    assert table.schema.metadata[b"labels"] == b"angry,disgust,fear,happy,sad,surprise,neutral"
    for row in table.to_pylist():
        path = Path(row["photo"])
        assert row["contract"] == 1
        if path.name == "gone.jpg":
            assert row["photo_sha256"] is None
            assert row["error"] == "cannot be read (No such file or directory)"
        else:
            assert row["photo_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_shard_has_the_columns_of_the_csv_and_all_scores(album, tmp_path):
    make_all(album, tmp_path / "out", rank_by="label_scores")
    contract = load_contract()
    table = pq.read_table(tmp_path / "out")
    assert table.column_names == [
        *list_columns(contract.top), "scores", "label_scores", "contract",
    ]  # fmt: skip
    faces = [row for row in table.to_pylist() if row["face"] is not None]
    assert len(faces) > 20
    for row in faces:
        assert row["ranked_by"] == "label_scores"
        assert row["label_1"] == contract.labels[int(np.argmax(row["label_scores"]))]
        assert row["score_1"] == pytest.approx(max(row["label_scores"]), abs=1e-6)
        for head in ("scores", "label_scores"):
            assert sum(row[head]) == pytest.approx(1, abs=1e-4)


def test_a_finished_shard_is_left_alone(album, tmp_path):
    first = make_all(album, tmp_path / "out", shard=15)
    (tmp_path / "out" / "part-00000001.parquet").unlink()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}
    again = make_all(album, tmp_path / "out", shard=15)
    assert [counts["made"] for counts in again] == [0, 1, 0]
    assert [now | {"made": 1} for now in again] == first
    assert all(path.stat().st_mtime_ns == written for path, written in times.items())


def test_a_photo_that_ends_its_process_is_an_error_of_its_own(album, tmp_path, monkeypatch):
    good = Photo("good", data=KINDS[0])
    photos = [good, Deadly("deadly"), good]
    monkeypatch.setattr(shards, "read_photos", lambda run, number: iter(photos))
    (counts,) = make_all(album, tmp_path / "out", careful=True)
    assert (counts["photos"], counts["faces"], counts["errors"]) == (3, 2, 1)
    rows = pq.read_table(tmp_path / "out").to_pylist()
    assert [row["photo"] for row in rows] == ["good", "deadly", "good"]
    assert rows[1]["error"] == "ended its process (out of memory?)"


@pytest.fixture
def collection(tmp_path) -> Path:
    """Parquet of seven pictures in row groups of three, and a file that is none."""
    folder = tmp_path / "collection"
    folder.mkdir()
    pictures = [
        {"bytes": data, "path": f"{i}.jpg"} for i, data in enumerate([*KINDS, None, b"", KINDS[0]])
    ]
    table = pa.table({"image": pictures, "label": list(range(7))})
    pq.write_table(table, folder / "a.parquet", row_group_size=3)
    (folder / "b.parquet").write_bytes(b"PAR1 no more")
    return folder


def test_parquet_with_image_bytes(collection, tmp_path, expected):
    make_all(collection, tmp_path / "out", column="image.bytes", shard=4)
    results = read_results(tmp_path / "out")
    names = [f"{collection}/a.parquet#{row}" for row in range(7)]
    assert list(results) == [*names, f"{collection}/b.parquet"]
    assert [len(results[name].get("faces", ())) for name in names] == [1, 2, 0, 0, 0, 0, 1]
    errors = [results[name].get("error") for name in names]
    assert errors == [
        None,
        None,
        None,
        "not a picture",
        "no picture in this row",
        "empty file",
        None,
    ]
    assert results[f"{collection}/b.parquet"]["error"].startswith("not Parquet (")
    same = next(a for a in expected.values() if a["photo"].endswith("/00.jpg"))
    assert results[names[0]]["faces"] == same["faces"]
    make_all(collection, tmp_path / "named", column="image.bytes", id="image.path")
    assert [*read_results(tmp_path / "named")][:7] == [f"{i}.jpg" for i in range(7)]


def test_a_row_group_that_breaks_off_is_an_error_row(collection, tmp_path):
    file = collection / "a.parquet"
    data = bytearray(file.read_bytes())
    at = pq.read_metadata(file).row_group(1).column(0).data_page_offset
    data[at : at + 40] = b"\xff" * 40
    file.write_bytes(data)
    make_all(collection, tmp_path / "out", column="image.bytes")
    results = read_results(tmp_path / "out")
    broken = results[f"{file}#3"]
    assert broken["error"].startswith("this row and the rest of its row group cannot be read (")
    assert [name for name in results if "#" in name] == [f"{file}#{row}" for row in (0, 1, 2, 3, 6)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--face", "whole"], "was begun with face 'auto', and this is 'whole'"),
        (["--model", "int8"], "was begun with model '"),
        (["--shard", "7"], "was begun with shard 15, and this is 7"),
    ],
)
def test_another_run_is_not_continued(album, tmp_path, capsys, options, reason):
    make_all(album, tmp_path / "out", shard=15)
    arguments = [str(album), str(tmp_path / "out"), "--shard", "15", *options]
    assert main(arguments) == CANNOT_RUN
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"emoji-edge-cluster: {tmp_path / 'out'}: ")
    assert reason in line


@pytest.mark.parametrize(
    "case",
    [
        (["none", "out"], "no such file or folder"),
        (["empty", "out"], "no pictures here"),
        (["collection", "out", "--column", "nothing"], "no column nothing, only image.bytes"),
        (["collection", "out", "--column", "label"], "column label does not hold bytes"),
        (["what://x", "out"], "what://x: "),
        (["collection", "out"], "no pictures here; Parquet needs --column"),
        (["one.jpg", "collection/a.parquet"], "a.parquet"),
        (["collection", "out", "--model", "none.tflite"], "none.tflite: no such file"),
        (["one.jpg", "out", "--address", "127.0.0.1:9"], "127.0.0.1:9"),
    ],
)
def test_bad_input_is_one_line(collection, tmp_path, monkeypatch, capfd, case):
    arguments, reason = case
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "one.jpg").write_bytes(KINDS[0])
    assert main(arguments) == CANNOT_RUN
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("emoji-edge-cluster: ")
    assert reason in line


@pytest.mark.parametrize(
    "arguments",
    [[], ["a"], ["a", "b", "--shard", "0"], ["a.parquet", "b"], ["a", "b", "--id", "x"]],
)
def test_bad_options(arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == CANNOT_RUN


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("model_sha256", "0" * 64, "has another model"),
        ("contract_sha256", "0" * 64, "has another contract"),
        ("input", "/nowhere", "does not see /nowhere"),
    ],
)
def test_an_unfit_machine_ends_the_run(album, tmp_path, key, value, reason):
    run = read_run(ClusterOptions(str(album), str(tmp_path / "out")))
    with pytest.raises(ClusterError, match=reason):
        ShardMaker(replace(run, **{key: value}))


def test_without_ray_it_says_what_to_install(tmp_path):
    (tmp_path / "ray.py").write_text("raise ImportError('no Ray')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*CLUSTER, "a", "b"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == CANNOT_RUN
    assert done.stderr == "emoji-edge-cluster: no Ray; pip install 'emoji-edge[cluster]'\n"


def test_the_runner_never_loads_ray():
    code = (
        "import sys, emoji_edge.cli, emoji_edge.cluster; print({'ray', 'pyarrow'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.fixture(scope="module")
def nodes():
    """A Ray cluster of two nodes with a CPU each."""
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def large_photos(tmp_path_factory) -> Path:
    """Forty photos that take a while each; the last is broken."""
    folder = tmp_path_factory.mktemp("large")
    scenes = [make_scene((1600, 1200), *places) for places in ([], [(400, 200, 900)])]
    for i in range(39):
        (folder / f"{i:02}.jpg").write_bytes(encode(scenes[i % 2], "JPEG"))
    (folder / "39.jpg").write_bytes(b"broken")
    return folder


def test_an_interrupted_run_goes_on_with_what_is_missing(nodes, large_photos, tmp_path):
    output = tmp_path / "out"
    process = start_run(large_photos, output, nodes.address)
    wait_until(lambda: count_shards(output) >= 3, process)
    process.send_signal(signal.SIGINT)
    assert process.wait() == INTERRUPTED
    wait_until(lambda: not find_workers())
    before = {path: path.stat().st_mtime_ns for path in output.glob("part-*")}
    assert 3 <= len(before) < 20
    assert start_run(large_photos, output, nodes.address).wait() == SOME_FAILED
    said = output.with_suffix(".log").read_text()
    assert said.startswith("emoji-edge-cluster: 40 photos, 1 failed, ")
    assert said.endswith(f" faces; made {20 - len(before)} of 20 shards now\n")
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert len(read_results(output)) == 40


def test_a_killed_worker_and_a_killed_node_lose_and_double_nothing(nodes, large_photos, tmp_path):
    output = tmp_path / "out"
    expected = run_edge(large_photos, tmp_path / "expected.jsonl")
    process = start_run(large_photos, output, nodes.address)
    wait_until(lambda: len(find_workers()) == 2 and count_shards(output) >= 2, process)
    os.kill(find_workers()[0], signal.SIGKILL)
    wait_until(lambda: count_shards(output) >= 4, process)
    nodes.kill_node()
    assert count_shards(output) < 20
    assert process.wait() == SOME_FAILED
    assert read_results(output) == expected


DEADLY_SIZE = (83, 71)
# Every process of the run ends where a picture of that size is opened, as it would without memory.
DEADLY = f"""
import os, PIL.Image
open_picture = PIL.Image.open
def open_or_end(*arguments, **options):
    image = open_picture(*arguments, **options)
    if image.size == {DEADLY_SIZE}:
        os._exit(9)
    return image
PIL.Image.open = open_or_end
"""


def test_a_photo_that_ends_its_worker_does_not_end_the_run(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    (tmp_path / "album").mkdir()
    deadly = encode(Image.new("RGB", DEADLY_SIZE, "white"), "JPEG")
    for name, data in (("a", KINDS[0]), ("b", deadly), ("c", KINDS[1])):
        (tmp_path / "album" / f"{name}.jpg").write_bytes(data)
    arguments = [str(tmp_path / "album"), str(tmp_path / "out"), "--workers", "1", "--shard", "2"]
    done = subprocess.run([*CLUSTER, *arguments], check=False)
    assert done.returncode == SOME_FAILED
    results = list(read_results(tmp_path / "out").values())
    assert [len(result.get("faces", ())) for result in results] == [1, 0, 2]
    assert results[1]["error"] == "ended its process (out of memory?)"
