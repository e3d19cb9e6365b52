#!/bin/sh
# The exact way to the shipped network: training/ship.sh DATA
#
# The run begins with the network that shipped before, and learns both truths and what it and another
# teacher say of each varied picture. It is made twice: first without the validation part, on which its
# label head is fitted again and both heads are calibrated, then with it, and takes these over. The
# second one ships: it is entered into the leaderboard, measured, converted and verified. A run that was
# stopped goes on where it was. training/README.md says how the teachers came to be.
set -eu
data=${1:?give the data: training/ship.sh path/to/fer2013}
cd "$(dirname "$0")/.."
python=.venv/bin/python
chosen=student-c
run=student-c-all

learn() { # as settings say, with these options more
  $python -m training.train "$data" --start training/teachers/two-heads \
    --teachers training/teachers/two-heads training/teachers/face-c --teacher-share 0.8 \
    --phases 48x18 --learning-rate 1.5e-3 --warmup 0.5 --mixup 0.2 --erase 0.45 \
    --gamma 0.4 --blur 0.6 --noise 4 --dtype mixed_bfloat16 --export last "$@"
}

learn --run "$chosen"
$python -m training.runs "$data" --run "$chosen" \
  --note "two heads: goes on from two-heads, taught by it and face-c"
learn --run "$run" --validation 0
$python -m training.runs "$data" --run "$run" --note "student-c that learns from the validation part too"
$python -m training.refit "$data" --run "$chosen-refit" --of "$chosen"
$python -m training.runs "$data" --run "$chosen-refit" \
  --note "student-c, its label head fitted again on the validation part"
$python -m training.refit "$data" --run "$run-refit" --of "$run" --fitted-on "$chosen"
$python -m training.runs "$data" --run "$run-refit" \
  --note "student-c-all, its label head mapped as student-c-refit's"
$python -m training.calibrate "$data" --run "$run-refit" --temperatures-of "$chosen-refit"
make evaluate DATA="$data"
make convert DATA="$data"
make verify DATA="$data"
