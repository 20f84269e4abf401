import ServiceLifecycle

/// A service of the process. When it ends, for whatever reason, the time for stopping begins.
struct SupervisedService: Service, CustomStringConvertible {
    private let service: any Service
    private let watch: ShutdownWatch

    init(_ service: any Service, watch: ShutdownWatch) {
        self.service = service
        self.watch = watch
    }

    var description: String { "\(type(of: service))" }

    func run() async throws {
        do {
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
}

/// Why a service ended though nobody asked it to.
struct ServiceFailure: Error, CustomStringConvertible {
    let service: String
    /// `nil`: it just returned.
    let error: (any Error)?

    var description: String {
        guard let error else { return "\(service) ended though nobody asked it to. Please report this." }
        return "\(error)"
    }
}
