#include "thread_hooks.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <semaphore.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "old_glibc.h"

namespace leaktrail_fork {
namespace {

// Whoever waits with a time limit gets it at once, but not for ever.
constexpr int kPatience = 10'000;
int timed_waits = 0;

extern "C" {
int DoNothing() { return 0; }
int WaitForCondition() { _exit(kExitCondition); }
int WaitForConditionUntil() {
  if (++timed_waits > kPatience) _exit(kExitCondition);
  return ETIMEDOUT;
}
int WaitForSemaphore(sem_t* semaphore) {
  if (sem_trywait(semaphore) == 0) return 0;
  _exit(kExitSemaphore);
}
int WaitForThread() { _exit(kExitJoin); }
}

struct Hook {
  const char* name;
  void* function;
};

#define LEAKTRAIL_HOOK(name, function) {name, reinterpret_cast<void*>(&function)}
const Hook kHooks[] = {
    LEAKTRAIL_HOOK("pthread_mutex_lock", DoNothing),
    LEAKTRAIL_HOOK("pthread_mutex_unlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_mutex_trylock", DoNothing),
    LEAKTRAIL_HOOK("pthread_rwlock_rdlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_rwlock_wrlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_rwlock_unlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_rwlock_tryrdlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_rwlock_trywrlock", DoNothing),
    LEAKTRAIL_HOOK("pthread_cond_signal", DoNothing),
    LEAKTRAIL_HOOK("pthread_cond_broadcast", DoNothing),
    LEAKTRAIL_HOOK("pthread_cond_destroy", DoNothing),
    LEAKTRAIL_HOOK("pthread_cond_wait", WaitForCondition),
    LEAKTRAIL_HOOK("pthread_cond_timedwait", WaitForConditionUntil),
    LEAKTRAIL_HOOK("pthread_cond_clockwait", WaitForConditionUntil),
    LEAKTRAIL_HOOK("sem_wait", WaitForSemaphore),
    LEAKTRAIL_HOOK("pthread_join", WaitForThread),
};
#undef LEAKTRAIL_HOOK

int changed = 0;
uintptr_t page_size = 4096;

bool IsTableEntry(unsigned long type) {
#if defined(__x86_64__)
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
#else
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
#endif
}

struct Relocations {
  const ElfW(Rela) * first = nullptr;
  size_t count = 0;
};

void HookEntries(const Relocations& relocations, ElfW(Addr) base, const ElfW(Sym) * symbols,
                 const char* names) {
  for (size_t i = 0; i < relocations.count; ++i) {
    const ElfW(Rela)& r = relocations.first[i];
    const size_t symbol = ELF64_R_SYM(r.r_info);
    if (symbol == 0 || !IsTableEntry(ELF64_R_TYPE(r.r_info))) continue;
    const char* name = names + symbols[symbol].st_name;
    if (name[0] != 'p' && name[0] != 's') continue;
    for (const Hook& hook : kHooks) {
      if (strcmp(name, hook.name) != 0) continue;
      // NOLINTBEGIN(performance-no-int-to-ptr): where the loader put the table
      auto* entry = reinterpret_cast<void**>(base + r.r_offset);
      void* page = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(entry) & ~(page_size - 1));
      // NOLINTEND(performance-no-int-to-ptr)
      // Tables are read-only after loading (RELRO). An entry may lie across two pages.
      if (mprotect(page, 2 * page_size, PROT_READ | PROT_WRITE) != 0 &&
          mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) {
        break;
      }
      *entry = hook.function;
      ++changed;
      break;
    }
  }
}

// The C library calls itself directly, and its loader must stay as it is.
bool IsLibrary(const char* path) {
  const char* slash = strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  static const char* const kPrefixes[] = {"libc.", "libc-", "libpthread", "ld-", "linux-vdso"};
  for (const char* prefix : kPrefixes) {
    if (strncmp(name, prefix, strlen(prefix)) == 0) return true;
  }
  return false;
}

int HookObject(dl_phdr_info* object, size_t /*size*/, void* /*data*/) {
  if (object->dlpi_name != nullptr && IsLibrary(object->dlpi_name)) return 0;
  const ElfW(Addr) base = object->dlpi_addr;
  const auto self = reinterpret_cast<uintptr_t>(&HookObject);
  // NOLINTBEGIN(performance-no-int-to-ptr): addresses in a loaded object
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const ElfW(Addr) begin = base + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && self >= begin && self < begin + segment.p_memsz) return 0;
    if (segment.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
  }
  if (dynamic == nullptr) return 0;
  // glibc writes addresses into this section, musl leaves offsets.
  const auto address = [base](ElfW(Addr) value) { return value < base ? base + value : value; };
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  Relocations calls, data;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const ElfW(Addr) value = dynamic->d_un.d_ptr;
    switch (dynamic->d_tag) {
      case DT_SYMTAB:
        symbols = reinterpret_cast<const ElfW(Sym)*>(address(value));
        break;
      case DT_STRTAB:
        names = reinterpret_cast<const char*>(address(value));
        break;
      case DT_RELA:
        data.first = reinterpret_cast<const ElfW(Rela)*>(address(value));
        break;
      case DT_RELASZ:
        data.count = value / sizeof(ElfW(Rela));
        break;
      case DT_JMPREL:
        calls.first = reinterpret_cast<const ElfW(Rela)*>(address(value));
        break;
      case DT_PLTRELSZ:
        calls.count = value / sizeof(ElfW(Rela));
        break;
      default:
        break;
    }
  }
  // NOLINTEND(performance-no-int-to-ptr)
  if (symbols == nullptr || names == nullptr) return 0;
  if (calls.first != nullptr) HookEntries(calls, base, symbols, names);
  if (data.first != nullptr) HookEntries(data, base, symbols, names);
  return 0;
}

}  // namespace

int HookThreadFunctions() {
  changed = 0;
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  dl_iterate_phdr(HookObject, nullptr);
  return changed;
}

}  // namespace leaktrail_fork
