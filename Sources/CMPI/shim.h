#include <mpi.h>
#include <stdint.h>
#include <stdio.h>

// OpenMPI's communicators and types are macros, which Swift does not see.

typedef struct {
    int rank, count, count_on_machine;
} grace_mpi_place;

// One thread at a time calls what follows, and not always the same one.
static inline grace_mpi_place grace_mpi_begin(void) {
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    if (provided < MPI_THREAD_SERIALIZED) {
        fputs("this MPI cannot be called from several threads in turn\n", stderr);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    grace_mpi_place place;
    MPI_Comm machine;
    MPI_Comm_rank(MPI_COMM_WORLD, &place.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &place.count);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &place.count_on_machine);
    MPI_Comm_free(&machine);
    return place;
}

static inline void grace_mpi_gather_count(int count, int *counts) {
    MPI_Allgather(&count, 1, MPI_INT, counts, 1, MPI_INT, MPI_COMM_WORLD);
}

// What each rank has comes to an offset of its own in every rank.
static inline void grace_mpi_gather_words(
    const uint32_t *words, int count, uint32_t *all, const int *counts, const int *offsets) {
    MPI_Allgatherv(words, count, MPI_UINT32_T, all, counts, offsets, MPI_UINT32_T, MPI_COMM_WORLD);
}

// Each rank gets from every other the part that is its own.
static inline void grace_mpi_exchange_parts(
    const float *numbers, const int *counts, const int *offsets, float *parts, const int *part_counts,
    const int *part_offsets) {
    MPI_Alltoallv(
        numbers, counts, offsets, MPI_FLOAT, parts, part_counts, part_offsets, MPI_FLOAT, MPI_COMM_WORLD);
}

// Each rank's own part comes to all others.
static inline void grace_mpi_gather_parts(float *numbers, const int *counts, const int *offsets) {
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, numbers, counts, offsets, MPI_FLOAT, MPI_COMM_WORLD);
}

static inline void grace_mpi_end(void) { MPI_Finalize(); }

static inline void grace_mpi_abandon(void) { MPI_Abort(MPI_COMM_WORLD, 1); }
