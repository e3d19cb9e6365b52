"""Install the packages that this project is measured beside in the browser."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers-web"
PEER_PACKAGES = ("@vladmandic/face-api@1.7.15", "@vladmandic/human@3.3.6")


def install_peers() -> Path:
    """Return the folder of the peers' packages, which is made on first use."""
    if not (PEERS / "ready").exists():
        PEERS.mkdir(exist_ok=True)
        (PEERS / "package.json").write_text("{}\n")
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PEER_PACKAGES]
        subprocess.run(command, cwd=PEERS, check=True, stdout=subprocess.DEVNULL)
        # Human takes TensorFlow.js's .wasm files from a folder of the host.
        wasm = ROOT / "web/node_modules/@tensorflow/tfjs-backend-wasm/dist"
        (PEERS / "wasm").mkdir(exist_ok=True)
        for file in wasm.glob("*.wasm"):
            (PEERS / "wasm" / file.name).write_bytes(file.read_bytes())
        (PEERS / "ready").touch()
    return PEERS
