// Many small sends to many sockets in one system call, by Linux's io_uring: a ring with no thread of its own that is empty after each call.
#ifndef SEND_RING_H
#define SEND_RING_H

#include <stddef.h>

struct send_ring;

struct send_piece {
    int descriptor;     // a socket
    const void *bytes;  // valid until send_ring_send returns
    size_t length;
};

/// `NULL` where the system has none, or does not let us (an old kernel, seccomp, `kernel.io_uring_disabled`).
struct send_ring *send_ring_create(unsigned capacity);
void send_ring_destroy(struct send_ring *ring);

/// Sends each piece once, in order, and never waits for a peer: `MSG_DONTWAIT | MSG_NOSIGNAL`.
/// - sent: for each piece how many bytes the kernel took; 0 where it took none, whatever the reason.
void send_ring_send(struct send_ring *ring, const struct send_piece *pieces, unsigned count, size_t *sent);

#endif
