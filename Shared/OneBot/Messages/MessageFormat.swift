/// How a message is written (OneBot 11, message/): as segments or as one string with CQ codes.
public enum MessageFormat: String, Sendable, Hashable, CaseIterable {
    /// `[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" hi"}}]`
    case array
    /// `"[CQ:at,qq=10001] hi"`
    case string
}
