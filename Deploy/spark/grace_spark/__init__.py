"""Embeds the rows of Parquet or JSON Lines on Apache Spark, through one grace-server on each host.

`rows`, `batches` and `chunks` decide, and know neither Spark nor sockets; `service` speaks to a server, `host_server` and
`supervisor` have one running on each host, `manifest` says what an output was made with, and `job` is all that knows Spark.
"""
