#include "send_ring.h"

#if __linux__

#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct send_ring {
    int descriptor;
    unsigned capacity;
    void *rings;
    size_t rings_size;
    struct io_uring_sqe *requests;
    size_t requests_size;
    // Shared with the kernel: we write the first tail and the second head, it writes the others.
    unsigned *request_head, *request_tail, *request_mask, *request_order;
    unsigned *answer_head, *answer_tail, *answer_mask;
    struct io_uring_cqe *answers;
};

struct send_ring *send_ring_create(unsigned capacity) {
    struct send_ring *ring = calloc(1, sizeof *ring);
    if (!ring) return NULL;
    struct io_uring_params params = {0};
    ring->rings = ring->requests = MAP_FAILED;
    ring->descriptor = (int)syscall(__NR_io_uring_setup, capacity, &params);
    // One mapping for both rings came with Linux 5.4, sending with 5.6, this one with 5.7: then all is there.
    unsigned needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_FAST_POLL;
    if (ring->descriptor < 0 || (params.features & needed) != needed) goto failed;
    ring->capacity = params.sq_entries;
    size_t requests_end = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t answers_end = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_size = requests_end > answers_end ? requests_end : answers_end;
    ring->requests_size = params.sq_entries * sizeof(struct io_uring_sqe);
    int protection = PROT_READ | PROT_WRITE;
    ring->rings = mmap(NULL, ring->rings_size, protection, MAP_SHARED | MAP_POPULATE, ring->descriptor, IORING_OFF_SQ_RING);
    ring->requests = mmap(NULL, ring->requests_size, protection, MAP_SHARED | MAP_POPULATE, ring->descriptor, IORING_OFF_SQES);
    if (ring->rings == MAP_FAILED || (void *)ring->requests == MAP_FAILED) goto failed;
    char *base = ring->rings;
    ring->request_head = (unsigned *)(base + params.sq_off.head);
    ring->request_tail = (unsigned *)(base + params.sq_off.tail);
    ring->request_mask = (unsigned *)(base + params.sq_off.ring_mask);
    ring->request_order = (unsigned *)(base + params.sq_off.array);
    ring->answer_head = (unsigned *)(base + params.cq_off.head);
    ring->answer_tail = (unsigned *)(base + params.cq_off.tail);
    ring->answer_mask = (unsigned *)(base + params.cq_off.ring_mask);
    ring->answers = (struct io_uring_cqe *)(base + params.cq_off.cqes);
    return ring;
failed:
    send_ring_destroy(ring);
    return NULL;
}

void send_ring_destroy(struct send_ring *ring) {
    if (!ring) return;
    if (ring->rings != MAP_FAILED) munmap(ring->rings, ring->rings_size);
    if ((void *)ring->requests != MAP_FAILED) munmap(ring->requests, ring->requests_size);
    if (ring->descriptor >= 0) close(ring->descriptor);
    free(ring);
}

// Hands `count` requests to the kernel and waits until all that it took are answered. None of them can wait for its peer.
// Returns how many it took: fewer where it is short of memory.
static unsigned submit(struct send_ring *ring, unsigned count) {
    unsigned begin = *ring->request_tail - count, taken = 0;
    while (taken < count) {
        long result = syscall(__NR_io_uring_enter, ring->descriptor, count - taken, 0, 0, NULL, 0);
        if (result < 0 && errno == EINTR) continue;
        if (result <= 0) break;
        taken += (unsigned)result;
    }
    // What it did not take is taken back.
    __atomic_store_n(ring->request_tail, begin + taken, __ATOMIC_RELEASE);
    for (;;) {
        unsigned answered = __atomic_load_n(ring->answer_tail, __ATOMIC_ACQUIRE) - *ring->answer_head;
        if (answered >= taken) return taken;
        syscall(__NR_io_uring_enter, ring->descriptor, 0, taken, IORING_ENTER_GETEVENTS, NULL, 0);
    }
}

static void send_some(struct send_ring *ring, const struct send_piece *pieces, unsigned count, size_t *sent) {
    unsigned tail = *ring->request_tail;
    for (unsigned i = 0; i < count; i++) {
        unsigned slot = (tail + i) & *ring->request_mask;
        struct io_uring_sqe *request = &ring->requests[slot];
        memset(request, 0, sizeof *request);
        request->opcode = IORING_OP_SEND;
        request->fd = pieces[i].descriptor;
        request->addr = (uintptr_t)pieces[i].bytes;
        request->len = pieces[i].length > INT32_MAX ? INT32_MAX : (unsigned)pieces[i].length;
        request->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        request->user_data = i;
        ring->request_order[slot] = slot;
        sent[i] = 0;
    }
    __atomic_store_n(ring->request_tail, tail + count, __ATOMIC_RELEASE);
    unsigned answers = submit(ring, count), head = *ring->answer_head;
    for (unsigned i = 0; i < answers; i++, head++) {
        const struct io_uring_cqe *answer = &ring->answers[head & *ring->answer_mask];
        if (answer->user_data < count && answer->res > 0) sent[answer->user_data] = (size_t)answer->res;
    }
    __atomic_store_n(ring->answer_head, head, __ATOMIC_RELEASE);
}

void send_ring_send(struct send_ring *ring, const struct send_piece *pieces, unsigned count, size_t *sent) {
    while (count > 0) {
        unsigned some = count < ring->capacity ? count : ring->capacity;
        send_some(ring, pieces, some, sent);
        pieces += some;
        sent += some;
        count -= some;
    }
}

#else

struct send_ring *send_ring_create(unsigned capacity) { return NULL; }
void send_ring_destroy(struct send_ring *ring) {}
void send_ring_send(struct send_ring *ring, const struct send_piece *pieces, unsigned count, size_t *sent) {}

#endif
