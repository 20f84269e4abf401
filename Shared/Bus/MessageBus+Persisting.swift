extension MessageBus {
    /// Carries `body` out, again and again while there is no connection: for what a service needs before it can begin.
    /// - Throws: what `body` throws otherwise; `CancellationError`.
    public func persistently<Result>(
        every pause: Duration = .milliseconds(500), isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async throws -> Result {
        while true {
            do {
                return try await body()
            } catch MessageBusError.unreachable, MessageBusError.disconnected {
                try await Task.sleep(for: pause)
            }
        }
    }
}
