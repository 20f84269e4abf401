import Bus
import ServiceLifecycle

/// A service of the process: it begins once there is a bus. When it ends, for whatever reason, the clock of the shutdown starts.
struct SupervisedService: Service, CustomStringConvertible {
    private let service: any Service
    private let bus: (any MessageBus)?
    private let watch: ShutdownWatch

    /// - Parameter bus: what it waits for; `nil`: nothing.
    init(_ service: any Service, after bus: (any MessageBus)?, watch: ShutdownWatch) {
        self.service = service
        self.bus = bus
        self.watch = watch
    }

    var description: String { "\(type(of: service))" }

    func run() async throws {
        do {
            guard await busIsThere() else { return }
            try await service.run()
        } catch {
            watch.begin()
            // Cancelled because another one failed: that one is to be reported.
            if error is CancellationError && Task.isCancelled { return }
            throw ServiceFailure(service: description, error: error)
        }
        guard watch.begin() else { return }
        throw ServiceFailure(service: description, error: nil)
    }

    /// A broker may be started after us. False where we are to stop before it came.
    private func busIsThere() async -> Bool {
        guard let bus else { return true }
        let (statuses, status) = AsyncStream.makeStream(of: BusStatus.self)
        bus.watch { status.yield($0) }
        return await cancelWhenGracefulShutdown {
            for await status in statuses where status.obstacle == nil { return true }
            return false
        }
    }
}
