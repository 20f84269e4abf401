import SettingsReading
import WebSocketTransport

/// The query of a client's upgrade. It remembers which keys were read; any other key in it is unknown.
struct ClientQuery {
    let request: UpgradeRequest
    /// `access_token` is read by who lets clients in.
    private var known: Set<String> = ["access_token"]

    init(_ request: UpgradeRequest) { self.request = request }

    /// The first value of that name.
    mutating func query(_ name: String) -> String? {
        known.insert(name)
        return request.query(name)
    }

    /// Every value of that name, in order: a list may be written as several.
    mutating func queries(_ name: String) -> [String]? {
        known.insert(name)
        let values = request.query.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
        return values.isEmpty ? nil : values
    }

    /// The keys nobody has asked for, once all are read.
    var unknown: [String] { request.query.map(\.name).filter { !$0.isEmpty && !known.contains($0) } }

    /// What to do about a key nobody knows.
    func remedy(for key: String) -> String {
        NearestName.find(key, among: known).map { "Did you mean \($0)?" }
            ?? "Known are \(known.sorted().joined(separator: ", "))."
    }
}
