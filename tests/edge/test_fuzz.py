"""Mutated photos, a few; `python -m tests.edge.fuzz_photos` runs thousands."""

import pytest

from tests.edge import fuzz_photos


def test_mutated_photos_give_a_result_or_a_clear_error():
    outcomes, crashes = fuzz_photos.fuzz(seed=7, count=250)
    assert crashes == []
    assert sum(outcomes.values()) == 250
    assert outcomes["answered"] > 25
    assert outcomes["refused damaged picture"] > 25


def test_every_seed_is_a_good_photo():
    seeds = fuzz_photos.make_seeds()
    assert len(seeds) > 20
    for data in seeds:
        image = fuzz_photos.Classifier().classify(data)
        assert image.size in ((160, 120), (120, 160))


def test_a_file_depends_on_its_number_alone():
    some = dict(fuzz_photos.make_files(3, 0, 30))
    assert dict(fuzz_photos.make_files(3, 20, 5)) == {n: some[n] for n in range(20, 25)}
    assert len(set(some.values())) > 25


def test_a_crash_is_noticed(monkeypatch):
    monkeypatch.setattr(fuzz_photos.sys, "executable", "/bin/false")
    outcomes, crashes = fuzz_photos.fuzz(seed=1, count=10)
    assert len(crashes) == 1
    assert outcomes["crashed"] == 1


@pytest.mark.parametrize("number", range(3))
def test_mutations_do_change_the_file(number):
    _, data = next(fuzz_photos.make_files(9, number, 1))
    assert data not in fuzz_photos.make_seeds()
