"""Tracks: who is followed, who is new, and a run that goes on where another stopped."""

import pytest
from emoji_edge.track import Tracker, measure_overlap


def move(box, across):
    return (box[0] + across, box[1], box[2] + across, box[3])


LEFT, RIGHT = (0.0, 0.0, 10.0, 10.0), (30.0, 0.0, 40.0, 10.0)


def test_overlap():
    assert measure_overlap(LEFT, LEFT) == 1
    assert measure_overlap(LEFT, move(LEFT, 5)) == pytest.approx(1 / 3)
    assert measure_overlap(LEFT, move(LEFT, 10)) == 0
    assert measure_overlap(LEFT, RIGHT) == 0


def test_two_faces_keep_their_tracks_in_whatever_order_they_come():
    tracker = Tracker(0.3, 0.5)
    for n in range(20):
        boxes = [move(LEFT, n / 2), move(RIGHT, -n / 2)]
        tracks = tracker.follow_faces(boxes[:: 1 if n % 2 else -1], n / 25)
        assert sorted(tracks) == [1, 2]
        assert tracks == ([2, 1] if n % 2 else [1, 2])


def test_the_largest_overlap_wins():
    tracker = Tracker(0.1, 0.5)
    assert tracker.follow_faces([LEFT, move(LEFT, 6)], 0) == [1, 2]
    # Both new faces overlap both tracks; the second fits track 1 best.
    assert tracker.follow_faces([move(LEFT, 5), move(LEFT, 1)], 0.04) == [2, 1]


def test_a_short_gap_joins_and_a_long_one_does_not():
    tracker = Tracker(0.3, 0.5)
    assert tracker.follow_faces([LEFT], 0.0) == [1]
    assert tracker.follow_faces([], 0.25) == []
    assert tracker.follow_faces([LEFT], 0.5) == [1]
    assert tracker.follow_faces([], 0.75) == []
    assert tracker.follow_faces([], 1.0) == []
    assert tracker.follow_faces([LEFT], 1.25) == [2]


def test_neighbouring_frames_join_however_far_apart():
    tracker = Tracker(0.3, 0.5)
    assert [tracker.follow_faces([LEFT], 10.0 * n) for n in range(3)] == [[1]] * 3


def test_a_face_that_jumps_is_new():
    tracker = Tracker(0.3, 0.5)
    assert tracker.follow_faces([LEFT], 0.0) == [1]
    assert tracker.follow_faces([move(LEFT, 6)], 0.04) == [2]  # 4 / 16 in common


def test_replayed_frames_leave_the_same_state():
    frames = [[LEFT], [LEFT, RIGHT], [], [RIGHT], [move(LEFT, 1), RIGHT], [LEFT]]
    whole = Tracker(0.3, 0.05)
    tracks = [whole.follow_faces(boxes, n / 25) for n, boxes in enumerate(frames)]
    for stop in range(len(frames)):
        again = Tracker(0.3, 0.05)
        for n in range(stop):
            again.place_faces(tracks[n], frames[n], n / 25)
        rest = [again.follow_faces(frames[n], n / 25) for n in range(stop, len(frames))]
        assert rest == tracks[stop:]
