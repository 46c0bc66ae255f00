#ifndef GRACE_DOUBLE_PRODUCTS_H
#define GRACE_DOUBLE_PRODUCTS_H

#include <stddef.h>

#include "kernel_choice.h"

/// `products[m, n] = first[m] . second[n]` in double precision, of M and N rows of K channels, a multiple of 8.
/// A product's bits depend on its two rows alone, not on their places nor on the instruction set.
void grace_double_products(grace_kernels kernels, const double *first, const double *second, double *products,
                           size_t M, size_t N, size_t K);

#endif
