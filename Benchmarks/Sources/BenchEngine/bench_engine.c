#define _GNU_SOURCE
#include "bench_engine.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// A message says its number and when it was sent: #NNNNNNNNNNNN@TTTTTTTTTTTTTTTTTTT
enum { NUMBER_DIGITS = 12, TIME_DIGITS = 19, MARK = 1 + NUMBER_DIGITS + 1 + TIME_DIGITS };
enum { READ_SIZE = 256 << 10, MAX_LATENCIES = 8 << 20, PUMP_BYTES = 256 << 10 };

enum state { UPGRADING, GREETING, READY, CLOSED };
enum role { CLIENT, SLEEPER, SOURCE };

struct bytes {
    uint8_t *data;
    size_t length, capacity;
};

struct connection {
    int fd, index;
    enum role role;
    enum state state;
    struct bytes in, out, carry;
    uint64_t expected;            // the next number
    uint64_t received;            // counted and warm-up
    uint64_t sent, in_flight;     // actions
    int wants_write;
};

struct bench {
    const struct bench_options *options;
    struct bench_result *result;
    int epoll, timer;
    struct connection *connections;
    int count, ready, open;
    struct connection *source;    // the bot, the publisher; NULL for actions over no bot
    uint64_t published, completed, total;
    uint32_t *arrivals;           // by number modulo ring: how many clients have it
    uint64_t ring;
    uint64_t due;                 // paced: how many may be out by now
    int measuring, done;
    uint64_t started_at;
    double cpu_before, own_before, peak;
    uint8_t *scratch;
    struct bytes message;
    size_t mark_at;               // where the mark of the message is
    uint64_t answered;
};

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static int fail(struct bench *bench, const char *format, ...) {
    if (bench->result->error[0] == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(bench->result->error, sizeof bench->result->error, format, arguments);
        va_end(arguments);
    }
    bench->done = 1;
    return -1;
}

// MARK: What processes cost

static double cpu_seconds(const int *pids, int count) {
    double total = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", pids[i]);
        DIR *tasks = opendir(path);
        if (!tasks) continue;
        struct dirent *entry;
        while ((entry = readdir(tasks))) {
            if (entry->d_name[0] == '.') continue;
            char file[400];
            snprintf(file, sizeof file, "/proc/%d/task/%s/schedstat", pids[i], entry->d_name);
            FILE *stream = fopen(file, "r");
            unsigned long long spent = 0;
            if (stream && fscanf(stream, "%llu", &spent) == 1) total += (double)spent / 1e9;
            if (stream) fclose(stream);
        }
        closedir(tasks);
    }
    return total;
}

static double rss_kib(const int *pids, int count) {
    double total = 0;
    for (int i = 0; i < count; i++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/status", pids[i]);
        FILE *stream = fopen(path, "r");
        while (stream && fgets(line, sizeof line, stream)) {
            double kib;
            if (sscanf(line, "VmRSS: %lf", &kib) == 1) total += kib;
        }
        if (stream) fclose(stream);
    }
    return total;
}

static double own_cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// MARK: Bytes

static void append(struct bytes *bytes, const void *data, size_t length) {
    if (bytes->length + length > bytes->capacity) {
        bytes->capacity = (bytes->length + length) * 2 + 256;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data) abort();
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static void consume(struct bytes *bytes, size_t length) {
    bytes->length -= length;
    memmove(bytes->data, bytes->data + length, bytes->length);
}

static void digits(uint8_t *out, uint64_t value, int count) {
    for (int i = count - 1; i >= 0; i--, value /= 10) out[i] = (uint8_t)('0' + value % 10);
}

static void write_mark(uint8_t *out, uint64_t number, uint64_t time) {
    out[0] = '#';
    digits(out + 1, number, NUMBER_DIGITS);
    out[1 + NUMBER_DIGITS] = '@';
    digits(out + 2 + NUMBER_DIGITS, time, TIME_DIGITS);
}

static int read_digits(const uint8_t *in, int count, uint64_t *value) {
    uint64_t result = 0;
    for (int i = 0; i < count; i++) {
        if (in[i] < '0' || in[i] > '9') return 0;
        result = result * 10 + (uint64_t)(in[i] - '0');
    }
    *value = result;
    return 1;
}

static int read_mark(const uint8_t *in, uint64_t *number, uint64_t *time) {
    return in[0] == '#' && in[1 + NUMBER_DIGITS] == '@' && read_digits(in + 1, NUMBER_DIGITS, number)
        && read_digits(in + 2 + NUMBER_DIGITS, TIME_DIGITS, time);
}

// MARK: Sending

static void want_write(struct bench *bench, struct connection *connection, int wants) {
    if (connection->wants_write == wants || connection->fd < 0) return;
    connection->wants_write = wants;
    struct epoll_event event = {
        .events = (connection->role == SLEEPER && connection->state == READY ? 0 : EPOLLIN) | (wants ? EPOLLOUT : 0),
        .data.ptr = connection};
    epoll_ctl(bench->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void flush(struct bench *bench, struct connection *connection) {
    size_t sent = 0;
    while (sent < connection->out.length) {
        ssize_t count = send(connection->fd, connection->out.data + sent, connection->out.length - sent, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) fail(bench, "A connection broke while it was written to: %s.", strerror(errno));
            break;
        }
        sent += (size_t)count;
    }
    consume(&connection->out, sent);
    want_write(bench, connection, connection->out.length > 0);
}

// A client's frame; its masking key is zero, which leaves the payload as it is.
static void add_frame(struct connection *connection, uint8_t opcode, const void *payload, size_t length) {
    uint8_t header[14] = {(uint8_t)(0x80 | opcode)};
    size_t size = 2;
    if (length < 126) {
        header[1] = (uint8_t)(0x80 | length);
    } else if (length < 65536) {
        header[1] = 0x80 | 126;
        header[2] = (uint8_t)(length >> 8);
        header[3] = (uint8_t)length;
        size = 4;
    } else {
        header[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++) header[2 + i] = (uint8_t)(length >> (56 - 8 * i));
        size = 10;
    }
    size += 4;
    append(&connection->out, header, size);
    append(&connection->out, payload, length);
}

// MARK: Messages

static const char *event_head =
    "{\"time\":1700000000,\"self_id\":10001,\"post_type\":\"message\",\"message_type\":\"group\",\"sub_type\":\"normal\","
    "\"message_id\":1234567,\"group_id\":30001,\"user_id\":20001,\"anonymous\":null,\"raw_message\":\"";
static const char *event_tail = "\",\"font\":0,\"sender\":{\"user_id\":20001,\"nickname\":\"Ada\",\"card\":\"\",\"role\":\"owner\"}}";

// Makes the message once; only its mark changes.
static int make_message(struct bench *bench) {
    const struct bench_options *options = bench->options;
    struct bytes *message = &bench->message;
    const char *head, *tail;
    switch (options->scenario) {
    case BENCH_ACTIONS:
        head = "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":30001,\"message\":\"";
        tail = "\"}";
        break;
    case BENCH_BROADCAST:
        head = "{\"action\":\"send_broadcast_data\",\"params\":{\"data\":\"";
        tail = "\"},\"echo\":1}";
        break;
    default:
        head = event_head;
        tail = event_tail;
    }
    size_t fixed = strlen(head) + strlen(tail) + (options->scenario == BENCH_ACTIONS ? MARK + 11 : MARK);
    size_t filler = (size_t)options->payload > fixed ? (size_t)options->payload - fixed : 0;
    char *spaces = malloc(filler + 1);
    if (!spaces) return fail(bench, "No memory.");
    memset(spaces, 'x', filler);
    uint8_t mark[MARK];
    write_mark(mark, 0, 0);
    append(message, head, strlen(head));
    if (options->scenario == BENCH_ACTIONS) {
        // The mark is the echo: only the one who asked may see it again.
        append(message, spaces, filler);
        append(message, tail, strlen(tail));
        append(message, ",\"echo\":\"", 9);
        bench->mark_at = message->length;
        append(message, mark, MARK);
        append(message, "\"}", 2);
    } else {
        bench->mark_at = message->length;
        append(message, mark, MARK);
        append(message, spaces, filler);
        append(message, tail, strlen(tail));
    }
    free(spaces);
    return 0;
}

static void add_message(struct bench *bench, struct connection *connection, uint64_t number) {
    struct bytes *message = &bench->message;
    write_mark(message->data + bench->mark_at, number, now_ns());
    char head[128];
    switch (bench->options->dialect) {
    case BENCH_ONEBOT:
    case BENCH_FLOOR:
        add_frame(connection, 1, message->data, message->length);
        break;
    case BENCH_NATS: {
        int size = snprintf(head, sizeof head, "PUB bench %zu\r\n", message->length);
        struct bytes frame = {0};
        append(&frame, head, (size_t)size);
        append(&frame, message->data, message->length);
        append(&frame, "\r\n", 2);
        add_frame(connection, 2, frame.data, frame.length);
        free(frame.data);
        break;
    }
    case BENCH_STOMP: {
        int size = snprintf(
            head, sizeof head, "SEND\ndestination:/topic/bench\ncontent-length:%zu\n\n", message->length);
        struct bytes frame = {0};
        append(&frame, head, (size_t)size);
        append(&frame, message->data, message->length);
        append(&frame, "", 1);
        add_frame(connection, 1, frame.data, frame.length);
        free(frame.data);
        break;
    }
    case BENCH_MQTT: {
        struct bytes frame = {0};
        size_t rest = 2 + 5 + message->length;
        uint8_t first = 0x30;
        append(&frame, &first, 1);
        do {
            uint8_t byte = rest % 128;
            rest /= 128;
            if (rest) byte |= 0x80;
            append(&frame, &byte, 1);
        } while (rest);
        append(&frame, "\0\5bench", 7);
        append(&frame, message->data, message->length);
        add_frame(connection, 2, frame.data, frame.length);
        free(frame.data);
        break;
    }
    }
}

// What is said first, after the upgrade.
static void greet(struct bench *bench, struct connection *connection) {
    switch (bench->options->dialect) {
    case BENCH_ONEBOT:
    case BENCH_FLOOR: break;
    case BENCH_NATS: {
        const char *text = connection->role == SOURCE
            ? "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\nPING\r\n"
            : "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB bench 1\r\nPING\r\n";
        add_frame(connection, 2, text, strlen(text));
        break;
    }
    case BENCH_STOMP: {
        const char *text = "CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\nheart-beat:0,0\n\n";
        add_frame(connection, 1, text, strlen(text) + 1);
        break;
    }
    case BENCH_MQTT: {
        uint8_t text[24] = {0x10, 20, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 8};
        text[14] = 'b';
        digits(text + 15, (uint64_t)connection->index, 7);
        add_frame(connection, 2, text, 22);
        break;
    }
    }
}

static int contains(const uint8_t *data, size_t length, const char *text) {
    return memmem(data, length, text, strlen(text)) != NULL;
}

// Whether this payload makes the connection ready.
static int is_welcome(struct bench *bench, struct connection *connection, const uint8_t *data, size_t length) {
    switch (bench->options->dialect) {
    case BENCH_ONEBOT: return connection->role == SOURCE || contains(data, length, "\"lifecycle\"");
    case BENCH_FLOOR: return 1;
    case BENCH_NATS: return contains(data, length, "PONG");
    case BENCH_STOMP:
        if (contains(data, length, "CONNECTED\n")) {
            if (connection->role == SOURCE) return 1;
            const char *text = "SUBSCRIBE\nid:1\ndestination:/topic/bench\nack:auto\nreceipt:r\n\n";
            add_frame(connection, 1, text, strlen(text) + 1);
            flush(bench, connection);
            return 0;
        }
        return contains(data, length, "RECEIPT\n");
    case BENCH_MQTT:
        if (length >= 4 && data[0] == 0x20) {
            if (connection->role == SOURCE) return 1;
            static const uint8_t text[] = {0x82, 10, 0, 1, 0, 5, 'b', 'e', 'n', 'c', 'h', 0};
            add_frame(connection, 2, text, sizeof text);
            flush(bench, connection);
            return 0;
        }
        return length >= 2 && data[0] == 0x90;
    }
    return 0;
}

// MARK: The course of a run

static void begin_measuring(struct bench *bench) {
    bench->measuring = 1;
    bench->cpu_before = cpu_seconds(bench->options->pids, bench->options->pid_count);
    bench->own_before = own_cpu();
    bench->started_at = now_ns();
}

static void pump(struct bench *bench) {
    const struct bench_options *options = bench->options;
    if (bench->ready < bench->count || bench->done) return;
    if (options->scenario == BENCH_ACTIONS) return;
    struct connection *source = bench->source;
    uint64_t before = bench->published;
    while (bench->published < bench->total && source->out.length < PUMP_BYTES) {
        uint64_t outstanding = bench->published - bench->completed;
        if (options->window && outstanding >= (uint64_t)options->window) break;
        if (outstanding >= bench->ring - 1) break;
        // The warm-up ends with nothing under way.
        if (bench->published == options->warmup) {
            if (!bench->measuring) {
                if (bench->completed < bench->published) break;
                begin_measuring(bench);
                bench->due = options->warmup;
            }
        }
        if (options->rate > 0 && bench->measuring && bench->published >= bench->due) break;
        bench->arrivals[bench->published % bench->ring] = 0;
        add_message(bench, source, bench->published);
        bench->published++;
        // One send for each, as a bot would: joining is the server's business.
        if (options->rate > 0 || options->window == 1) flush(bench, source);
    }
    if (bench->published != before) flush(bench, source);
}

static void call(struct bench *bench, struct connection *connection) {
    const struct bench_options *options = bench->options;
    uint64_t each = options->warmup + options->messages;
    while (connection->in_flight < (uint64_t)(options->window ? options->window : 1) && connection->sent < each) {
        // Nobody begins the counted part before all have ended the warm-up.
        if (connection->sent == options->warmup && !bench->measuring) break;
        add_message(bench, connection, (uint64_t)connection->index * 10000000ull + connection->sent);
        connection->sent++;
        connection->in_flight++;
    }
    if (connection->out.length) flush(bench, connection);
}

static void note_latency(struct bench *bench, uint64_t sent_at, uint64_t now) {
    struct bench_result *result = bench->result;
    if (result->latency_count < MAX_LATENCIES)
        result->latencies[result->latency_count++] = (uint32_t)((now - sent_at) / 100);
}

static void got_event(struct bench *bench, struct connection *connection, uint64_t number, uint64_t sent_at, uint64_t now) {
    struct bench_result *result = bench->result;
    if (number >= bench->total) { result->foreign++; return; }
    if (number < connection->expected) { result->repeated++; return; }
    if (number > connection->expected) result->lost += number - connection->expected;
    connection->expected = number + 1;
    connection->received++;
    int receivers = bench->options->scenario == BENCH_BROADCAST ? bench->options->clients - 1 : bench->options->clients;
    if (++bench->arrivals[number % bench->ring] == (uint32_t)receivers) bench->completed++;
    if (number >= bench->options->warmup) {
        result->delivered++;
        note_latency(bench, sent_at, now);
    }
    if (bench->completed == bench->total) bench->done = 1;
}

static void got_answer(struct bench *bench, struct connection *connection, uint64_t number, uint64_t sent_at, uint64_t now) {
    struct bench_result *result = bench->result;
    uint64_t own = (uint64_t)connection->index * 10000000ull;
    if (number < own || number >= own + 10000000ull) { result->foreign++; return; }
    number -= own;
    if (number < connection->expected) result->repeated++;
    if (number > connection->expected) result->disordered++;
    connection->expected = number + 1;
    connection->in_flight--;
    bench->answered++;
    if (bench->measuring) {
        result->delivered++;
        note_latency(bench, sent_at, now);
        if (result->delivered == bench->options->messages * (uint64_t)bench->options->clients) bench->done = 1;
        call(bench, connection);
    } else {
        call(bench, connection);
        if (bench->answered == bench->options->warmup * (uint64_t)bench->options->clients) {
            begin_measuring(bench);
            for (int i = 0; i < bench->count; i++)
                if (bench->connections[i].role == CLIENT) call(bench, &bench->connections[i]);
        }
    }
}

// The bot answers each action with the echo it came with: the last member of the frame.
static void answer(struct bench *bench, const uint8_t *data, size_t length) {
    static const char member[] = "\"echo\":";
    const uint8_t *echo = NULL, *from = data;
    while ((from = memmem(from, length - (size_t)(from - data), member, sizeof member - 1))) {
        echo = from + sizeof member - 1;
        from = echo;
    }
    if (!echo || length == 0) return;
    size_t size = length - (size_t)(echo - data);
    while (size > 0 && echo[size - 1] != '}') size--;
    if (size == 0) return;
    struct bytes frame = {0};
    static const char head[] = "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"message_id\":1234567},\"echo\":";
    append(&frame, head, sizeof head - 1);
    append(&frame, echo, size);
    add_frame(bench->source, 1, frame.data, frame.length);
    free(frame.data);
}

// Every mark in what was received; one may be cut in two.
static void scan(struct bench *bench, struct connection *connection, const uint8_t *data, size_t length) {
    if (connection->carry.length) {
        append(&connection->carry, data, length);
        data = connection->carry.data;
        length = connection->carry.length;
    }
    uint64_t now = now_ns();
    size_t at = 0;
    while (at < length) {
        const uint8_t *found = memchr(data + at, '#', length - at);
        if (!found) { at = length; break; }
        at = (size_t)(found - data);
        if (length - at < MARK) break;
        uint64_t number, sent_at;
        if (read_mark(found, &number, &sent_at)) {
            if (bench->options->scenario == BENCH_ACTIONS) got_answer(bench, connection, number, sent_at, now);
            else got_event(bench, connection, number, sent_at, now);
            at += MARK;
        } else {
            at++;
        }
    }
    if (connection->carry.length) {
        consume(&connection->carry, at);
    } else if (at < length && bench->options->dialect != BENCH_ONEBOT && bench->options->dialect != BENCH_FLOOR) {
        append(&connection->carry, data + at, length - at);
    }
}

static void became_ready(struct bench *bench, struct connection *connection) {
    connection->state = READY;
    bench->ready++;
    if (connection->role == SLEEPER) {
        struct epoll_event event = {.events = 0, .data.ptr = connection};
        epoll_ctl(bench->epoll, EPOLL_CTL_MOD, connection->fd, &event);
    }
}

static void payload(struct bench *bench, struct connection *connection, uint8_t opcode, const uint8_t *data, size_t length) {
    if (opcode == 8) { fail(bench, "The server closed a connection."); return; }
    if (opcode == 9) { add_frame(connection, 10, data, length); flush(bench, connection); return; }
    if (opcode > 2) return;
    if (connection->state == GREETING) {
        if (is_welcome(bench, connection, data, length)) became_ready(bench, connection);
        return;
    }
    if (connection->role == SOURCE) {
        if (bench->options->scenario == BENCH_ACTIONS) answer(bench, data, length);
        if (bench->options->dialect == BENCH_NATS && length >= 4 && memcmp(data, "PING", 4) == 0) {
            add_frame(connection, 2, "PONG\r\n", 6);
            flush(bench, connection);
        }
        return;
    }
    if (bench->options->dialect == BENCH_NATS && length >= 6 && memcmp(data, "PING\r\n", 6) == 0) {
        add_frame(connection, 2, "PONG\r\n", 6);
        flush(bench, connection);
    }
    if (bench->options->scenario == BENCH_BROADCAST && connection == bench->source) return;
    scan(bench, connection, data, length);
}

static void frames(struct bench *bench, struct connection *connection) {
    struct bytes *in = &connection->in;
    size_t at = 0;
    while (!bench->done && in->length - at >= 2) {
        const uint8_t *head = in->data + at;
        size_t size = 2;
        uint64_t length = head[1] & 0x7F;
        if (length == 126) {
            size = 4;
            if (in->length - at < size) break;
            length = (uint64_t)head[2] << 8 | head[3];
        } else if (length == 127) {
            size = 10;
            if (in->length - at < size) break;
            length = 0;
            for (int i = 0; i < 8; i++) length = length << 8 | head[2 + i];
        }
        if (in->length - at < size + length) break;
        payload(bench, connection, head[0] & 0xF, head + size, length);
        at += size + length;
    }
    consume(in, at);
    // The bot's answers of one turn go out together.
    if (connection->role == SOURCE && connection->out.length) flush(bench, connection);
}

static void upgraded(struct bench *bench, struct connection *connection) {
    const uint8_t *end = memmem(connection->in.data, connection->in.length, "\r\n\r\n", 4);
    if (!end) return;
    if (connection->in.length < 12 || memcmp(connection->in.data + 8, " 101", 4) != 0) {
        fail(bench, "The server refused the upgrade: %.120s", (char *)connection->in.data);
        return;
    }
    consume(&connection->in, (size_t)(end - connection->in.data) + 4);
    connection->state = GREETING;
    bench->open++;
    greet(bench, connection);
    flush(bench, connection);
    int needs_nothing = bench->options->dialect == BENCH_FLOOR
        || (bench->options->dialect == BENCH_ONEBOT && connection->role == SOURCE);
    if (needs_nothing) became_ready(bench, connection);
    if (connection->in.length) frames(bench, connection);
}

static void readable(struct bench *bench, struct connection *connection) {
    for (int round = 0; round < 4 && !bench->done; round++) {
        ssize_t count = recv(connection->fd, bench->scratch, READ_SIZE, 0);
        if (count == 0) { fail(bench, "The server ended a connection."); return; }
        if (count < 0) {
            if (errno == EAGAIN || errno == EINTR) return;
            fail(bench, "A connection broke: %s.", strerror(errno));
            return;
        }
        append(&connection->in, bench->scratch, (size_t)count);
        if (connection->state == UPGRADING) upgraded(bench, connection);
        else frames(bench, connection);
        if (count < READ_SIZE) return;
    }
}

static int dial(struct bench *bench, struct connection *connection, const char *path) {
    const struct bench_options *options = bench->options;
    int port = options->ports[connection->role == SOURCE ? 0 : connection->index % options->port_count];
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) return fail(bench, "No socket: %s. Raise the limit of open files.", strerror(errno));
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connection->role == SLEEPER) {
        int small = 4096;
        setsockopt(connection->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, options->host, &address.sin_addr) != 1) return fail(bench, "%s is no IPv4 address.", options->host);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail(bench, "Cannot connect to %s:%d: %s.", options->host, port, strerror(errno));
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    char request[1024], extra[400] = "";
    if (options->token) snprintf(extra, sizeof extra, "Authorization: Bearer %s\r\n", options->token);
    if (options->dialect == BENCH_ONEBOT && connection->role == SOURCE)
        strcat(extra, "X-Self-ID: 10001\r\nX-Client-Role: Universal\r\n");
    if (options->dialect == BENCH_MQTT) strcat(extra, "Sec-WebSocket-Protocol: mqtt\r\n");
    if (options->dialect == BENCH_STOMP) strcat(extra, "Sec-WebSocket-Protocol: v12.stomp\r\n");
    int size = snprintf(
        request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        path, options->host, port, extra);
    append(&connection->out, request, (size_t)size);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    flush(bench, connection);
    return 0;
}

static void tick(struct bench *bench) {
    uint64_t times = 0;
    if (read(bench->timer, &times, sizeof times) != sizeof times) return;
    if (bench->measuring) {
        double elapsed = (double)(now_ns() - bench->started_at) / 1e9;
        bench->due = bench->options->warmup + (uint64_t)(elapsed * bench->options->rate) + 1;
    }
    pump(bench);
}

// One turn: what came in, then what may go out.
static void turn(struct bench *bench, int wait_ms) {
    struct epoll_event events[512];
    int count = epoll_wait(bench->epoll, events, 512, wait_ms);
    for (int i = 0; i < count && !bench->done; i++) {
        struct connection *connection = events[i].data.ptr;
        if (!connection) { tick(bench); continue; }
        if (events[i].events & EPOLLOUT) flush(bench, connection);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
            if (connection->role == SLEEPER && connection->state == READY) continue;
            readable(bench, connection);
        }
    }
}

static int connect_all(struct bench *bench, uint64_t deadline) {
    const struct bench_options *options = bench->options;
    // The bot comes first: clients are greeted once it is known.
    struct connection *bot = &bench->connections[0];
    bot->role = SOURCE;
    if (dial(bench, bot, options->bot_path) < 0) return -1;
    bench->source = bot;
    while (bench->open < 1 && !bench->done && now_ns() < deadline) turn(bench, 50);
    uint64_t begin = now_ns();
    for (int i = 1; i < bench->count && !bench->done; i++) {
        struct connection *connection = &bench->connections[i];
        connection->role = i <= options->clients ? CLIENT : SLEEPER;
        if (dial(bench, connection, options->client_path) < 0) return -1;
        // So many at a time that the server's queue of new connections is never full.
        while (i - bench->open >= 64 && !bench->done && now_ns() < deadline) turn(bench, 50);
    }
    while (bench->ready < bench->count && !bench->done && now_ns() < deadline) turn(bench, 50);
    bench->result->connect_seconds = (double)(now_ns() - begin) / 1e9;
    if (bench->ready < bench->count && !bench->done)
        return fail(bench, "%d of %d connections were ready in time.", bench->ready, bench->count);
    return bench->done ? -1 : 0;
}

static void finish(struct bench *bench) {
    struct bench_result *result = bench->result;
    const struct bench_options *options = bench->options;
    result->wall_seconds = (double)(now_ns() - bench->started_at) / 1e9;
    result->cpu_seconds = cpu_seconds(options->pids, options->pid_count) - bench->cpu_before;
    result->own_cpu_seconds = own_cpu() - bench->own_before;
    result->rss_end_kib = rss_kib(options->pids, options->pid_count);
    if (result->rss_end_kib > bench->peak) bench->peak = result->rss_end_kib;
    result->rss_peak_kib = bench->peak;
    result->sent = bench->options->scenario == BENCH_ACTIONS
        ? options->messages * (uint64_t)options->clients
        : bench->published - options->warmup;
}

static int run(struct bench *bench) {
    const struct bench_options *options = bench->options;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    bench->count = 1 + options->clients + options->sleepers;
    bench->connections = calloc((size_t)bench->count, sizeof *bench->connections);
    bench->ring = 1 << 20;
    bench->arrivals = calloc(bench->ring, sizeof *bench->arrivals);
    bench->scratch = malloc(READ_SIZE);
    bench->result->latencies = malloc(sizeof(uint32_t) * MAX_LATENCIES);
    bench->total = options->warmup + options->messages;
    bench->epoll = epoll_create1(EPOLL_CLOEXEC);
    bench->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!bench->connections || !bench->arrivals || !bench->scratch || !bench->result->latencies || bench->epoll < 0 || bench->timer < 0)
        return fail(bench, "No memory or no file descriptors.");
    for (int i = 0; i < bench->count; i++) {
        bench->connections[i].fd = -1;
        bench->connections[i].index = i;
    }
    if (make_message(bench) < 0) return -1;
    uint64_t deadline = now_ns() + (uint64_t)(options->time_limit * 1e9);
    bench->result->rss_idle_kib = rss_kib(options->pids, options->pid_count);
    if (connect_all(bench, deadline) < 0) return -1;
    bench->result->rss_ready_kib = bench->peak = rss_kib(options->pids, options->pid_count);

    if (options->scenario == BENCH_CONNECT) {
        begin_measuring(bench);
        uint64_t end = now_ns() + (uint64_t)(options->hold * 1e9);
        while (now_ns() < end && !bench->done) turn(bench, 50);
        finish(bench);
        bench->result->delivered = (uint64_t)options->clients;
        return bench->result->error[0] ? -1 : 0;
    }
    if (options->scenario == BENCH_BROADCAST) bench->source = &bench->connections[1];
    if (options->rate > 0) {
        // Several at once where they come faster than a thousand a second.
        long interval = options->rate > 1000 ? 1000000 : (long)(1e9 / options->rate);
        struct itimerspec every = {.it_interval.tv_nsec = interval, .it_value.tv_nsec = interval};
        if (interval >= 1000000000) every = (struct itimerspec){.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
        timerfd_settime(bench->timer, 0, &every, NULL);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
        epoll_ctl(bench->epoll, EPOLL_CTL_ADD, bench->timer, &event);
    }
    if (options->scenario == BENCH_ACTIONS) {
        if (options->warmup == 0) begin_measuring(bench);
        for (int i = 1; i <= options->clients; i++) call(bench, &bench->connections[i]);
    }
    uint64_t look_at = now_ns() + 100000000;
    while (!bench->done && now_ns() < deadline) {
        pump(bench);
        turn(bench, 50);
        if (now_ns() > look_at) {
            double rss = rss_kib(options->pids, options->pid_count);
            if (rss > bench->peak) bench->peak = rss;
            look_at = now_ns() + 100000000;
        }
    }
    finish(bench);
    if (!bench->done) return fail(bench, "Not finished in %g s: %llu of %llu messages had reached everybody.", options->time_limit,
        (unsigned long long)bench->completed, (unsigned long long)bench->total);
    return bench->result->error[0] ? -1 : 0;
}

int bench_run(const struct bench_options *options, struct bench_result *result) {
    struct bench bench = {.options = options, .result = result};
    memset(result, 0, sizeof *result);
    int outcome = run(&bench);
    for (int i = 0; i < bench.count && bench.connections; i++) {
        struct connection *connection = &bench.connections[i];
        if (connection->fd >= 0) close(connection->fd);
        free(connection->in.data);
        free(connection->out.data);
        free(connection->carry.data);
    }
    if (bench.epoll > 0) close(bench.epoll);
    if (bench.timer > 0) close(bench.timer);
    free(bench.connections);
    free(bench.arrivals);
    free(bench.scratch);
    free(bench.message.data);
    return outcome;
}

void bench_free(struct bench_result *result) {
    free(result->latencies);
    result->latencies = NULL;
}
