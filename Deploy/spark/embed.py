#!/usr/bin/env python3
"""Embeds the rows of Parquet or JSON Lines on Apache Spark, through one grace-server on each host.

    spark-submit Deploy/spark/embed.py --input texts.jsonl --output /shared/vectors --server /opt/grace/grace-server \\
        --models /opt/grace/Models

Begun again with the same options it goes on where it was ended. docs/spark.md says what it writes, and what it needs on
the hosts.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from grace_spark import host_server, job
from grace_spark.manifest import ManifestError
from grace_spark.service import ServiceError

HERE = Path(__file__).resolve().parent
# What a task says when it fails, inside what Spark says of that.
TASK_ERROR = re.compile(r"^(?:grace_spark\.\w+\.)?\w+Error: (.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="docs/spark.md has the rest.")
    data = parser.add_argument_group("data")
    data.add_argument("--input", nargs="+", required=True, help="files or directories, at any address that Spark reads")
    data.add_argument("--output", type=Path, required=True, help="a directory that all hosts have in common")
    data.add_argument("--format", choices=(job.PARQUET, job.LINES), help="of the input; by its first name if left out")
    data.add_argument("--id-column", default="id")
    data.add_argument("--text-column", default="text")
    data.add_argument("--chunk-rows", type=positive, default=2000, help="about how many rows an output file has")
    server = parser.add_argument_group("server")
    which = server.add_mutually_exclusive_group(required=True)
    which.add_argument("--server", help="the grace-server that each host runs")
    which.add_argument("--service", help="the URL of a service that runs already")
    server.add_argument("--models", help="the directory of checkpoints on each host")
    server.add_argument("--model", help="the checkpoint, if not the server's default")
    server.add_argument("--server-options", type=shlex.split, default=[], help="what else the server is given")
    server.add_argument("--server-per", choices=("host", "executor"), default="host", help="who shares a server")
    server.add_argument("--api-key-file", type=Path, help="a file with the service's key, on the driver's host")
    server.add_argument("--requests", type=positive, default=2, help="how many a task has under way")
    server.add_argument("--patience-seconds", type=float, default=300, help="for a server that has no room or is gone")
    fields = parser.add_argument_group("vectors", "the fields of a request, as in docs/api.md")
    fields.add_argument("--rationales", action="store_true", help="writes the rationales as well")
    fields.add_argument("--max-rationale-tokens", type=int)
    fields.add_argument("--temperature", type=float)
    fields.add_argument("--top-p", type=float)
    fields.add_argument("--seed", type=int)
    fields.add_argument("--dimensions", type=int)
    fields.add_argument("--prompt-name")
    fields.add_argument("--no-normalize", action="store_true")
    fields.add_argument("--truncate", choices=("none", "right", "left"), default="none",
                        help="which end of a text that is too long is cut off; with none it is rejected")
    options = parser.parse_args(arguments)
    if options.server and not options.models:
        parser.error("--server needs --models")
    if options.service and (options.models or options.server_options):
        parser.error("--models and --server-options are for --server")
    return options


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def fields_of(options: argparse.Namespace) -> dict[str, Any]:
    """What every request has beside its texts; what was not said is left out."""
    names = ("max_rationale_tokens", "temperature", "top_p", "seed", "dimensions", "prompt_name")
    fields = {name: value for name in names if (value := getattr(options, name)) is not None}
    fields["truncate"] = options.truncate != "none"
    if options.truncate == "left":
        fields["truncation_direction"] = "left"
    if options.no_normalize:
        fields["normalize"] = False
    return fields


def settings_of(options: argparse.Namespace, application: str) -> job.Settings:
    """Raises ValueError, OSError."""
    output = Path(re.sub(r"^file:(//)?(?=/)", "", str(options.output)))
    if re.match(r"\w+:", str(options.output)) and output == options.output:
        raise ValueError(f"the output must be a directory that all hosts have in common, not {options.output}")
    is_parquet = options.format == job.PARQUET or options.format is None and Path(options.input[0]).suffix == ".parquet"
    server = None
    if options.server:
        server = host_server.of_binary(application, options.server, options.models, options.model,
                                       options.server_options, options.server_per == "executor")
    return job.Settings(
        inputs=options.input, format=job.PARQUET if is_parquet else job.LINES, output=output.absolute(),
        id_column=options.id_column, text_column=options.text_column, fields=fields_of(options),
        rationales=options.rationales, chunk_rows=options.chunk_rows, requests=options.requests,
        patience=options.patience_seconds, server=server, url=options.service or "",
        checkpoint=options.model if options.service else None,
        key=options.api_key_file.read_text().split()[0] if options.api_key_file else None)


def ship(context: SparkContext, directory: Path) -> None:
    """Has executors import what is beside this file, out of an archive that is there until the end.

    Without effect where spark-submit has been told of such an archive (--py-files).
    """
    package = HERE / "grace_spark"
    if package.is_dir():
        archive = directory / "grace_spark.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for module in sorted(package.glob("*.py")):
                file.write(module, f"{package.name}/{module.name}")
        context.addPyFile(str(archive))


def reason(error: Exception) -> str:
    """What went wrong in a line, of a task or here."""
    found = TASK_ERROR.search(str(error))
    return found[1] if found else f"{type(error).__name__}: {error}"


def main() -> None:
    options = parsed()
    spark = SparkSession.builder.appName("grace embed").getOrCreate()
    try:
        with tempfile.TemporaryDirectory() as directory:
            ship(spark.sparkContext, Path(directory))
            summary = job.run(spark, settings_of(options, spark.sparkContext.applicationId))
        print(json.dumps(dataclasses.asdict(summary)))
    except (job.InputError, ManifestError, ServiceError, ValueError, OSError) as error:
        sys.exit(f"embed.py: {error}")
    except Exception as error:  # of Spark, with the words of a task in it
        sys.exit(f"embed.py: {reason(error)}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
