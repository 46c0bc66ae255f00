"""A cluster of two executors of one core each on this machine, out of PyPI's PySpark."""

from __future__ import annotations

import os
import sys
from pathlib import Path

JOB = Path(__file__).resolve().parents[2] / "Deploy" / "spark" / "embed.py"


def cluster_command(directory: Path, job: list[object]) -> tuple[list[str], dict[str, str]]:
    """What runs the job with these arguments, and the variables that it needs; executors work in the directory."""
    import pyspark

    # Spark writes into its home.
    home = directory / "spark"
    if not home.exists():
        home.mkdir()
        for entry in Path(pyspark.__file__).parent.iterdir():
            (home / entry.name).symlink_to(entry)
    command = [home / "bin" / "spark-submit", "--master", "local-cluster[2,1,2048]", "--driver-memory", "1g",
               "--conf", "spark.executor.memory=1g", "--conf", "spark.ui.enabled=false", JOB, *job]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PATH": path}
    return list(map(str, command)), variables
