#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// What this thread has allocated since it began. Linked into a program, this target stands before the C library's malloc.
typedef struct {
    uint64_t allocations;
    uint64_t bytes;
} allocation_counts_t;

allocation_counts_t allocation_counts(void);

/// False where there is nothing to stand before: only glibc lets its malloc be reached by another name.
bool allocation_counter_counts(void);

/// Does nothing, which the compiler cannot know: what a value was calculated for is not left out.
void allocation_counter_keep(const void *value);

#endif
