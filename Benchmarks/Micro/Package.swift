// swift-tools-version: 6.2
import PackageDescription

// A package of its own, apart from the load generator's: it needs Perpetua's modules built for `@testable` imports,
// which takes minutes in release; the load generator is built in seconds.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "perpetua-micro-benchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "perpetua-micro", targets: ["perpetua-micro"])],
    dependencies: [
        .package(name: "perpetua", path: "../.."),
        // Buffers, and channels without sockets; the version is Perpetua's, since its modules are measured.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // A logger to hand to them; the version is Perpetua's.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // To count as the product does, with its backend; the version is Perpetua's.
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    ],
    targets: [
        .target(name: "AllocationCounter", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"])]),
        .executableTarget(
            name: "perpetua-micro",
            dependencies: [
                "AllocationCounter",
                .product(name: "PerpetuaModules", package: "perpetua"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: settings),
    ]
)
