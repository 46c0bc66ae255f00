#ifndef GRACE_WORKER_POOL_H
#define GRACE_WORKER_POOL_H

/// A fixed number of threads that share out one piece of work after another.
///
/// Pieces are claimed one by one, so that a thread whose processor was taken away delays only the piece that it is at.
/// A thread that has nothing to do spins for some microseconds, for the next product of a step comes as soon as that, and
/// then sleeps: an idle pool uses no processor.
typedef struct grace_worker_pool grace_worker_pool;

/// One piece of the work, 0 to `pieces - 1`.
typedef void (*grace_work)(void *context, unsigned piece);

/// Starts `workers - 1` threads: the one that calls `grace_worker_pool_run` is a worker too. NULL if one cannot be started.
grace_worker_pool *grace_worker_pool_create(int workers);

/// Runs all pieces and returns when all are done. One caller at a time.
void grace_worker_pool_run(grace_worker_pool *pool, grace_work work, void *context, unsigned pieces);

/// Ends the threads. No work may be running.
void grace_worker_pool_destroy(grace_worker_pool *pool);

#endif
