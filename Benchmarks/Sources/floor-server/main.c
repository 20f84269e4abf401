// The least a server can do for the same work: frames go from the bot to every client, actions to the bot and their answers back, with no
// other thought. One thread, epoll. What it costs is what the kernel charges, and the limit of what any server can reach.
//   floor-server PORT [joined]     joined: what a client gets in one turn goes out in one write
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd, place, is_open, waits;
    uint8_t *in, *out;
    size_t in_length, in_capacity, out_length, out_capacity;
};

static int epoll, joined;
static struct connection *bot;
static struct connection **clients;
static int client_count, client_capacity;
static struct connection **askers;
static size_t first_asker, asker_count, asker_capacity;
static uint8_t scratch[256 << 10];

static void add(uint8_t **data, size_t *length, size_t *capacity, const void *bytes, size_t count) {
    if (*length + count > *capacity) {
        *capacity = (*length + count) * 2 + 256;
        *data = realloc(*data, *capacity);
        if (!*data) abort();
    }
    memcpy(*data + *length, bytes, count);
    *length += count;
}

static void watch(struct connection *connection, int writes) {
    if (connection->waits == writes) return;
    connection->waits = writes;
    struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void flush(struct connection *connection) {
    size_t sent = 0;
    while (sent < connection->out_length) {
        ssize_t count = send(connection->fd, connection->out + sent, connection->out_length - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += (size_t)count;
    }
    connection->out_length -= sent;
    memmove(connection->out, connection->out + sent, connection->out_length);
    watch(connection, connection->out_length > 0);
}

static void give(struct connection *connection, const void *bytes, size_t count) {
    if (!joined && connection->out_length == 0) {
        ssize_t sent = send(connection->fd, bytes, count, MSG_NOSIGNAL);
        if (sent == (ssize_t)count) return;
        if (sent < 0) sent = 0;
        bytes = (const uint8_t *)bytes + sent;
        count -= (size_t)sent;
        watch(connection, 1);
    }
    add(&connection->out, &connection->out_length, &connection->out_capacity, bytes, count);
}

static size_t header(uint8_t *head, size_t length) {
    head[0] = 0x81;
    if (length < 126) {
        head[1] = (uint8_t)length;
        return 2;
    }
    if (length < 65536) {
        head[1] = 126;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        return 4;
    }
    head[1] = 127;
    for (int i = 0; i < 8; i++) head[2 + i] = (uint8_t)(length >> (56 - 8 * i));
    return 10;
}

static void message(struct connection *from, const uint8_t *text, size_t length) {
    static uint8_t frame[17 << 20];
    size_t size = header(frame, length);
    memcpy(frame + size, text, length);
    size += length;
    if (from == bot) {
        if (length > 9 && memcmp(text, "{\"status\"", 9) == 0) {
            if (asker_count == 0) return;
            struct connection *asker = askers[first_asker];
            first_asker = (first_asker + 1) % asker_capacity;
            asker_count--;
            give(asker, frame, size);
        } else {
            for (int i = 0; i < client_count; i++) give(clients[i], frame, size);
        }
    } else if (bot) {
        if (asker_count == asker_capacity) {
            size_t capacity = asker_capacity ? asker_capacity * 2 : 1024;
            struct connection **grown = malloc(capacity * sizeof *grown);
            for (size_t i = 0; i < asker_count; i++) grown[i] = askers[(first_asker + i) % asker_capacity];
            free(askers);
            askers = grown;
            asker_capacity = capacity;
            first_asker = 0;
        }
        askers[(first_asker + asker_count++) % asker_capacity] = from;
        give(bot, frame, size);
    }
}

static void upgrade(struct connection *connection) {
    uint8_t *end = memmem(connection->in, connection->in_length, "\r\n\r\n", 4);
    if (!end) return;
    int is_bot = memmem(connection->in, connection->in_length, "GET /bot", 8) != NULL;
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    if (send(connection->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return;
    connection->in_length -= (size_t)(end + 4 - connection->in);
    memmove(connection->in, end + 4, connection->in_length);
    connection->is_open = 1;
    if (is_bot) {
        bot = connection;
        return;
    }
    if (client_count == client_capacity) {
        client_capacity = client_capacity ? client_capacity * 2 : 64;
        clients = realloc(clients, (size_t)client_capacity * sizeof *clients);
        if (!clients) abort();
    }
    connection->place = client_count;
    clients[client_count++] = connection;
}

static void end(struct connection *connection) {
    if (connection == bot) {
        bot = NULL;
    } else if (connection->is_open) {
        clients[connection->place] = clients[--client_count];
        clients[connection->place]->place = connection->place;
    }
    // Answers to it may be under way: it is never freed.
    close(connection->fd);
    connection->fd = -1;
}

static void frames(struct connection *connection) {
    size_t at = 0;
    while (connection->in_length - at >= 6) {
        uint8_t *head = connection->in + at;
        size_t size = 2;
        uint64_t length = head[1] & 0x7F;
        if (length == 126) {
            size = 4;
            length = (uint64_t)head[2] << 8 | head[3];
        } else if (length == 127) {
            if (connection->in_length - at < 10) break;
            size = 10;
            length = 0;
            for (int i = 0; i < 8; i++) length = length << 8 | head[2 + i];
        }
        uint8_t *key = head + size;
        size += 4;
        if (connection->in_length - at < size + length) break;
        uint8_t *text = head + size;
        if (key[0] | key[1] | key[2] | key[3])
            for (size_t i = 0; i < length; i++) text[i] ^= key[i & 3];
        if ((head[0] & 0xF) == 1) message(connection, text, length);
        at += size + length;
    }
    connection->in_length -= at;
    memmove(connection->in, connection->in + at, connection->in_length);
}

static void readable(struct connection *connection) {
    ssize_t count = recv(connection->fd, scratch, sizeof scratch, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        end(connection);
        return;
    }
    if (count < 0) return;
    add(&connection->in, &connection->in_length, &connection->in_capacity, scratch, (size_t)count);
    if (!connection->is_open) upgrade(connection);
    if (connection->is_open) frames(connection);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "floor-server PORT [joined]\n");
        return 64;
    }
    joined = argc > 2 && strcmp(argv[2], "joined") == 0;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1024) < 0) {
        fprintf(stderr, "Cannot listen on 127.0.0.1:%s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[512];
    for (;;) {
        int count = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                connection = calloc(1, sizeof *connection);
                if (!connection) abort();
                connection->fd = fd;
                struct epoll_event read = {.events = EPOLLIN, .data.ptr = connection};
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &read);
                continue;
            }
            if (connection->fd < 0) continue;
            if (events[i].events & EPOLLOUT) flush(connection);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(connection);
        }
        if (joined) {
            for (int i = 0; i < client_count; i++)
                if (clients[i]->out_length && !clients[i]->waits) flush(clients[i]);
            if (bot && bot->out_length && !bot->waits) flush(bot);
        }
    }
}
