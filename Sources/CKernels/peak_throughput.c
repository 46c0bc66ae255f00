// Loops that keep every multiplier of a core busy: twelve sums in registers, more than an instruction's latency times the
// instructions that can start in a cycle, and no memory.

#include "peak_throughput.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SUMS 12

// Unrolled, always: only then are the sums registers.
#define EACH_SUM(i) _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++)

// Keeps the compiler from knowing a register's value, so that no work is folded or shared; no instruction comes of it.
#if defined(__x86_64__)
#define OPAQUE(value) __asm__ volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define OPAQUE(value) __asm__ volatile("" : "+w"(value))
#else
#define OPAQUE(value) __asm__ volatile("" : "+m"(value))
#endif

// NAME runs STEP, which adds products of `a` and `b` to `sum`, OPERATIONS at a time.
#define PEAK_LOOP(NAME, TARGET, VECTOR, START_SUM, START_A, START_B, STEP, OPERATIONS) \
    TARGET static uint64_t NAME(uint64_t rounds) {                                     \
        VECTOR a = START_A;                                                            \
        VECTOR b = START_B;                                                            \
        VECTOR sums[SUMS];                                                             \
        EACH_SUM(i) { sums[i] = START_SUM; }                                           \
        for (uint64_t round = 0; round < rounds; round++) {                            \
            EACH_SUM(i) {                                                              \
                VECTOR sum = sums[i];                                                  \
                OPAQUE(a);                                                             \
                sum = STEP;                                                            \
                OPAQUE(sum);                                                           \
                sums[i] = sum;                                                         \
            }                                                                          \
        }                                                                              \
        return rounds * SUMS * (OPERATIONS);                                           \
    }

typedef struct {
    const char *instruction;
    uint64_t (*run)(uint64_t rounds);
} peak;

// MARK: - Portable

typedef float four_floats __attribute__((vector_size(16)));

// sum * a + b: near 1 for ever, neither denormal nor infinite.
PEAK_LOOP(
    portable_float32, , four_floats, ((four_floats){1, 1, 1, 1}), ((four_floats){0.5f, 0.5f, 0.5f, 0.5f}),
    ((four_floats){0.5f, 0.5f, 0.5f, 0.5f}), sum *a + b, 8)

#if defined(__x86_64__)

// MARK: - AVX2

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX2_VNNI __attribute__((target("avx2,avxvnni")))

PEAK_LOOP(
    avx2_float32, AVX2, __m256, _mm256_set1_ps(1), _mm256_set1_ps(0.5f), _mm256_set1_ps(0.5f),
    _mm256_fmadd_ps(sum, a, b), 16)

PEAK_LOOP(
    avx2_int8, AVX2, __m256i, _mm256_setzero_si256(), _mm256_set1_epi8(1), _mm256_set1_epi16(1),
    _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, a), b)), 64)

PEAK_LOOP(
    avx2_vnni_int8, AVX2_VNNI, __m256i, _mm256_setzero_si256(), _mm256_set1_epi8(1), _mm256_set1_epi8(1),
    _mm256_dpbusd_avx_epi32(sum, a, b), 64)

// MARK: - AVX-512

#define AVX512 __attribute__((target("avx512f")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bf16")))
#define AVX512_VNNI __attribute__((target("avx512f,avx512vnni")))

PEAK_LOOP(
    avx512_float32, AVX512, __m512, _mm512_set1_ps(1), _mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f),
    _mm512_fmadd_ps(sum, a, b), 32)

PEAK_LOOP(
    avx512_bfloat16, AVX512_BF16, __m512, _mm512_setzero_ps(), _mm512_set1_ps(1e-3f), _mm512_set1_ps(1e-3f),
    _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b), 64)

PEAK_LOOP(
    avx512_int8, AVX512_VNNI, __m512i, _mm512_setzero_si512(), _mm512_set1_epi8(1), _mm512_set1_epi8(1),
    _mm512_dpbusd_epi32(sum, a, b), 128)

#endif

// MARK: - Choice

static peak peak_of(grace_arithmetic arithmetic) {
#if defined(__x86_64__)
    // These look at XCR0 as well as at CPUID, so the operating system's consent is included.
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f");
    switch (arithmetic) {
    case GRACE_ARITHMETIC_FLOAT32:
        if (avx512) return (peak){"vfmadd zmm", avx512_float32};
        if (avx2) return (peak){"vfmadd ymm", avx2_float32};
        return (peak){"mulps, addps", portable_float32};
    case GRACE_ARITHMETIC_BFLOAT16:
        if (avx512 && __builtin_cpu_supports("avx512bf16")) return (peak){"vdpbf16ps zmm", avx512_bfloat16};
        return (peak){NULL, NULL};
    case GRACE_ARITHMETIC_INT8:
        if (avx512 && __builtin_cpu_supports("avx512vnni")) return (peak){"vpdpbusd zmm", avx512_int8};
        if (avx2 && __builtin_cpu_supports("avxvnni")) return (peak){"vpdpbusd ymm", avx2_vnni_int8};
        if (avx2) return (peak){"vpmaddubsw ymm", avx2_int8};
        return (peak){NULL, NULL};
    }
#else
    if (arithmetic == GRACE_ARITHMETIC_FLOAT32) return (peak){"vectors of four", portable_float32};
#endif
    return (peak){NULL, NULL};
}

const char *grace_peak_instruction(grace_arithmetic arithmetic) { return peak_of(arithmetic).instruction; }

uint64_t grace_peak_run(grace_arithmetic arithmetic, uint64_t rounds) {
    peak chosen = peak_of(arithmetic);
    return chosen.run == NULL ? 0 : chosen.run(rounds);
}

// MARK: - Memory

uint64_t grace_stream_read(const uint64_t *words, size_t count) {
    // Sums that do not wait for each other; the compiler makes vectors of them.
    uint64_t sums[32] = {0};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        for (int lane = 0; lane < 32; lane++) {
            sums[lane] += words[i + lane];
        }
    }
    uint64_t sum = 0;
    for (int lane = 0; lane < 32; lane++) {
        sum += sums[lane];
    }
    for (; i < count; i++) {
        sum += words[i];
    }
    return sum;
}
