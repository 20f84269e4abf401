public import Foundation

extension Process {
    /// Runs it with no signal blocked. A child inherits what its parent's thread has blocked, and threads of event loops block nearly
    /// all: it would never hear a SIGTERM.
    public func runUnblocked() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
