// What GCC's C++ library for glibc asks of its C library and musl does not have, so that a Node
// that was linked with musl runs with the libstdc++ and libgcc_s of a Debian machine (make_node).
// Only for tests; loaded before both.
#include <ctype.h>
#include <dlfcn.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

size_t __strftime_l(char* out, size_t size, const char* format, const struct tm* time, locale_t l) {
  return strftime_l(out, size, format, time, l);
}

uint32_t arc4random(void) {
  uint32_t value;
  while (getrandom(&value, sizeof value, 0) != sizeof value) continue;
  return value;
}

// Destructors of a thread's objects, last one first.
struct AtExit {
  void (*call)(void*);
  void* argument;
  struct AtExit* next;
};
static pthread_key_t at_exit_key;
static pthread_once_t at_exit_once = PTHREAD_ONCE_INIT;

static void RunAtExit(void* list) {
  for (struct AtExit* e = list; e != NULL;) {
    struct AtExit* const next = e->next;
    e->call(e->argument);
    free(e);
    e = next;
  }
}
static void MakeAtExitKey(void) { pthread_key_create(&at_exit_key, RunAtExit); }

int __cxa_thread_atexit_impl(void (*call)(void*), void* argument, void* library) {
  (void)library;
  pthread_once(&at_exit_once, MakeAtExitKey);
  struct AtExit* const e = malloc(sizeof *e);
  if (e == NULL) return -1;
  *e = (struct AtExit){call, argument, pthread_getspecific(at_exit_key)};
  return pthread_setspecific(at_exit_key, e);
}

// Where the unwinder finds a function's tables.
struct dl_find_object {
  unsigned long long flags;
  void *map_start, *map_end;
  void* link_map;
  void* eh_frame;
  unsigned long long reserved[7];
};
struct Wanted {
  uintptr_t address;
  struct dl_find_object* result;
};

static int LookInto(struct dl_phdr_info* object, size_t size, void* data) {
  (void)size;
  const struct Wanted* const wanted = data;
  uintptr_t first = UINTPTR_MAX, end = 0;
  void* eh_frame = NULL;
  int holds = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const p = &object->dlpi_phdr[i];
    const uintptr_t begin = object->dlpi_addr + p->p_vaddr;
    if (p->p_type == PT_GNU_EH_FRAME) eh_frame = (void*)begin;
    if (p->p_type != PT_LOAD) continue;
    if (begin < first) first = begin;
    if (begin + p->p_memsz > end) end = begin + p->p_memsz;
    holds |= wanted->address >= begin && wanted->address < begin + p->p_memsz;
  }
  if (!holds || eh_frame == NULL) return 0;
  *wanted->result = (struct dl_find_object){
      .map_start = (void*)first, .map_end = (void*)end, .eh_frame = eh_frame};
  return 1;
}

int _dl_find_object(void* address, struct dl_find_object* result) {
  struct Wanted wanted = {(uintptr_t)address, result};
  return dl_iterate_phdr(LookInto, &wanted) != 0 ? 0 : -1;
}

// std::string::_M_replace_cold, which GCC 12's library does not have yet: `text` lies in the string
// itself and takes the place of `replaced` characters at `at`, before `after` others.
#define REPLACE_COLD \
  "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE15_M_replace_coldEPcmPKcmm"
void ReplaceCold(void* string, char* at, size_t replaced, const char* text, size_t size,
                 size_t after) __asm__(REPLACE_COLD);
void ReplaceCold(void* string, char* at, size_t replaced, const char* text, size_t size,
                 size_t after) {
  (void)string;
  char* const copy = malloc(size + 1);
  if (copy == NULL) abort();
  memcpy(copy, text, size);
  if (after != 0 && replaced != size) memmove(at + size, at + replaced, after);
  memcpy(at, copy, size);
  free(copy);
}

// libstdc++ reads tables of characters from a locale, which in glibc stand behind 13 pointers.
struct GlibcLocale {
  void* musl[6];
  void* unused[7];
  const unsigned short* classes;
  const int *lower, *upper;
  const char* names[13];
};
enum {
  kBlank = 1,
  kControl = 2,
  kPunctuation = 4,
  kAlphanumeric = 8,
  kUpper = 0x100,
  kLower = 0x200,
  kAlpha = 0x400,
  kDigit = 0x800,
  kHex = 0x1000,
  kSpace = 0x2000,
  kPrint = 0x4000,
  kGraph = 0x8000,
};
static unsigned short classes[384];
static int lower[384], upper[384];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void FillTables(void) {
  for (int i = 0; i < 384; ++i) {
    const int c = i - 128;
    lower[i] = upper[i] = c;
    if (c < 0 || c > 127) continue;
    lower[i] = tolower(c);
    upper[i] = toupper(c);
    classes[i] =
        (unsigned short)((isblank(c) ? kBlank : 0) | (iscntrl(c) ? kControl : 0) |
                         (ispunct(c) ? kPunctuation : 0) | (isalnum(c) ? kAlphanumeric : 0) |
                         (isupper(c) ? kUpper : 0) | (islower(c) ? kLower : 0) |
                         (isalpha(c) ? kAlpha : 0) | (isdigit(c) ? kDigit : 0) |
                         (isxdigit(c) ? kHex : 0) | (isspace(c) ? kSpace : 0) |
                         (isprint(c) ? kPrint : 0) | (isgraph(c) ? kGraph : 0));
  }
}

static locale_t WithTables(locale_t locale) {
  if (locale == NULL) return NULL;
  pthread_once(&tables_once, FillTables);
  struct GlibcLocale* const large = calloc(1, sizeof *large);
  if (large == NULL) return NULL;
  memcpy(large->musl, locale, sizeof large->musl);
  large->classes = classes + 128;
  large->lower = lower + 128;
  large->upper = upper + 128;
  for (int i = 0; i < 13; ++i) large->names[i] = "C";
  return (locale_t)large;
}

// The masks differ, and only whole locales are asked for. None is given back: there are a few.
locale_t newlocale(int mask, const char* name, locale_t base) {
  (void)mask;
  (void)base;
  locale_t (*const real)(int, const char*, locale_t) = dlsym(RTLD_NEXT, "newlocale");
  return WithTables(real(LC_ALL_MASK, name, NULL));
}
locale_t duplocale(locale_t locale) { return WithTables(locale); }
void freelocale(locale_t locale) { (void)locale; }
locale_t __newlocale(int mask, const char* name, locale_t base) {
  return newlocale(mask, name, base);
}
locale_t __duplocale(locale_t locale) { return duplocale(locale); }
void __freelocale(locale_t locale) { freelocale(locale); }
