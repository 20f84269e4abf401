// The load generator's engine: plays the bot and its clients (or a publisher and its subscribers) over WebSockets on one thread, and checks
// what arrives. In C, on epoll, so that it costs less than what it measures.
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/// Who is on the other side: what is said on a connection to become a subscriber, and how a message is published.
enum bench_dialect {
    BENCH_ONEBOT = 0,  ///< a bot that dials in at `bot_path`, clients at `client_path`
    BENCH_FLOOR = 1,   ///< the floor server: the same frames, nothing to wait for
    BENCH_NATS = 2,
    BENCH_STOMP = 3,
    BENCH_MQTT = 4,
};

enum bench_scenario {
    BENCH_EVENTS = 0,     ///< one publishes, every client gets each
    BENCH_ACTIONS = 1,    ///< every client calls, the bot answers
    BENCH_BROADCAST = 2,  ///< a client broadcasts to the others
    BENCH_CONNECT = 3,    ///< connects all clients, and counts the time it takes
};

struct bench_options {
    const char *host;
    const int *ports;     ///< clients are spread over them; the bot, or publisher, takes the first
    int port_count;
    enum bench_dialect dialect;
    enum bench_scenario scenario;
    int clients;
    int sleepers;         ///< further clients that never read
    double rate;          ///< messages a second; 0: not paced
    int window;           ///< messages outstanding (of one client, for actions); 0: as many as the socket takes
    int payload;          ///< bytes of one message
    uint64_t messages;    ///< counted ones (of each client, for actions)
    uint64_t warmup;      ///< sent before, not counted
    double time_limit;    ///< seconds for the whole run
    double hold;          ///< seconds to stay connected and idle before the end
    const char *bot_path;
    const char *client_path;
    const char *token;    ///< NULL: none
    const int *pids;      ///< whose CPU and memory are measured
    int pid_count;
};

struct bench_result {
    uint64_t sent, delivered, lost, repeated, disordered, foreign;
    double wall_seconds, cpu_seconds, own_cpu_seconds, connect_seconds;
    double rss_idle_kib;   ///< before the clients connected
    double rss_ready_kib;  ///< with all clients connected
    double rss_end_kib, rss_peak_kib;
    uint32_t *latencies;   ///< of each counted delivery, tenths of a microsecond; freed by bench_free
    size_t latency_count;
    char error[256];       ///< empty: none
};

int bench_run(const struct bench_options *options, struct bench_result *result);
void bench_free(struct bench_result *result);

#endif
