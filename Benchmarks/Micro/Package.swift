// swift-tools-version: 6.2
import PackageDescription

// A package of its own beside the load generator's: it needs Perpetua's modules, built so that their insides can be reached (`@testable`),
// which costs minutes in release; the load generator is built in seconds.
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
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
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
