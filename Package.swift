// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode for every target, plus the three upcoming features that keep modules honest:
/// `any` is spelled out, a member is visible only where its module is imported, and imports are internal
/// unless said otherwise.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Tests are built with these checks. In a release build they would be a tenth of the cost of an event
    // (docs/decisions/0014).
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// The modules whose values are stored in types of other modules. A module that stores such a value, however deeply,
/// has to be compiled again when the value's layout changes. SwiftPM sees that only where the module is named as a
/// dependency: it does not follow internal imports, which ours are.
let valueModules = ["OneBot", "Bus", "SettingsReading", "Observability", "Contracts", "Claims", "Actions"]

func values(besides name: String? = nil) -> [Target.Dependency] {
    valueModules.filter { $0 != name }.map { .byName(name: $0) }
}

/// - Parameter pages: what explains the sources to whoever opens their folder.
func shared(_ name: String, _ dependencies: [Target.Dependency] = [], pages: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", exclude: pages, swiftSettings: settings)
}

/// - Parameter pages: as of ``shared(_:_:pages:)``.
func service(
    _ name: String, folder: String, _ dependencies: [Target.Dependency], pages: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Services/\(folder)", exclude: ["Main"] + pages,
        swiftSettings: settings)
}

/// The process of one service: `Services/FOLDER/Main`, product FOLDER.
func process(of name: String, folder: String) -> Target {
    .executableTarget(
        name: "\(name)Main",
        dependencies: [.byName(name: name), "ServiceRuntime", nioCore, logging, lifecycle] + values(),
        path: "Services/\(folder)/Main", swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "TestSupport"] + values(besides: name) + dependencies,
        path: "Tests/\(name)Tests", swiftSettings: settings)
}

// The packages we stand on, each known to the modules named beside it.
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")  // ByteBuffer, EventLoop: anyone
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")  // sockets: transport, services
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")  // tests
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")  // the upgrade: transport
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")  // transport
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")  // wss:// bots, amqps:// brokers
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")  // amqps:// brokers: AMQP
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")  // sessions: WSEdge
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")  // anyone
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")  // ServiceRuntime
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")  // anyone
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")  // services
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")  // APIGateway
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")  // APIGateway
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")  // APIGateway
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")  // Registry
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")  // SettingsReading

let package = Package(
    name: "perpetua",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "perpetua", targets: ["perpetua"]),
        .executable(name: "ws-edge", targets: ["WSEdgeMain"]),
        .executable(name: "registry", targets: ["RegistryMain"]),
        .executable(name: "api-gateway", targets: ["APIGatewayMain"]),
        .executable(name: "simulated-bot", targets: ["simulated-bot"]),
        // It is never built by itself: it lets Benchmarks/Micro, a package of its own, import the modules it measures.
        .library(
            name: "PerpetuaModules",
            targets: [
                "OneBot", "Bus", "SettingsReading", "Listening", "WebSocketTransport", "AMQP", "Contracts", "Claims",
                "Actions", "WSEdge", "Registry", "ServiceRuntime",
            ]),
    ],
    // Exact versions, so that the application is built the same today and tomorrow. Each is at the newest version that
    // ./test has passed with; the line above it says why it is here, and what keeps its version from being older, or
    // newer. scripts/dependencies.py finds newer versions, and writes them here.
    dependencies: [
        // Bytes, event loops, sockets, HTTP/1 and WebSocket frames; Hummingbird needs 2.101.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // wss:// and amqps://; Hummingbird needs 2.37.2, and TLS is to be the newest there is.
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        // NIOHTTPTypes, in which Hummingbird's requests are written; it needs 1.34.1.
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        // Deque, for what waits in a session; swift-async-algorithms needs 1.5.
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        // Logging; Hummingbird and swift-service-lifecycle need 1.14.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // What our Prometheus page is a backend of; Hummingbird needs 2.9.
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        // Start and end of services, signals; swift-configuration needs 2.8.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        // The HTTP server of the API, without what reads its own settings; nothing else of ours holds its version.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        // SQLite, for what the registry keeps; from 7 on it is made for Swift 6.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        // perpetua.yaml; swift-configuration wants it below 7.
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // The protocol and the port: these import nothing of ours.
        shared("OneBot", [nioCore]),
        shared("Bus", [nioCore]),
        shared("SettingsReading", [yams]),
        shared("Observability", [metrics]),
        .target(name: "CSendRing", path: "Shared/CSendRing"),
        shared("Listening", ["Observability", nioCore, logging, metrics]),
        shared(
            "WebSocketTransport",
            ["CSendRing", "Listening", "Observability", nioCore, nioPosix, nioHTTP1, nioWebSocket, nioSSL, logging]),

        // The adapter: RabbitMQ through librabbitmq's codec.
        .systemLibrary(
            name: "CRabbitMQ", path: "Shared/CRabbitMQ", pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"]), .brew(["rabbitmq-c"])]),
        shared(
            "AMQP",
            [
                "Bus", "SettingsReading", "Observability", "CRabbitMQ", nioCore, nioPosix, nioSSL, nioTLS, logging,
                metrics,
            ], pages: ["README.md"]),

        // What programs say on the bus, and our own actions.
        shared("Contracts", ["OneBot", "Bus", "Observability", nioCore]),
        shared("Claims", ["OneBot", "Bus", "Contracts", nioCore]),
        shared(
            "Actions",
            ["OneBot", "Bus", "Contracts", "SettingsReading", "Observability", nioCore, logging, metrics]),

        // The signature of webhooks: OpenSSL's, of the system.
        .systemLibrary(
            name: "CLibcrypto", path: "Shared/CLibcrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

        // The three services: none imports another.
        service(
            "WSEdge", folder: "ws-edge",
            [
                "OneBot", "Bus", "Contracts", "Claims", "Actions", "WebSocketTransport", "Listening",
                "SettingsReading", "Observability", nioCore, nioPosix, nioHTTP1, logging, lifecycle, metrics,
                deque, "CLibcrypto",
            ], pages: ["Bots/README.md", "Clients/README.md"]),
        service(
            "Registry", folder: "registry",
            [
                "OneBot", "Bus", "Contracts", "Claims", "SettingsReading", "Observability", nioCore, logging, lifecycle,
                grdb, metrics,
            ]),
        service(
            "APIGateway", folder: "api-gateway",
            [
                "OneBot", "Bus", "Contracts", "Actions", "Listening", "SettingsReading", "Observability",
                nioCore, nioHTTP1, nioHTTPTypes, logging, lifecycle, hummingbird, hummingbirdCore, metrics,
            ]),

        // Processes.
        shared(
            "ServiceRuntime",
            [
                "Bus", "AMQP", "Listening", "SettingsReading", "Observability", nioCore, nioPosix, nioHTTP1, logging,
                lifecycle, metrics, coreMetrics,
            ]),
        process(of: "WSEdge", folder: "ws-edge"),
        process(of: "Registry", folder: "registry"),
        process(of: "APIGateway", folder: "api-gateway"),
        .executableTarget(
            name: "perpetua",
            dependencies: [
                "WSEdge", "Registry", "APIGateway", "ServiceRuntime", nioCore, nioPosix, logging, lifecycle,
            ] + values(),
            path: "Services/all-in-one", swiftSettings: settings),
        .target(
            name: "SimulatedBot",
            dependencies: ["OneBot", "WebSocketTransport", nioCore, nioPosix, nioHTTP1, logging],
            path: "Examples/simulated-bot", exclude: ["Main", "README.md"], swiftSettings: settings),
        .executableTarget(
            name: "simulated-bot", dependencies: ["SimulatedBot", nioPosix, logging],
            path: "Examples/simulated-bot/Main", swiftSettings: settings),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "SimulatedBot", "WSEdge", "Registry", "APIGateway", "WebSocketTransport", "AMQP", "ServiceRuntime",
                nioCore, nioPosix, nioHTTP1, logging, lifecycle,
            ] + values(),
            path: "Tests/Support", swiftSettings: settings),
        tests(of: "OneBot", [nioCore]),
        tests(of: "Bus", [nioCore, nioPosix]),
        tests(of: "AMQP", ["CRabbitMQ", nioCore, nioPosix, nioEmbedded, logging]),
        tests(of: "SettingsReading"),
        tests(of: "ServiceRuntime", [nioCore, nioPosix, nioHTTP1, logging, lifecycle, metrics, coreMetrics]),
        tests(of: "Listening", [nioCore, nioPosix, nioEmbedded, logging]),
        tests(of: "Contracts", [nioCore]),
        tests(of: "Claims", [nioCore, nioPosix, nioEmbedded]),
        tests(of: "Actions", [nioCore]),
        tests(of: "WebSocketTransport", [nioCore, nioPosix, nioEmbedded, nioHTTP1, nioWebSocket, nioSSL, logging]),
        tests(of: "SimulatedBot", ["WebSocketTransport", nioCore, nioPosix, nioHTTP1, logging]),
        tests(of: "WSEdge", ["WebSocketTransport", nioCore, nioPosix, nioHTTP1, logging]),
        tests(of: "Registry", [nioCore, nioPosix, logging, grdb]),
        tests(of: "APIGateway", [nioCore, nioPosix, nioHTTP1, logging, lifecycle, yams]),
        .testTarget(
            name: "AllInOneTests",
            dependencies: ["perpetua", "WSEdgeMain", "RegistryMain", "APIGatewayMain", "ServiceRuntime", nioCore]
                + values(),
            path: "Tests/AllInOneTests", swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "AMQP", "SimulatedBot", "WebSocketTransport", nioCore, nioPosix, nioHTTP1,
                "CLibcrypto",
            ] + values(),
            path: "Tests/EndToEndTests", swiftSettings: settings),
        // The code that reads is built as for tests, with all checks; only the code that makes the inputs is optimised.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "TestSupport", "AMQP", "WebSocketTransport", "WSEdge", "APIGateway", nioCore, nioEmbedded, nioHTTP1,
                logging, hummingbirdCore,
            ] + values(),
            path: "Tests/FuzzTests", swiftSettings: settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .testTarget(name: "ArchitectureTests", path: "Tests/ArchitectureTests", swiftSettings: settings),
    ]
)
