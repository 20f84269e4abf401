import Foundation
import Testing

/// Rules within `Services/ws-edge`, which is one module: the compiler sees no folders.
@Suite("The edge's folders keep to themselves")
struct EdgeFoldersTests {
    private static let service = "Services/ws-edge"

    /// One file, without its comments and the text of its literals.
    private struct Source {
        let path: String
        let folder: String
        let code: String
        /// The types that are declared at its top level.
        let types: Set<String>
        /// Every word that may be a type's name.
        let names: Set<String>
    }

    private static let sources: [Source] = {
        // `try?`: without sources the tests fail.
        let paths = (try? ArchitectureTests.swiftFiles(in: service)) ?? []
        return paths.compactMap { path in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
            let code = withoutWords(text)
            let base = ArchitectureTests.root + "/" + service + "/"
            let folder = path.dropFirst(base.count).split(separator: "/").dropLast().joined(separator: "/")
            let types = code.matches(
                of:
                    /(?m)^(?:@\w+ )*(?:(?:public|private|fileprivate|final|indirect) )*(?:struct|class|enum|actor|protocol) (\w+)/
            ).map { String($0.output.1) }
            let names = code.matches(of: /\b[A-Z]\w*/).map { String($0.output) }
            return Source(
                path: path, folder: folder.isEmpty ? "." : folder, code: code, types: Set(types), names: Set(names))
        }
    }()

    private static func withoutWords(_ text: String) -> String {
        text.replacing(/(?s)\/\*.*?\*\//, with: "").replacing(/\/\/[^\n]*/, with: "")
            .replacing(/(?s)""".*?"""/, with: "\"\"").replacing(/"(?:\\.|[^"\\\n])*"/, with: "\"\"")
    }

    @Test("no folder knows, by whatever way, one that knows it")
    func circles() {
        #expect(Self.sources.count > 100)
        var owners: [String: String] = [:]
        for source in Self.sources { for type in source.types { owners[type] = source.folder } }
        var known: [String: Set<String>] = [:]
        for source in Self.sources {
            let folders = source.names.compactMap { owners[$0] }.filter { $0 != source.folder }
            known[source.folder, default: []].formUnion(folders)
        }
        for (folder, others) in known {
            for other in others where known[other]?.contains(folder) == true {
                Issue.record("\(folder) and \(other) know each other")
            }
        }
        // Folders that know none of the remaining ones are removed, one by one; those that stay know each other in
        // circles.
        while let free = known.first(where: { $0.value.allSatisfy { known[$0] == nil } })?.key { known[free] = nil }
        #expect(known.isEmpty, "these know each other in a circle, or know one that does")
    }

    /// Values, which decide. They are given everything they need to know.
    private static let values = [
        "Bots/Actions/ActionQueue", "Bots/Actions/BotAppetite", "Bots/Actions/CircuitBreaker", "Bots/Actions/EchoTable",
        "Bots/BotTable", "Bots/Connecting/BotIdentity", "Bots/Connecting/HeartbeatWatch", "Bots/Link/BotLinkState",
        "Bots/Link/Parcel", "Bots/Pacing/ChatBuckets", "Bots/Pacing/FairQueue", "Bots/Pacing/PacedChat",
        "Bots/Pacing/Pacer", "Bots/Pacing/TokenBucket", "Bots/Program/LineSplitter", "Clients/Calls/CallHabit",
        "Clients/Calls/PendingCalls", "Clients/Choices/Audience", "Clients/Choices/ClientChoices",
        "Clients/Choices/ClientUpgrade", "Clients/Choices/DeliveryChoices", "Clients/Choices/EventFilter",
        "Clients/Events/EventForm", "Clients/Events/EventRun", "Clients/Hub/Arrivals",
        "Clients/Hub/FirstEvents", "Clients/Hub/HubState", "Clients/Hub/KnownBots", "Clients/Sending/AnswersApart",
        "Clients/Sending/ClientOutbound", "Clients/Sending/LargestSent", "Clients/Session/ClientSessionState",
        "Clients/Session/HeldItems", "Groups/GroupRouting", "Groups/GroupSeat", "Groups/RecentTable",
        "Order/EventOrder",
        "Order/EventPosition", "Order/EventSequence", "Order/Outbox", "Order/RecentIDs", "Ports/PublicAddresses",
        "Presence/LeaseBook", "Targets/TargetSeats", "Targets/Webhooks/QuickOperation", "Targets/Webhooks/WebhookQueue",
    ]

    @Test("a value reads no clock, logs nothing, awaits nothing", arguments: values)
    func value(_ name: String) throws {
        let source = try #require(Self.sources.first { $0.path.hasSuffix("/\(Self.service)/\(name).swift") })
        let found = source.code.firstMatch(
            of: /\.now\b|\bDate\(|\bUnixTime\b|\b[lL]ogger\b|\bawait\b|\basync\b|\bscheduleTask\b|\bEventLoop\b/)
        #expect(found == nil, "\(name) has \(found.map { String($0.output) } ?? "")")
    }

    @Test("every key of what is logged has its name in LogKeys")
    func logKeys() throws {
        for path in try ArchitectureTests.swiftFiles(in: Self.service) {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for match in text.matches(of: /(?m)metadataKey: "|metadata: \[\s*"|^ +"[a-z_.]+": "/) {
                Issue.record("\(path) has a key of its own: \(match.output)")
            }
        }
    }
}
