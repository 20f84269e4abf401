/// The keys and variables that some part of the process reads.
struct KnownNames: Sendable {
    private(set) var keys: Set<String> = []
    private(set) var variables: Set<String> = []

    mutating func insert(keys new: [String]) {
        keys.formUnion(new)
        variables.formUnion(new.map(EnvironmentName.of))
    }

    mutating func insert(variable: String) {
        variables.insert(variable)
    }

    /// "Did you mean …?", or what else to do about a name nobody knows.
    static func remedy(for name: String, among names: Set<String>) -> String {
        guard let nearest = NearestName.find(name, among: names) else {
            return "There is no such setting. Remove it, or see docs/configuration.md for those there are."
        }
        return "There is no such setting. Did you mean \(nearest)?"
    }
}
