// Binds what glibc 2.34 moved from libpthread into libc to its old versions, so that one module loads
// with glibc 2.17 and newer. musl has no versions and ignores them.
#pragma once

#if defined(__x86_64__)
#define LEAKTRAIL_OLD_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define LEAKTRAIL_OLD_GLIBC "GLIBC_2.17"
#else
#error "the module knows the old symbol versions of x86_64 and aarch64 only"
#endif

__asm__(".symver pthread_create,pthread_create@" LEAKTRAIL_OLD_GLIBC);
__asm__(".symver pthread_detach,pthread_detach@" LEAKTRAIL_OLD_GLIBC);
__asm__(".symver sem_trywait,sem_trywait@" LEAKTRAIL_OLD_GLIBC);
