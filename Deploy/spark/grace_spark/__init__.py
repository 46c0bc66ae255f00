"""Embeds the rows of Parquet or JSON Lines on Apache Spark, through one grace-server on each host.

`rows` and `batches` decide, and know neither files nor sockets nor Spark. `service` speaks to a server,
`host_server` and `supervisor` have one running on each host. `manifest` says what an output was made with, `chunks` and
`files` write it. `job` is all that knows Spark.
"""
