"""Where the scripts under test are: importing this makes `shipping` importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "Models" / "Experiments"
SHIP = EXPERIMENTS / "ship"
sys.path.insert(0, str(EXPERIMENTS))
