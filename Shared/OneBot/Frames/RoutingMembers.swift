import NIOCore

/// The members a frame is routed by, found in one walk over its keys, without making a string of any key.
struct RoutingMembers {
    enum Key: Int, CaseIterable {
        case postType, messageType, noticeType, requestType, distributedType, metaEventType
        case subType, selfID, echo, status, retcode, action, params, stream
    }

    /// By `Key.rawValue`: the place among the object's members, -1 where there is none.
    private var places = SIMD16<Int32>(repeating: -1)
    private let members: [FrameScanner.Child]

    init(of json: JSONObject) {
        members = json.members
        json.bytes.withUnsafeReadableBytes { bytes in
            for (place, member) in members.enumerated() {
                // Of duplicates the last one counts, so a later place overwrites an earlier one.
                guard let key = Self.key(of: member, in: bytes) else { continue }
                places[key.rawValue] = Int32(truncatingIfNeeded: place)
            }
        }
    }

    subscript(key: Key) -> FrameScanner.Child? {
        let place = places[key.rawValue]
        return place < 0 ? nil : members[Int(place)]
    }

    /// The member with the detail type of an event of that `post_type` (OneBot 11). For types the standard does not
    /// have (`message_sent`), the first such member that is there.
    func detail(ofPostType postType: String) -> FrameScanner.Child? {
        switch postType {
        case "message": self[.messageType]
        case "notice": self[.noticeType]
        case "request": self[.requestType]
        case "distributed": self[.distributedType]
        case "meta_event": self[.metaEventType]
        default:
            self[.messageType] ?? self[.noticeType] ?? self[.requestType] ?? self[.distributedType]
                ?? self[.metaEventType]
        }
    }

    private static func key(of member: FrameScanner.Child, in bytes: UnsafeRawBufferPointer) -> Key? {
        guard !member.keyHasEscapes else {
            return Key.allCases.first { member.isNamed($0.name.description, in: bytes) }
        }
        let name = UnsafeRawBufferPointer(rebasing: bytes[member.key])
        switch name.count {
        case 4: return Key.echo.ifNamed(name)
        case 6:
            return Key.status.ifNamed(name) ?? Key.action.ifNamed(name) ?? Key.params.ifNamed(name)
                ?? Key.stream.ifNamed(name)
        case 7: return Key.selfID.ifNamed(name) ?? Key.retcode.ifNamed(name)
        case 8: return Key.subType.ifNamed(name)
        case 9: return Key.postType.ifNamed(name)
        case 11: return Key.noticeType.ifNamed(name)
        case 12: return Key.messageType.ifNamed(name) ?? Key.requestType.ifNamed(name)
        case 15: return Key.metaEventType.ifNamed(name)
        case 16: return Key.distributedType.ifNamed(name)
        default: return nil
        }
    }
}

extension RoutingMembers.Key {
    fileprivate var name: StaticString {
        switch self {
        case .postType: "post_type"
        case .messageType: "message_type"
        case .noticeType: "notice_type"
        case .requestType: "request_type"
        case .distributedType: "distributed_type"
        case .metaEventType: "meta_event_type"
        case .subType: "sub_type"
        case .selfID: "self_id"
        case .echo: "echo"
        case .status: "status"
        case .retcode: "retcode"
        case .action: "action"
        case .params: "params"
        case .stream: "stream"
        }
    }

    /// This key, if those bytes are its name; their number is known to be right.
    @inline(__always)
    fileprivate func ifNamed(_ bytes: UnsafeRawBufferPointer) -> Self? {
        let name = name.utf8Start
        for index in bytes.indices where bytes[index] != name[index] { return nil }
        return self
    }
}
