// Code for newer processors beside the portable one, chosen when the program runs.
//
// A function body that gains from bit instructions is written once, as LEAKTRAIL_INLINE, and called
// from two wrappers; the compiler makes it anew in each:
//
//   LEAKTRAIL_INLINE void Body(…) { … }
//   LEAKTRAIL_MODERN void ModernBody(…) { Body(…); }
//   void Run(…) { HasModernCpu() ? ModernBody(…) : Body(…); }
//
// On x86-64 "modern" is 2013 and later (Haswell, Zen). Elsewhere both are the same. LEAKTRAIL_WIDE is
// for code of its own that permutes the bytes of 512 bits: Intel's of 2019 (Ice Lake) and AMD's of 2022
// (Zen 4), and later.
#pragma once

#define LEAKTRAIL_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#define LEAKTRAIL_MODERN __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define LEAKTRAIL_WIDE                                                        \
  __attribute__((                                                             \
      target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512cd," \
             "avx512vl,avx512vbmi,avx512vbmi2")))
#else
#define LEAKTRAIL_MODERN
#define LEAKTRAIL_WIDE
#endif

namespace leaktrail {

inline bool HasModernCpu() {
#if defined(__x86_64__)
  // A processor with BMI2 has LZCNT, which Clang 14 cannot ask for.
  static const bool modern = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                             __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  return modern;
#else
  return false;
#endif
}

inline bool HasWideCpu() {
#if defined(__x86_64__)
  static const bool wide =
      HasModernCpu() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2");
  return wide;
#else
  return false;
#endif
}

}  // namespace leaktrail
