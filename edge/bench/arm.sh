#!/usr/bin/env bash
# Install the wheel on emulated Arm, 64 and 32 bits, as edge/README.md says, run the self-test there
# and hold the results of photos against this machine's.
#
# usage: sudo edge/bench/arm.sh [arm64|armhf]...   (both by default; about 15 minutes each, then 3)
# needs: apt-get install qemu-user-static binfmt-support debootstrap; 1.5 GB in .cache/arm (or $ARM)
set -euo pipefail
cd "$(dirname "$0")/../.."
CACHE=${ARM:-$PWD/.cache/arm}
PYTHON=.venv/bin/python
PHOTOS=(models/golden/photos/portrait.jpg models/golden/photos/group.jpg models/golden/photos/sideways.jpg)
PACKAGES=python3,python3-venv,python3-pip,python3-numpy,python3-pil,python3-tqdm

prepare_emulator() {
  mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  update-binfmts --enable qemu-aarch64
  update-binfmts --enable qemu-arm
}

# A command in the root file system, without this machine's settings.
inside() {
  local root=$1
  shift
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# Debian bookworm for the architecture, with the Python packages that Raspberry Pi OS has.
make_root() {
  local arch=$1 root=$2
  [ -e "$root/.ready" ] && return
  echo "$arch: making Debian bookworm (a few minutes)"
  debootstrap --arch="$arch" --foreign --variant=minbase --include="$PACKAGES" bookworm "$root" >"$root.log" 2>&1
  inside "$root" /debootstrap/debootstrap --second-stage >>"$root.log" 2>&1
  touch "$root/.ready"
}

build_wheel() {
  rm -rf "$CACHE/wheel"
  "$PYTHON" -m pip wheel --quiet --no-deps --wheel-dir "$CACHE/wheel" .
}

# 64 bits: the wheel and what it asks for, into an environment of its own.
install_arm64() {
  local root=$1
  "$PYTHON" -m pip download --quiet --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_17_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 \
    --dest "$root/wheels" "$CACHE"/wheel/*.whl
  inside "$root" python3 -m venv --clear /env
  inside "$root" /env/bin/pip install --quiet --no-index --find-links /wheels emoji-edge
}

# 32 bits: Debian's numpy, Pillow and tqdm; the rest and the wheel without dependencies.
install_armhf() {
  local root=$1
  mkdir -p "$root/wheels"
  cp "$CACHE"/wheel/*.whl "$root/wheels"
  "$PYTHON" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_34_armv7l --dest "$root/wheels" tflite-runtime==2.14.0 fastjsonschema
  inside "$root" python3 -m venv --clear --system-site-packages /env
  inside "$root" /env/bin/pip install --quiet --no-deps --no-index --find-links /wheels \
    tflite-runtime fastjsonschema emoji-edge
}

check() {
  local arch=$1 root=$CACHE/$1
  make_root "$arch" "$root"
  rm -rf "$root/wheels"
  "install_$arch" "$root"
  mkdir -p "$root/photos"
  cp "${PHOTOS[@]}" "$root/photos"
  # /proc for the number of cores; not /sys, whose description of this machine's processor would
  # make the runtime's detection of an Arm one crash.
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  local names=("${PHOTOS[@]##*/}")
  (cd models/golden/photos && "$OLDPWD/.venv/bin/emoji-edge" "${names[@]}" --top 7 --format jsonl) >"$CACHE/here.jsonl"
  echo "== $arch"
  inside "$root" /env/bin/emoji-edge --info >"$CACHE/$arch.info"
  inside "$root" /env/bin/emoji-edge --self-test | tee "$CACHE/$arch.selftest" || true # judged below
  inside "$root" sh -c "cd /photos && /env/bin/emoji-edge ${names[*]} --top 7 --format jsonl" >"$CACHE/$arch.jsonl"
  "$PYTHON" -m edge.bench.arm "$arch" "$CACHE"/{here,$arch}.jsonl "$CACHE/$arch".{info,selftest} || failed=1
  umount "$root/proc"
}

mkdir -p "$CACHE"
prepare_emulator
build_wheel
failed=0
for arch in "${@:-arm64 armhf}"; do
  for one in $arch; do check "$one"; done
done
[ "$failed" = 0 ] && echo "emulated Arm passed" || echo "emulated Arm FAILED"
exit "$failed"
