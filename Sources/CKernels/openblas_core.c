// Chooses OpenBLAS's kernels before OpenBLAS chooses them.
//
// Releases of OpenBLAS that distributions still ship take a processor newer than themselves for one without AVX-512, which
// halves sgemm; later ones know better. OpenBLAS reads OPENBLAS_CORETYPE in its constructor, before anything in this
// program can run: the only way to set it in time is to execute the program once more. It also makes the choice the same
// on all processors with AVX-512. See docs/decisions/openblas-core.md.

#include "kernel_choice.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__linux__) && defined(__x86_64__)
// glibc hands a constructor the arguments of main.
__attribute__((constructor)) static void choose_openblas_core(int count, char **arguments, char **environment) {
    (void)count;
    (void)environment;
    if (getenv("OPENBLAS_CORETYPE") != NULL || grace_best_kernels() < GRACE_KERNELS_AVX512) {
        return;
    }
    // By its path, for the kernel names the process after it.
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) {
        return;
    }
    path[length] = '\0';
    // The variable is set afterwards, so this happens once. If either call fails, OpenBLAS's own choice stands.
    if (setenv("OPENBLAS_CORETYPE", "SkylakeX", 0) == 0) {
        execv(path, arguments);
        unsetenv("OPENBLAS_CORETYPE");
    }
}
#endif
