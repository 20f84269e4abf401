// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nothing for measuring gets into the product.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "perpetua-benchmarks",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "perpetua-bench", targets: ["perpetua-bench"]),
        .executable(name: "floor-server", targets: ["floor-server"]),
    ],
    // Exact versions, as in Perpetua's own manifest, so that tomorrow's figures are made by the same code as today's.
    dependencies: [
        // The options of perpetua-bench; nothing else limits its version.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // Percentiles of latency; nothing else limits its version.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .target(name: "BenchEngine", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"])]),
        .executableTarget(name: "floor-server", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"])]),
        .executableTarget(
            name: "perpetua-bench",
            dependencies: [
                "BenchEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings),
    ]
)
