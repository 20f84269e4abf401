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
