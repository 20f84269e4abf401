#include "allocation_counter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

// Of each thread: what others do meanwhile (a pool that starts one more, for example) is nobody's operation.
static _Thread_local allocation_counts_t counts;

#if defined(__GLIBC__)

// The C library's own, under the names it keeps for whoever replaces them.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static inline void count(size_t size) {
    counts.allocations += 1;
    counts.bytes += size;
}

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(number * size);
    return __libc_calloc(number, size);
}

// Whether it moves or not: it may.
void *realloc(void *memory, size_t size) {
    count(size);
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    count(size);
    void *found = __libc_memalign(alignment, size);
    if (found == NULL) return ENOMEM;
    *memory = found;
    return 0;
}

void free(void *memory) { __libc_free(memory); }

bool allocation_counter_counts(void) { return true; }

#else

bool allocation_counter_counts(void) { return false; }

#endif

allocation_counts_t allocation_counts(void) { return counts; }

void allocation_counter_keep(const void *value) { (void)value; }
