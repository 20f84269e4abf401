import Contracts
import OneBot
import SettingsReading
import Testing

@testable import WSEdge

@Suite("BotTable")
struct BotTableTests {
    private let edge = EdgeAddress(edgeID: "e", instance: "i")

    private func entry(url: String? = nil, selfID: Int64? = nil, command: [String] = []) -> BotConfiguration {
        BotConfiguration(url: url, selfID: selfID, command: command)
    }

    @Test("a configured bot is known before it is connected")
    func configured() {
        let table = BotTable([entry(url: "ws://a"), entry(url: "ws://b", selfID: 7, command: ["bot"])], edge: edge)
        #expect(
            Array(table.known.values) == [
                OnlineBot(
                    selfID: SelfID(7), edge: edge, epoch: 0, isOnline: false, configuredIndex: 1, isSupervised: true)
            ])
    }

    @Test("a bot is known from being seen, with the entry it was dialled for")
    func seen() {
        var table = BotTable([entry(url: "ws://a", command: ["bot"])], edge: edge)
        #expect(table.saw(SelfID(5), entry: 0, isLocal: false)?.map(\.selfID) == [SelfID(5)])
        #expect(table.saw(SelfID(6), entry: nil, isLocal: false)?.count == 1)
        #expect(table.saw(SelfID(6), entry: nil, isLocal: false) == [])
        let changed = table.changed(SelfID(5), epoch: 9, isOnline: true)
        #expect(changed?.configuredIndex == 0)
        #expect(changed?.isSupervised == true)
        #expect(changed?.epoch == 9 && changed?.isOnline == true)
        #expect(table.known[SelfID(6)]?.configuredIndex == nil)
    }

    @Test("where an entry leads to another bot than before, the entry is that bot's")
    func entryChangesHands() {
        var table = BotTable([entry(url: "ws://a", command: ["bot"])], edge: edge)
        _ = table.saw(SelfID(5), entry: 0, isLocal: false)
        let changed = table.saw(SelfID(6), entry: 0, isLocal: false)
        #expect(Set((changed ?? []).map(\.selfID)) == [SelfID(5), SelfID(6)])
        #expect(table.known[SelfID(5)]?.configuredIndex == nil)
        #expect(table.known[SelfID(5)]?.isSupervised == false)
        #expect(table.known[SelfID(6)]?.configuredIndex == 0)
    }

    @Test("a program of ours that dials in from this machine is told by being the only one that could")
    func program() {
        var table = BotTable([entry(command: ["bot"])], edge: edge)
        _ = table.saw(SelfID(1), entry: nil, isLocal: false)
        _ = table.saw(SelfID(2), entry: nil, isLocal: true)
        _ = table.saw(SelfID(3), entry: nil, isLocal: true)
        #expect(table.known[SelfID(1)]?.isSupervised == false)
        #expect(table.known[SelfID(2)]?.isSupervised == true)
        #expect(table.known[SelfID(3)]?.isSupervised == false)
    }

    @Test("no more bots than the limit are taken from outside")
    func limit() {
        var table = BotTable([], edge: edge)
        for number in 1...BotTable.limit { _ = table.saw(SelfID(Int64(number)), entry: nil, isLocal: false) }
        #expect(table.saw(SelfID(Int64.max), entry: nil, isLocal: false) == nil)
        #expect(table.saw(SelfID(1), entry: nil, isLocal: false) == [])
    }
}
