# Every process of Perpetua in one image: perpetua (the default), ws-edge, registry, api-gateway, simulated-bot.
# docker build -t perpetua .                        the image
# docker build -t perpetua-balancer --target balancer .     HAProxy with our settings, for compose.yaml

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-dev librabbitmq-dev libssl-dev zlib1g-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
# As in scripts/prepare.sh: another environment makes SwiftPM compile anew.
ENV SWIFT_DETERMINISTIC_HASHING=1
WORKDIR /source
# The packages we stand on change seldom: a layer of their own.
COPY Package.swift ./
RUN swift package resolve
COPY Shared Shared
COPY Services Services
COPY Examples Examples
# For the manifest: no test is built.
COPY Tests Tests
# Swift's own libraries go into the programs, so that the image needs no toolchain. "-s" leaves debug information and the names of functions
# behind: docs/operating.md says what a crash then lacks. --build-arg STRIP= keeps both.
ARG STRIP="-Xlinker -s"
RUN for product in perpetua ws-edge registry api-gateway simulated-bot; do \
        swift build --configuration release --static-swift-stdlib $STRIP --product "$product" \
        && install -D --target-directory /programs ".build/release/$product" || exit 1; \
    done

FROM debian:bookworm-slim AS balancer
RUN apt-get update \
    && apt-get install --yes --no-install-recommends haproxy \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/health /usr/local/bin/health
COPY deploy/haproxy.cfg /etc/haproxy/haproxy.cfg
USER haproxy
EXPOSE 6700
# It ends its connections at once on SIGTERM, and waits for all of them on SIGUSR1, which is what Debian's package knows as a stop.
STOPSIGNAL SIGTERM
CMD ["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates librabbitmq4 libsqlite3-0 libssl3 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin perpetua \
    && install --directory --owner perpetua --group perpetua /data
COPY deploy/health /usr/local/bin/health
COPY --from=build /programs/ /usr/local/bin/
# Loopback in a container reaches nobody: who gets in is decided by the ports that are published.
ENV PERPETUA_EDGE_HOST=0.0.0.0 \
    PERPETUA_API_HOST=0.0.0.0 \
    PERPETUA_HEALTH_HOST=0.0.0.0 \
    PERPETUA_REGISTRY_DATABASE=/data/registry.sqlite
USER 10001:10001
WORKDIR /data
VOLUME /data
# 6700 the shared port, 8080 the API, 8081 health and metrics of ws-edge and registry.
EXPOSE 6700 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["health", "8080"]
CMD ["perpetua"]
