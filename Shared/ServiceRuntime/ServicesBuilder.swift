public import ServiceLifecycle

/// Lets a process list its services, one a line; what stops first comes last.
@resultBuilder
public enum ServicesBuilder {
    public static func buildExpression(_ service: any Service) -> [any Service] { [service] }
    /// What is done on the way, and is no service.
    public static func buildExpression(_ done: Void) -> [any Service] { [] }
    public static func buildBlock(_ services: [any Service]...) -> [any Service] { services.flatMap { $0 } }
    public static func buildOptional(_ services: [any Service]?) -> [any Service] { services ?? [] }
    public static func buildEither(first services: [any Service]) -> [any Service] { services }
    public static func buildEither(second services: [any Service]) -> [any Service] { services }
}
