"""The job: rows to chunks, chunks to files, each by one task."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pyspark import RDD, TaskContext
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from . import chunks, files, manifest, rows
from .batches import Limits, batches
from .host_server import HostServer
from .manifest import Manifest
from .rows import Place, Read, Rejection, Row
from .service import Answer, Checkpoint, Embedded, Refused, Service, ServiceError, embed_rows

PROBE = "A river."
# The part of a server's cache that a request may ask for, so that others find room beside it.
SHARE = 4
PARQUET, LINES = "parquet", "jsonl"


class InputError(Exception):
    """An input that cannot be read."""


@dataclass(frozen=True)
class Settings:
    """What a run is told.

    - server: what each host runs; without it `url` is of a service that runs already.
    - checkpoint: the name of the service's active one, if it has to be a certain one.
    - fields: what every request has beside its texts.
    - requests: how many each task has under way.
    """

    inputs: list[str]
    format: str
    output: Path
    id_column: str
    text_column: str
    fields: dict[str, Any]
    rationales: bool
    chunk_rows: int
    requests: int
    patience: float
    server: HostServer | None = None
    url: str = ""
    key: str | None = field(default=None, repr=False)
    checkpoint: str | None = None

    def service(self) -> Service:
        return Service(self.server.locate if self.server else lambda: self.url, self.key, self.patience)


@dataclass(frozen=True)
class Summary:
    """What there is at the end of a run; `seconds` are those of reading rows and making chunks of them."""

    rows: int
    embedded: int
    rejected: int
    chunks: int
    chunks_before: int
    seconds: float


def run(spark: SparkSession, settings: Settings) -> Summary:
    """Embeds what is not yet embedded.

    Raises InputError, ManifestError, ServiceError, OSError, and what Spark makes of an error in a task.
    """
    frame = read(spark, settings)
    digest, count = survey(frame)
    kept = manifest.read(settings.output)
    # Where the tasks will run, for the driver's host may not have what they need.
    found, limits = spark.sparkContext.parallelize([0], 1).map(lambda _: probe(settings, kept)).first()
    wanted = dataclasses.replace(
        found, input=digest, rows=count, id_column=settings.id_column, text_column=settings.text_column,
        chunks=kept.chunks if kept else max(1, -(-count // settings.chunk_rows)))
    if kept:
        manifest.hold(kept, wanted)
    else:
        manifest.write(settings.output, wanted)
    before = chunks.done(settings.output)
    pending = sorted(set(range(wanted.chunks)) - before)
    start = time.monotonic()
    if pending:
        keyed = by_chunk(frame, settings, wanted.chunks, pending)
        keyed.foreachPartition(partial(embed_partition, settings, wanted, limits, pending))
    return conclude(settings.output, wanted, len(before), time.monotonic() - start)


def read(spark: SparkSession, settings: Settings) -> DataFrame:
    """The rows of the input: where they stand, and their columns, strings as bytes.

    Raises InputError.
    """
    if settings.format == LINES:
        frame = spark.read.option("lineSep", "\n").text(settings.inputs).where(F.col("value").rlike(r"\S"))
        columns = [F.col("value").cast("binary").alias("line")]
    else:
        frame = spark.read.parquet(*settings.inputs)
        types = {column.name: column.dataType for column in frame.schema.fields}
        columns = [_stored(types, settings.id_column, (T.StringType, T.IntegralType)).alias("id"),
                   _stored(types, settings.text_column, (T.StringType,)).alias("text")]
    places = [F.col("_metadata.file_path").alias("source"), F.col("_metadata.file_block_start").alias("block"),
              F.monotonically_increasing_id().alias("number")]
    file_facts = [F.col("_metadata.file_size").alias("size"), F.col("_metadata.file_modification_time").alias("time")]
    return frame.select(*places, *file_facts, *columns)


def survey(frame: DataFrame) -> tuple[str, int]:
    """A digest of the input's files, and how many rows they have."""
    found = frame.groupBy("source", "size", "time").count().collect()
    lines = sorted(f"{file['source']}\t{file['size']}\t{file['time'].timestamp()}\t{file['count']}\n" for file in found)
    return hashlib.sha256("".join(lines).encode()).hexdigest(), sum(file["count"] for file in found)


def probe(settings: Settings, kept: Manifest | None) -> tuple[Manifest, Limits]:
    """What the output is or will be made with, by a text that is embedded; the input's part of it is left out.

    Raises ServiceError.
    """
    service = settings.service()
    info = service.info()
    if kept:
        checkpoint = kept.pinned
    else:
        # An answer names the checkpoint by the first digits alone: the active one's fingerprint is known whole.
        if settings.checkpoint not in (None, info["model_id"]):
            raise ServiceError(f"{settings.checkpoint} is not active, {info['checkpoint']} is")
        checkpoint = Checkpoint(info["model_id"], info["model_sha"], info["compute"])
    fields = {"max_rationale_tokens": info["default_max_rationale_tokens"], **settings.fields}
    try:
        answer, = service.embed([PROBE], checkpoint, fields, settings.rationales)
    except Refused as refusal:
        raise ServiceError(f"a request for one text is refused: {refusal.message}") from refusal
    limits = Limits(
        texts=min(info["max_client_batch_size"], info["max_concurrent_requests"]),
        tokens=info["max_batch_tokens"] // SHARE, rationale_tokens=fields["max_rationale_tokens"])
    found = Manifest(
        input="", rows=0, id_column="", text_column="", fields=fields, rationales=settings.rationales, chunks=0,
        checkpoint=checkpoint.name, fingerprint=checkpoint.fingerprint, compute=checkpoint.compute,
        dimensions=len(answer.vector) // 4)
    return found, limits


def by_chunk(frame: DataFrame, settings: Settings, count: int, pending: list[int]) -> RDD[tuple[int, Read]]:
    """The rows of pending chunks, in a partition for each."""
    places = {chunk: place for place, chunk in enumerate(pending)}
    id_column, text_column, is_lines = settings.id_column, settings.text_column, settings.format == LINES

    def keyed(records: Iterable[Any]) -> Iterator[tuple[int, Read]]:
        for record in records:
            place = Place(record["source"], record["block"], record["number"])
            if is_lines:
                row = rows.of_line(place, bytes(record["line"]), id_column, text_column)
            else:
                row = rows.of_columns(place, record["id"], record["text"], id_column, text_column)
            partition = places.get(rows.chunk_of(row, count))
            if partition is not None:
                yield partition, row

    return frame.drop("size", "time").rdd.mapPartitions(keyed).partitionBy(len(pending), int)


def embed_partition(settings: Settings, made: Manifest, limits: Limits, pending: list[int],
                    keyed: Iterable[tuple[int, Read]]) -> None:
    """Embeds the rows of one chunk and writes its files.

    Raises ServiceError, ManifestError, OSError.
    """
    chunk = pending[TaskContext.get().partitionId()]
    manifest.hold(manifest.read(settings.output), made)
    found = [row for _, row in keyed]
    kept, duplicates = rows.without_duplicates([row for row in found if isinstance(row, Row)])
    rejections = [row for row in found if isinstance(row, Rejection)] + duplicates
    service = settings.service()

    def embed(texts: list[str]) -> list[Answer]:
        return service.embed(texts, made.pinned, made.fields, made.rationales)

    with ThreadPoolExecutor(settings.requests) as pool:
        results = [result for batch in pool.map(lambda batch: embed_rows(batch, embed), batches(kept, limits))
                   for result in batch]
    embedded = [result for result in results if isinstance(result, Embedded)]
    rejections += [result for result in results if isinstance(result, Rejection)]
    chunks.write(settings.output, chunk, embedded, rejections, made.dimensions, made.fingerprint, made.rationales)


def conclude(output: Path, made: Manifest, before: int, seconds: float) -> Summary:
    """Counts what is there, and tidies up.

    Raises InputError, if rows were lost or came twice.
    """
    missing = sorted(set(range(made.chunks)) - chunks.done(output))
    if missing:
        raise InputError(f"chunk {missing[0]} is not in {output}: is it the same directory on all hosts?")
    embedded, rejected = (chunks.rows_in(output, kind) for kind in (chunks.VECTORS, chunks.REJECTED))
    if embedded + rejected != made.rows:
        raise InputError(f"the input had {made.rows} rows, the output has {embedded} and {rejected} rejected: did the "
                         "input change meanwhile?")
    files.tidy(output)
    return Summary(made.rows, embedded, rejected, made.chunks, before, round(seconds, 2))


def _stored(types: dict[str, T.DataType], name: str, allowed: tuple[type, ...]) -> Column:
    """A column as it is stored, strings as bytes."""
    if name not in types:
        raise InputError(f"the input has no column {name}, it has {', '.join(types)}")
    if not isinstance(types[name], allowed):
        raise InputError(f"the column {name} is of type {types[name].simpleString()}")
    column = F.col("`" + name.replace("`", "``") + "`")
    return column.cast("binary") if isinstance(types[name], T.StringType) else column
