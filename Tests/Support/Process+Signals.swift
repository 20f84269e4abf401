public import Foundation

extension Process {
    /// Runs it with no signal blocked. A child inherits the blocked signals of its parent's thread, and threads of
    /// event loops block nearly all, so it would never get a SIGTERM.
    public func runUnblocked() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
