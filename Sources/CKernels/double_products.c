#include "double_products.h"

#include "kernel_versions.h"

// Eight sums side by side, of every eighth channel each: as many as the widest registers hold. Nothing is reordered or
// contracted, so every instruction set rounds alike.
#pragma clang fp contract(off) reassociate(off)

#define LANES 8

/// Eight doubles wherever they lie.
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

BODY double sum_of(const lanes *x) {
    return (((*x)[0] + (*x)[4]) + ((*x)[2] + (*x)[6])) + (((*x)[1] + (*x)[5]) + ((*x)[3] + (*x)[7]));
}

/// As many rows at once as there are sums that need not wait for each other.
#define BLOCK 4

BODY void double_products_body(const double *first, const double *second, double *products, size_t M, size_t N,
                               size_t K) {
    for (size_t n = 0; n < N; n += BLOCK) {
        size_t count = N - n < BLOCK ? N - n : BLOCK;
        const double *rows[BLOCK];
        // What is left over repeats the last row; of those sums nothing is written.
        for (size_t i = 0; i < BLOCK; i++) rows[i] = second + (n + (i < count ? i : count - 1)) * K;
        for (size_t m = 0; m < M; m++) {
            const double *row = first + m * K;
            lanes sums[BLOCK] = {{0}};
            for (size_t k = 0; k < K; k += LANES) {
                lanes x = *(const lanes *)(row + k);
                for (size_t i = 0; i < BLOCK; i++) sums[i] += x * *(const lanes *)(rows[i] + k);
            }
            for (size_t i = 0; i < count; i++) products[m * N + n + i] = sum_of(&sums[i]);
        }
    }
}

KERNEL(double_products,
       (const double *first, const double *second, double *products, size_t M, size_t N, size_t K),
       (first, second, products, M, N, K))

void grace_double_products(grace_kernels kernels, const double *first, const double *second, double *products,
                           size_t M, size_t N, size_t K) {
    CALL(double_products, (first, second, products, M, N, K))
}
