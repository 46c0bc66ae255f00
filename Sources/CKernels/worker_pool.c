#include "worker_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Some 20 microseconds: longer than the pause between two products of a step, shorter than anybody minds.
#define SPINS_BEFORE_SLEEP 4000
// Some microseconds: a caller that waits for a worker whose processor was taken away lets it have this one.
#define SPINS_BEFORE_YIELD 1000

struct grace_worker_pool {
    // What is to be done: the number of the work in the upper half, its pieces not yet claimed in the lower. One word, so
    // that a claim is of the work that the claimer has seen or fails.
    _Alignas(64) atomic_uint_fast64_t claims;
    // Pieces of the current work that are not done.
    _Alignas(64) atomic_uint left;
    grace_work work;
    void *context;
    atomic_int sleeping;
    atomic_bool ending;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    int started;
    pthread_t threads[];
};

static inline void pause_processor(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Claims and runs pieces until there are none.
static void run_pieces(grace_worker_pool *pool) {
    uint_fast64_t claims = atomic_load(&pool->claims);
    while ((uint32_t)claims > 0) {
        // Whoever takes the last piece but one leaves a word that differs from every other work's: the claim cannot
        // mistake one work for the next.
        if (!atomic_compare_exchange_weak(&pool->claims, &claims, claims - 1)) {
            continue;
        }
        // The work cannot change before the piece that was claimed is done.
        pool->work(pool->context, (uint32_t)claims - 1);
        atomic_fetch_sub_explicit(&pool->left, 1, memory_order_release);
        claims = atomic_load(&pool->claims);
    }
}

static void wait_for_pieces(grace_worker_pool *pool) {
    for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
        if ((uint32_t)atomic_load_explicit(&pool->claims, memory_order_acquire) > 0) {
            return;
        }
        pause_processor();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleeping, 1);
    while ((uint32_t)atomic_load(&pool->claims) == 0 && !atomic_load(&pool->ending)) {
        pthread_cond_wait(&pool->woken, &pool->mutex);
    }
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *run_worker(void *argument) {
    grace_worker_pool *pool = argument;
    while (!atomic_load(&pool->ending)) {
        wait_for_pieces(pool);
        run_pieces(pool);
    }
    return NULL;
}

static void wake_sleepers(grace_worker_pool *pool) {
    // Sequentially consistent, as is the word before it: either a worker sees that word before it sleeps, or it is counted
    // here.
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->woken);
        pthread_mutex_unlock(&pool->mutex);
    }
}

grace_worker_pool *grace_worker_pool_create(int workers) {
    size_t size = sizeof(grace_worker_pool) + (size_t)workers * sizeof(pthread_t);
    grace_worker_pool *pool = aligned_alloc(64, (size + 63) / 64 * 64);
    if (pool == NULL) {
        return NULL;
    }
    atomic_init(&pool->claims, 0);
    atomic_init(&pool->left, 0);
    atomic_init(&pool->sleeping, 0);
    atomic_init(&pool->ending, false);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->woken, NULL);
    pool->started = 0;
    while (pool->started < workers - 1) {
        if (pthread_create(&pool->threads[pool->started], NULL, run_worker, pool) != 0) {
            grace_worker_pool_destroy(pool);
            return NULL;
        }
        pool->started++;
    }
    return pool;
}

void grace_worker_pool_run(grace_worker_pool *pool, grace_work work, void *context, unsigned pieces) {
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->left, pieces);
    uint_fast64_t number = (atomic_load(&pool->claims) >> 32) + 1;
    atomic_store(&pool->claims, number << 32 | pieces);
    wake_sleepers(pool);
    run_pieces(pool);
    for (int spin = 0; atomic_load_explicit(&pool->left, memory_order_acquire) > 0; spin++) {
        if (spin < SPINS_BEFORE_YIELD) {
            pause_processor();
        } else {
            sched_yield();
        }
    }
}

void grace_worker_pool_destroy(grace_worker_pool *pool) {
    atomic_store(&pool->ending, true);
    wake_sleepers(pool);
    for (int index = 0; index < pool->started; index++) {
        pthread_join(pool->threads[index], NULL);
    }
    pthread_cond_destroy(&pool->woken);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
