"""Where the scripts under test are: importing this makes `corpora` importable."""

import sys
from pathlib import Path

DATASETS = Path(__file__).resolve().parents[2] / "Models" / "Datasets"
sys.path.insert(0, str(DATASETS))
