#!/bin/sh
# The exact way to the shipped network, from a checkout with its history: training/ship.sh DATA
#
# The run begins with the network of one head that a commit before holds, learns both truths with two
# heads, and is calibrated, entered into the leaderboard, measured, converted and verified. A run that
# was stopped goes on where it was.
set -eu
data=${1:?give the data: training/ship.sh path/to/fer2013}
cd "$(dirname "$0")/.."
python=.venv/bin/python
work=runs/ship
run=two-heads
one_head=b4a5f9a # the last commit whose models/emoji.h5 has one head

# The run's name for its start is part of its seed: the same path gives the same augmentation.
mkdir -p "$work/models"
[ -s "$work/models/emoji.h5" ] || git show "$one_head:models/emoji.h5" > "$work/models/emoji.h5"
$python -m training.train "$data" --runs "$work/runs" --run "$run" --start ../models/emoji.h5 \
  --phases 48x14 --learning-rate 1.2e-3 --warmup 0.5 --mixup 0.2 --erase 0.45 --export last
$python -m training.calibrate "$data" --runs "$work/runs" --run "$run"
$python -m training.runs "$data" --runs "$work/runs" --run "$run" \
  --note "two heads: goes on from mix-50-mean6, votes and labels at once"
make evaluate DATA="$data"
make convert DATA="$data"
make verify DATA="$data"
